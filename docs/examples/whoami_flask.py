"""For a Flask site: prebind requests /whoami to find out who is logged in (site_http_url).

    app.register_blueprint(whoami)

Change the line `user = …` so that it gets the user's name (with Flask-Login: from current_user).
"""
from flask import Blueprint, jsonify, session

whoami = Blueprint("whoami", __name__)


@whoami.get("/whoami")
def answer():
    user = session.get("user")
    if not user:
        return "", 401  # never a redirect to the login
    response = jsonify(user=user, display_name=session.get("display_name"))
    response.headers["Cache-Control"] = "no-store"
    return response
