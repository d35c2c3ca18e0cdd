// lighttpd as shipped, the program a FastCGI server: its own, or started by lighttpd.
import * as runner from "node:test";
import { SERVER_KEYS } from "../lib/namespace.mjs";
import { matrix } from "./web_matrix.mjs";
import { follow, installAsWebServer, installServer, LIGHTTPD_ENCODINGS, lighttpdBasic, lighttpdCompress } from "./web_stand.mjs";

const DOC = "docs/lighttpd.md";

matrix(runner, [
	{
		name: "mod_fastcgi, a server of its own", server: "lighttpd", user: "prebind", kept: true, socket: true, keys: SERVER_KEYS,
		basic: lighttpdBasic, encodings: LIGHTTPD_ENCODINGS,
		async install(stand) {
			await installServer(stand);
			await follow(stand, DOC, "fastcgi");
			await lighttpdCompress(stand);
		},
	},
	{
		name: "mod_fastcgi, started by lighttpd", server: "lighttpd", user: "www-data", kept: true, basic: lighttpdBasic, encodings: LIGHTTPD_ENCODINGS,
		async install(stand) {
			await installAsWebServer(stand, DOC, "spawn");
			await lighttpdCompress(stand);
		},
	},
]);
