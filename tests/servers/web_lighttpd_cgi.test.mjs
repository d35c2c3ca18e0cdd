// lighttpd as shipped, the program started for each request.
import * as runner from "node:test";
import { matrix } from "./web_matrix.mjs";
import { installAsWebServer, LIGHTTPD_ENCODINGS, lighttpdBasic, lighttpdCompress } from "./web_stand.mjs";

matrix(runner, [{
	name: "mod_cgi", server: "lighttpd", user: "www-data", kept: false, basic: lighttpdBasic, encodings: LIGHTTPD_ENCODINGS,
	async install(stand) {
		await installAsWebServer(stand, "docs/lighttpd.md", "cgi");
		await lighttpdCompress(stand);
	},
}]);
