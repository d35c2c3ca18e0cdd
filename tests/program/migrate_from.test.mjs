// prebindctl migrate --from: a database of SQLite is copied into PostgreSQL and back, whole or not at all.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { freePorts } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const BYTES = "a".repeat(64); // 32 bytes in hexadecimal
/** A row or two of every table; the second ones have null where it is allowed. */
const ROWS = `
INSERT INTO site_user (id, name, display_name, password_hash, disabled, created, folded, display_folded) VALUES
	(7, 'Bob', 'Bob É', '$argon2id$x', 0, 17, 'bob', 'bob é'), (9, 'eve', '', '', 1, 18, 'eve', '');
INSERT INTO login_session (token_hash, source, user, created, last_seen, password_mac) VALUES
	(x'${BYTES}', 'login', 'Bob', 1, 2, NULL), (x'${BYTES.replaceAll("a", "b")}', 'login', 'eve', 1, 2, x'${BYTES}');
INSERT INTO jid_map VALUES ('login', 'Bob', 'bob', 'example.org', NULL), ('login', 'eve', 'eve', 'example.org', 'it''s a secret');
INSERT INTO site_key VALUES ('csrf', x'${BYTES}');
INSERT INTO gateway_caller VALUES ('one', 'h', NULL, 'example.org', '', 0, 3), ('two', 'h', x'${BYTES}', 'example.org', '127.0.0.1', 1, 4);
INSERT INTO used_nonce VALUES ('n', 5000000000);
INSERT INTO token_revocation VALUES ('eve', 6);
INSERT INTO jid_claim VALUES ('bob', 'example.org', 'user:Bob', 7);
INSERT INTO provisioned VALUES ('bob', 'example.org', NULL, 1, 0), ('eve', 'example.org', 'pw', 0, 8);
`;
const COUNTS = { site_user: 2, login_session: 2, jid_map: 2, site_key: 1, gateway_caller: 2, used_nonce: 1, token_revocation: 1, jid_claim: 1, provisioned: 2 };
let place, server, sqlite, postgresql, back, other;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	server = await Postgresql.start(place);
	await server.sql("CREATE ROLE prebind LOGIN PASSWORD 'secret'; CREATE DATABASE prebind OWNER prebind");
	const keys = peer.site(place);
	sqlite = new Prebind(place, { site: keys });
	await sqlite.prepare();
	await runSql(place, sqlite.database, ROWS);
	other = (folder, site) => {
		const program = new Prebind(place, { site: { ...keys, ...site } });
		program.conf = place.copy(program.conf, `etc/${folder}.conf`);
		return program;
	};
	postgresql = other("postgresql", { database: server.uri("prebind", "prebind") });
	back = other("back", { database: place.path("data", "back.db") });
});
after(() => place.close());

const dump = async (file) => {
	const program = "import sqlite3, sys; print([(t, sorted(map(repr, sqlite3.connect(sys.argv[1]).execute('SELECT * FROM ' + t)))) for t in sys.argv[2:]])";
	const { code, stdout, stderr } = await place.run(["/usr/bin/python3", "-c", program, file, ...Object.keys(COUNTS)]);
	assert.equal(code, 0, stderr);
	return stdout;
};

test("a copy that fails in the middle leaves nothing", async () => {
	await postgresql.ctlOk(["migrate"]);
	await server.sql("ALTER TABLE provisioned ADD CONSTRAINT never CHECK (localpart <> 'eve')", "prebind");
	const run = await postgresql.ctl(["migrate", "--from", sqlite.database]);
	assert.equal(run.code, 1);
	assert.match(run.stderr, /table provisioned: .*never/);
	assert.equal((await server.sql("SELECT count(*) FROM site_user", "prebind")).trim(), "0");
	await server.sql("ALTER TABLE provisioned DROP CONSTRAINT never", "prebind");
});

test("every row goes into PostgreSQL, and back into a file that is the same", async () => {
	assert.deepEqual(JSON.parse(await postgresql.ctlOk(["migrate", "--from", sqlite.database, "--json"])).rows, COUNTS);
	await postgresql.ctlOk(["user", "add", "carol", "--password-stdin"], { input: "correct horse\n" });
	assert.equal((await server.sql("SELECT id FROM site_user WHERE name = 'carol'", "prebind")).trim(), "10", "numbers go on");
	await postgresql.ctlOk(["user", "delete", "carol"]);
	const text = await back.ctlOk(["migrate", "--from", server.uri("prebind", "prebind")]);
	assert.match(text, /^site_user +2 rows$/m);
	assert.equal(await dump(place.path("data", "back.db")), await dump(sqlite.database));
});

/** A relay in front of the server that cuts the connection instead of forwarding the first message with these words. */
async function relayThatCuts(words) {
	const [port] = await freePorts(1);
	const relay = { port, cut: 0 };
	const listener = net.createServer((one) => {
		const two = net.connect(server.port, "127.0.0.1");
		for (const [from, into] of [[one, two], [two, one]]) {
			from.on("error", () => into.destroy());
			from.on("close", () => into.destroy());
		}
		two.on("data", (data) => one.write(data));
		one.on("data", (data) => {
			if (relay.cut > 0 || !data.includes(words))
				return two.write(data);
			relay.cut++;
			return one.destroy();
		});
	});
	await new Promise((resolve) => listener.listen(port, "127.0.0.1", resolve));
	place.onClose(() => listener.close());
	return relay;
}

test("a connection that is lost while a transaction begins is replaced", async () => {
	const relay = await relayThatCuts("SET LOCAL lock_timeout = 0");
	await server.sql("CREATE DATABASE cut OWNER prebind");
	const cut = other("cut", { database: `postgresql://prebind@127.0.0.1:${relay.port}/cut`, database_password_file: place.write("etc/database.password", "secret\n") });
	const rows = JSON.parse(await cut.ctlOk(["migrate", "--from", sqlite.database, "--json"])).rows;
	assert.deepEqual([rows, relay.cut], [COUNTS, 1]);
});

test("a database with rows is not overwritten", async () => {
	for (const [program, from] of [[postgresql, sqlite.database], [back, server.uri("prebind", "prebind")]]) {
		const run = await program.ctl(["migrate", "--from", from]);
		assert.equal(run.code, 1);
		assert.match(run.stderr, /the table site_user already has rows/);
	}
});

test("another site's database is refused, and so is one that is not there", async () => {
	await runSql(place, sqlite.database, "UPDATE database_site SET site = 'other'");
	const empty = await postgresql.ctl(["migrate", "--from", sqlite.database]);
	assert.match(empty.stderr, /belongs to \[site other\]/);
	assert.equal((await postgresql.ctl(["migrate", "--from", place.path("data", "nowhere.db")])).code, 1);
});
