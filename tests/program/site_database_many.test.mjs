// A thousand sites on one MariaDB server: their connections stay within site_connections_max, and all are answered.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const SITES = 1000, MOST = 4;
const AT_ONCE = 16; // more than there are connections; a slow machine serves them within the second that a visitor waits
const SID = "0123456789abcdef0123456789abcdef";
const LOOK = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
const names = Array.from({ length: SITES }, (_, i) => `s${i}`);

let place, prebind, server;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	server = await Mariadb.start(place);
	await server.sql(`CREATE USER reader@localhost IDENTIFIED BY 'secret'; GRANT SELECT ON *.* TO reader@localhost; CREATE DATABASE site; USE site;
		CREATE TABLE session (id varchar(64) PRIMARY KEY, site varchar(64), name varchar(64));
		INSERT INTO session VALUES ('${SID}', 'all', 'alice');`);
	const query = place.write("queries/q.sql", "SELECT s.name AS user FROM session s WHERE s.id = :sid", 0o644);
	const sites = Object.fromEntries(names.map((name) => [name, { ...peer.site(place), hosts: `${name}.example.org`, identity: "site_session",
		login_url: "/login.php",
		// a file of its own for each, so that no site can use the connection of another one
		site_database_password_file: place.write(`etc/${name}.password`, "secret\n"), site_cookie: "sid", site_query: query, site_connections_max: MOST, site_database: server.uri("reader", "site") }]));
	prebind = new Prebind(place, { site: { ...peer.site(place), hosts: "example.org" }, sites });
	await prebind.prepare();
	await prebind.start();
});
after(() => place.close({ logs: true }));

async function visit(name) {
	const { status, body } = await prebind.request({ path: "/", params: { HTTP_HOST: `${name}.example.org` }, headers: { ...LOOK, Cookie: `sid=${SID}` } });
	assert.equal(status, 200, `${name}: ${body.slice(0, 300)}\n${prebind.child.log.slice(-800)}`);
}

const connected = async () => Number((await server.sql("SELECT count(*) FROM information_schema.processlist WHERE user = 'reader'")).trim());

test("every site is answered, and the server has few connections", async (t) => {
	const begin = Date.now();
	let most = 0;
	for (let at = 0; at < SITES; at += AT_ONCE) {
		await Promise.all(names.slice(at, at + AT_ONCE).map(visit));
		most = Math.max(most, await connected());
	}
	assert.ok(most >= 1 && most <= MOST, `${most} connections`);
	const memory = /VmRSS:\s+(\d+ kB)/.exec(fs.readFileSync(`/proc/${prebind.child.pid}/status`, "utf8"))?.[1];
	t.diagnostic(`${SITES} sites: ${most} connections, ${((Date.now() - begin) / SITES).toFixed(2)} ms a request with the site's opening, VmRSS of the parent ${memory}`);
	const again = Date.now();
	for (let at = 0; at < SITES; at += AT_ONCE)
		await Promise.all(names.slice(at, at + AT_ONCE).map(visit));
	t.diagnostic(`the second time: ${((Date.now() - again) / SITES).toFixed(2)} ms a request`);
});
