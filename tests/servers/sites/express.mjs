// An Express site with express-session: /login?user=NAME, /logout, and the example's /whoami.
import express from "express";
import session from "express-session";

const { whoami } = await import(process.env.EXAMPLE);
const app = express();

app.use(session({ secret: "only for this test", resave: false, saveUninitialized: false, cookie: { maxAge: 3600 * 1000 } }));
app.get("/whoami", whoami);
app.get("/login", (request, response) => request.session.regenerate(() => {
	const { user: name } = request.query;
	request.session.user = { name, shown: `${name[0].toUpperCase()}${name.slice(1)} of Express` };
	response.send("in");
}));
app.get("/logout", (request, response) => request.session.destroy(() => response.send("out")));
app.listen(Number(process.env.PORT), "127.0.0.1");
