// Apache as shipped, the program a FastCGI server: its own, or started by mod_fcgid.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import * as runner from "node:test";
import { modulesOf, testConfiguration } from "../lib/apache.mjs";
import { SERVER_KEYS } from "../lib/namespace.mjs";
import { Place, top } from "../lib/place.mjs";
import { matrix } from "./web_matrix.mjs";
import { APACHE_ENCODINGS, apacheBasic, follow, installAsWebServer, installServer } from "./web_stand.mjs";

const DOC = "docs/apache.md";
const FILES = fs.readdirSync(path.join(top, "apache")).filter((name) => name.endsWith(".conf"));

matrix(runner, [
	{
		name: "mod_proxy_fcgi", server: "apache2", user: "prebind", kept: true, socket: true, keys: SERVER_KEYS, basePath: "/chat",
		basic: apacheBasic, encodings: APACHE_ENCODINGS,
		async install(stand) {
			await installServer(stand);
			await follow(stand, DOC, "fastcgi");
		},
	},
	{
		name: "mod_fcgid", server: "apache2", user: "www-data", kept: true, keys: { threads: 1 }, basic: apacheBasic, encodings: APACHE_ENCODINGS,
		install: (stand) => installAsWebServer(stand, DOC, "fcgid"),
	},
]);

runner.test("Apache's configuration test has no complaint about any file", () => {
	assert.equal(FILES.length, 4);
	for (const name of FILES) {
		const place = new Place();
		const shipped = fs.readFileSync(path.join(top, "apache", name), "utf8");
		const text = shipped.replace(/^(Define prebind_libdir) .*$/m, `$1 ${path.join(top, "build")}`)
			.replace(/^SuexecUserGroup .*$/m, "");
		const said = testConfiguration(place, {
			port: 8080, snippets: [text], modules: modulesOf(text),
		});
		place.close();
		assert.equal(said, "Syntax OK\n", name);
	}
});

runner.test("long polls have 150 s in every file, and pages 15 s where the program is a server", () => {
	for (const name of FILES) {
		const text = fs.readFileSync(path.join(top, "apache", name), "utf8");
		assert.match(text, /^ProxyPass \/http-bind\/ \$\{prebind_bosh\} timeout=150 retry=0$/m, name);
	}
	assert.match(fs.readFileSync(path.join(top, "apache/prebind.conf"), "utf8"), /disablereuse=on timeout=15 retry=0$/m);
});
