"""A Flask site with Flask's own signed cookie: /login?user=NAME, /logout, and the example's /whoami."""
import importlib.util
import os

from flask import Flask, request, session

spec = importlib.util.spec_from_file_location("whoami_flask", os.environ["EXAMPLE"])
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)

app = Flask(__name__)
app.secret_key = "only for this test"
app.register_blueprint(example.whoami)


@app.get("/login")
def login():
    session["user"] = request.args["user"]
    session["display_name"] = request.args["user"].capitalize() + " of Flask"
    return "in"


@app.get("/logout")
def logout():
    session.clear()
    return "out"


app.run("127.0.0.1", int(os.environ["PORT"]))
