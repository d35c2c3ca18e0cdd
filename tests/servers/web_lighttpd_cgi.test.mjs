// lighttpd as shipped, the program started for each request.
import * as runner from "node:test";
import { matrix } from "./web_matrix.mjs";
import { installAsWebServer, lighttpdBasic } from "./web_stand.mjs";

matrix(runner, [{
	name: "mod_cgi", server: "lighttpd", user: "www-data", kept: false, basic: lighttpdBasic,
	install: (stand) => installAsWebServer(stand, "docs/lighttpd.md", "cgi"),
}]);
