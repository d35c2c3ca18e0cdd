// nginx as shipped, included in Debian's site.
import fs from "node:fs";
import { SERVER_KEYS } from "../lib/namespace.mjs";
import { follow, HTPASSWD, installServer, matrix } from "./web_matrix.mjs";

const SNIPPET = "/etc/nginx/snippets/prebind.conf";

/** As docs/nginx.md says: the four lines that are commented out. */
async function basic({ ns }) {
	const text = fs.readFileSync(ns.path(SNIPPET), "utf8");
	const changed = text.replace(/^ {4}#(?=auth_basic|fastcgi_param)/gm, "    ");
	if (changed.length !== text.length - 4)
		throw new Error("nginx/prebind.conf has no four lines for remote_user");
	await ns.write(SNIPPET, changed);
	await ns.write("/etc/nginx/users.htpasswd", HTPASSWD, { mode: 0o640, owner: "root:www-data" });
}

matrix([{
	name: "fastcgi_pass", server: "nginx", user: "prebind", kept: true, socket: true, keys: SERVER_KEYS, basePath: "/chat", basic,
	async install(stand) {
		await installServer(stand);
		await follow(stand, "docs/nginx.md", "fastcgi");
	},
}]);
