// nginx as shipped, included in Debian's site.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import * as runner from "node:test";
import { SERVER_KEYS } from "../lib/namespace.mjs";
import { top } from "../lib/place.mjs";
import { matrix } from "./web_matrix.mjs";
import { follow, HTPASSWD, installServer } from "./web_stand.mjs";

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

matrix(runner, [{
	name: "fastcgi_pass", server: "nginx", user: "prebind", kept: true, socket: true, keys: SERVER_KEYS, basePath: "/chat", basic,
	async install(stand) {
		await installServer(stand);
		await follow(stand, "docs/nginx.md", "fastcgi");
	},
}]);

runner.test("long polls have 150 s, and pages 15 s", () => {
	const text = fs.readFileSync(path.join(top, "nginx/prebind.conf"), "utf8");
	assert.match(text, /^ {4}proxy_read_timeout 150s;$/m);
	assert.match(text, /^ {4}fastcgi_read_timeout 15s;$/m);
});
