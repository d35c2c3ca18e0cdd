// For an Express site with express-session: prebind requests /whoami to find out who is logged in (site_http_url).
//   app.get("/whoami", whoami); // after app.use(session(…)), before anything that redirects to the login
// Change the line `const user = …` so that it reads the user from the place where your login keeps it.

/** Answers 200 with the user of the session, or 401. */
export function whoami(request, response) {
	const user = request.session?.user;
	response.set("Cache-Control", "no-store");
	if (!user)
		return response.status(401).end(); // never a redirect to the login
	const { expires } = request.session.cookie; // a Date, or null for a session until the browser is closed
	return response.json({
		user: user.name,
		display_name: user.shown,
		expires: expires && Math.floor(expires.getTime() / 1000),
	});
}
