// lighttpd as shipped: the program as a server of its own, started by lighttpd, and as plain CGI.
import * as runner from "node:test";
import { docSnippet } from "../lib/docs.mjs";
import { SERVER_KEYS } from "../lib/namespace.mjs";
import { follow, HTPASSWD, installAsWebServer, installServer, matrix } from "./web_matrix.mjs";

const DOC = "docs/lighttpd.md";

/** The stanza of docs/identity.md, unchanged. */
async function basic({ ns }) {
	await ns.write("/etc/lighttpd/users.htpasswd", HTPASSWD, { mode: 0o640, owner: "root:www-data" });
	await ns.write("/etc/lighttpd/conf-enabled/50-users.conf", docSnippet("docs/identity.md", "remote_user"));
}

matrix(runner, [
	{
		name: "mod_fastcgi, a server of its own", server: "lighttpd", user: "prebind", kept: true, socket: true, keys: SERVER_KEYS, basic,
		async install(stand) {
			await installServer(stand);
			await follow(stand, DOC, "fastcgi");
		},
	},
	{ name: "mod_fastcgi, started by lighttpd", server: "lighttpd", user: "www-data", kept: true, basic, install: (stand) => installAsWebServer(stand, DOC, "spawn") },
	{ name: "mod_cgi", server: "lighttpd", user: "www-data", kept: false, basic, install: (stand) => installAsWebServer(stand, DOC, "cgi") },
]);
