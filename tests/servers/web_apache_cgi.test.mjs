// Apache as shipped, the program started for each request: by mod_cgid, and as a user of its own by suEXEC.
import * as runner from "node:test";
import { matrix } from "./web_matrix.mjs";
import { APACHE_ENCODINGS, apacheBasic, assertPrivate, follow, installAsWebServer } from "./web_stand.mjs";

const DOC = "docs/apache.md";

async function installSuexec(stand) {
	await stand.publish("/var/www/html");
	await follow(stand, DOC, "suexec");
	await stand.configure({ etc: "/var/www/prebind/etc", data: "/var/www/prebind/data", user: "prebind" });
	await assertPrivate(stand.ns, "/var/www/prebind/etc/prebind.conf");
}

matrix(runner, [
	{
		name: "mod_cgid", server: "apache2", user: "www-data", kept: false, basic: apacheBasic, encodings: APACHE_ENCODINGS,
		install: (stand) => installAsWebServer(stand, DOC, "cgi"),
	},
	{ name: "suEXEC", server: "apache2", user: "prebind", kept: false, basic: apacheBasic, encodings: APACHE_ENCODINGS, install: installSuexec },
]);
