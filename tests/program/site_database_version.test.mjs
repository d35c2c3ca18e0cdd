// Servers that are too old for a read-only session with a limit on time: refused with their version, and nobody is let in. The
// server is MariaDB, which says at the beginning of a connection the version that it is given.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const VERSIONS = { // as the servers say them, and what the program makes of them
	"5.6.24-log": false, "5.7.19": false, "5.5.68-MariaDB": false, "10.1.48-MariaDB-0+deb9u2": false,
	"10.2.44-MariaDB": true, "11.4.2-MariaDB": true,
};

const place = new Place();
after(() => place.close({ logs: true }));

test("a server that is too old is refused with its version", async () => {
	const peer = await startTigasePeer({ place });
	const mariadb = await Mariadb.start(place);
	await mariadb.sql("CREATE DATABASE site; CREATE TABLE site.session (id varchar(64) PRIMARY KEY, name varchar(64)); INSERT INTO site.session VALUES ('abc', 'alice'); CREATE USER reader@localhost; GRANT SELECT ON site.* TO reader@localhost");
	await mariadb.stop();
	const prebind = new Prebind(place, { site: { ...peer.site(place), jid: "{user}@example.org", identity: "site_session", site_cookie: "sid", login_url: "/in",
		site_database: mariadb.uri("reader", "site"), site_query: place.write("etc/session.sql", "SELECT name AS user FROM session WHERE id = :sid", 0o644) } });
	await prebind.prepare();
	await prebind.start();
	for (const [version, suits] of Object.entries(VERSIONS)) {
		mariadb.more = [`--version=${version}`];
		await mariadb.resume();
		const { stdout } = await prebind.ctl(["check"]);
		const answer = await prebind.request({ path: "/prebind.json", method: "POST", headers: { Cookie: "sid=abc", "Sec-Fetch-Site": "same-origin", "X-Requested-With": "prebind" } });
		await mariadb.stop();
		assert.equal(answer.status, suits ? 200 : 503, `${version}: ${answer.body}`);
		const said = /^FAIL .*site_session: .*prebind\.conf:\d+: site_database: .*the server is version (\S+), but MariaDB 10\.2, MySQL 5\.7\.20 or later is required/m.exec(stdout)?.[1];
		assert.equal(said, suits ? undefined : version, stdout);
	}
});
