// Databases on another host, the site's and our own, by its name: TLS is verified, and a name server that does not answer costs only its own site
// something. The program has an /etc/hosts and an /etc/resolv.conf of its own, where names lead to loopback or to a silent port.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import dgram from "node:dgram";
import fs from "node:fs";
import { after, before, describe, test } from "node:test";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const SID = "0123456789abcdef0123456789abcdef";
const PASSWORD = "it is a secret";
const HOST = "db.example.org";
const OTHER = "other.example.org"; // the same server, but its certificate does not have this name
const SILENT = "silent.example.org"; // only a name server could know it
const RESOLVER_MS = 5000; // of the C library's first try, of two; the program's own limit is 2 s
const LOOK = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", Cookie: `sid=${SID}` };
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

const skip = process.getuid() !== 0 && "needs root, for a private /etc/hosts";

/** A Prebind whose programs see the place's hosts and resolv.conf. */
class Apart extends Prebind {
	constructor(asRoot, ...args) {
		super(...args);
		const { uid, gid } = this.place.user;
		const inside = (argv) => ["unshare", "--mount", "sh", "-c",
			'mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"', this.place.path("etc"),
			"setpriv", "--pdeathsig", "TERM", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--", ...argv];
		this.place = Object.create(this.place, {
			user: { value: null }, // what is inside becomes the user
			start: { value: (name, argv, options) => asRoot.start.call(this.place, name, inside(argv), options) },
		});
	}
}

let place, prebind, silence;
const servers = {};

function openssl(...args) {
	execFileSync("openssl", args, { cwd: place.path("tls"), stdio: "pipe" });
}

const file = (name) => place.path("tls", name);

function makeCertificates() {
	place.folder("tls", 0o755);
	for (const name of ["authority", "stranger"])
		openssl("req", "-x509", ...KEY, "-keyout", `${name}.key`, "-out", `${name}.pem`, "-subj", `/CN=${name}`, "-days", "2");
	fs.writeFileSync(file("extensions"), `subjectAltName=DNS:${HOST}\n`);
	openssl("req", ...KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", `/CN=${HOST}`);
	openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2",
		"-extfile", "extensions", "-out", "server.pem");
	for (const name of fs.readdirSync(place.path("tls")))
		place.own(file(name));
}

const SQL = `CREATE TABLE session (id varchar(64) PRIMARY KEY, name varchar(64)); INSERT INTO session VALUES ('${SID}', 'alice');`;

async function startServers() {
	servers.mariadb = await Mariadb.start(place, { more: [`--ssl-cert=${file("server.pem")}`, `--ssl-key=${file("server.key")}`] });
	await servers.mariadb.sql(`CREATE DATABASE site; USE site; ${SQL}
		CREATE USER reader@'%' IDENTIFIED BY '${PASSWORD}' REQUIRE SSL; GRANT SELECT ON site.* TO reader@'%'`);
	servers.postgresql = await Postgresql.start(place);
	for (const [key, value] of [["ssl_cert_file", file("server.pem")], ["ssl_key_file", file("server.key")], ["ssl", "on"]])
		await servers.postgresql.sql(`ALTER SYSTEM SET ${key} = '${value}'`);
	await servers.postgresql.sql(`SELECT pg_reload_conf(); CREATE DATABASE site; CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'`);
	await servers.postgresql.sql(`${SQL} GRANT SELECT ON session TO reader`, "site");
	await servers.postgresql.sql(`CREATE ROLE own LOGIN PASSWORD '${PASSWORD}'; CREATE DATABASE own OWNER own`);
}

/** The value of prebind's own key `database`, at these hosts. */
const own = (authority, ...hosts) =>
	`postgresql://own@${hosts.map((host) => `${host}:${servers.postgresql.port}`).join()}/own?sslrootcert=${file(`${authority}.pem`)}`;

const uri = (kind, host, authority) =>
	`${kind}://reader@${host}:${servers[kind].port}/site?${kind === "mariadb" ? "ssl-ca" : "sslrootcert"}=${file(`${authority}.pem`)}`;

before(async () => {
	if (skip)
		return;
	place = new Place();
	makeCertificates();
	await startServers();
	// a name server that never answers; the port must be 53
	silence = dgram.createSocket("udp4").bind(53, `127.77.${process.pid >> 8 & 255}.${process.pid & 255 || 1}`);
	await new Promise((resolve, reject) => silence.once("listening", resolve).once("error", reject));
	place.write("etc/hosts", `127.0.0.1 localhost ${HOST} ${OTHER}\n`, 0o644);
	place.write("etc/resolv.conf", `nameserver ${silence.address().address}\n`, 0o644);
	const peer = await startTigasePeer({ place });
	const siteDatabase = `${place.folder("site")}/site.db`;
	await runSql(place, siteDatabase, SQL);
	const common = { ...peer.site(place), identity: "site_session", site_cookie: "sid",
		site_query: place.write("queries/q.sql", "SELECT name AS user FROM session WHERE id = :sid", 0o644) };
	const remote = { ...common, site_database_password_file: place.write("etc/site.password", `${PASSWORD}\n`) };
	const sites = { sqlite: { ...common, hosts: "sqlite.test", site_database: siteDatabase } };
	for (const kind of Object.keys(servers))
		for (const [what, host, authority] of [["", HOST, "authority"], ["stranger", HOST, "stranger"], ["other", OTHER, "authority"], ["silent", SILENT, "authority"]])
			sites[kind + what] = { ...remote, hosts: `${kind}${what}.test`, site_database: uri(kind, host, authority) };
	const ownDatabases = { own: own("authority", HOST), ownstranger: own("stranger", HOST), ownother: own("authority", OTHER), ownboth: own("authority", OTHER, HOST) };
	for (const [name, database] of Object.entries(ownDatabases))
		sites[name] = { ...peer.site(place), hosts: `${name}.test`, database, database_password_file: remote.site_database_password_file };
	prebind = new Apart(place, place, { server: { processes: 1, threads: 4 }, site: { ...peer.site(place), hosts: "example.org" }, sites });
	await prebind.prepare();
	await prebind.start();
});
after(() => {
	silence?.close();
	return place?.close({ logs: true });
});

const ask = (site) => prebind.request({ path: "/", headers: LOOK, params: { HTTP_HOST: `${site}.test` } });

async function expectAlice(site) {
	const { status, body } = await ask(site);
	assert.equal(status, 200, `${site}: ${body.slice(0, 300)}\n${prebind.child.log.slice(-1500)}`);
	assert.match(body, /<span id="me">alice</);
}

const login = (site) => prebind.request({ path: "/login", params: { HTTP_HOST: `${site}.test` } });

async function expectRefused(site, says, answer = ask(site)) {
	assert.equal((await answer).status, 503, site);
	const { stdout } = await prebind.ctl(["--site", site, "check"]);
	assert.match(stdout, says, stdout);
}

for (const kind of ["mariadb", "postgresql"]) {
	describe(`${kind}: the server's certificate`, { skip }, () => {
		test("of the authority that is named: the user is found, over TLS", async () => {
			await expectAlice(kind);
			if (kind === "postgresql") // MariaDB's account requires it
				assert.equal((await servers.postgresql.sql(
					"SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'reader'")).trim(), "t");
			assert.match((await prebind.ctl(["--site", kind, "check"])).stdout, /^ok .* site_session: /m);
		});

		test("of another authority: refused, and check says so", () =>
			expectRefused(`${kind}stranger`, /^FAIL .* site_session: .*site_database: .*certificate/m));

		test("of another host: refused, and check says so", () =>
			expectRefused(`${kind}other`, /^FAIL .* site_session: .*site_database: .*(certificate|Validation)/m));
	});

	test(`${kind}: a name server that does not answer`, { skip }, async () => {
		const began = Date.now();
		const asked = Array.from({ length: 12 }, () => ask(`${kind}silent`)); // more than the program has threads
		for (let i = 0; i < 5; i++)
			await expectAlice("sqlite");
		const others = Date.now() - began;
		for (const { status } of await Promise.all(asked))
			assert.equal(status, 503);
		const all = Date.now() - began;
		assert.ok(others < all, `the other site had its pages after ${others} ms, the silent one after ${all} ms`);
		assert.ok(all < RESOLVER_MS, `${all} ms`);
		const tasks = fs.readdirSync(`/proc/${prebind.child.pid}/task`).length;
		assert.ok(tasks <= 4 + 12 + 3, `${tasks} threads: one asks for the name, however many want it`);
		await expectRefused(`${kind}silent`, new RegExp(`^FAIL .* site_session: .*site_database: the name servers did not answer in time for the host ${SILENT}`, "m"));
	});
}

describe("prebind's own database: the server's certificate", { skip }, () => {
	test("of the authority that is named: it is used, over TLS", async () => {
		await prebind.ctlOk(["--site", "own", "migrate"]);
		assert.equal((await login("own")).status, 200);
		assert.equal((await servers.postgresql.sql(
			"SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'own'")).trim(), "t");
	});

	test("of another authority or host: refused, and check says so", async () => {
		await expectRefused("ownstranger", /^FAIL .*ownstranger.* database: .*certificate/m, login("ownstranger"));
		await expectRefused("ownother", /^FAIL .*ownother.* database: .*certificate/m, login("ownother"));
	});

	test("of several hosts, one with its own certificate is taken", async () => {
		const { stdout } = await prebind.ctl(["--site", "ownboth", "check"]);
		assert.match(stdout, /this database belongs to \[site own\]/); // so it was read
	});
});

test("a server without TLS is refused", { skip }, async () => {
	await servers.postgresql.sql("ALTER SYSTEM SET ssl = off");
	await servers.mariadb.stop();
	servers.mariadb.more = ["--skip-ssl"];
	await Promise.all([servers.mariadb.resume(), servers.postgresql.stop().then(() => servers.postgresql.resume())]);
	await until("PostgreSQL to be without TLS", async () => (await servers.postgresql.sql("SHOW ssl")).trim() === "off");
	await expectRefused("mariadb", /^FAIL .* site_session: .*site_database: .*(SSL|TLS)/m);
	await expectRefused("postgresql", /^FAIL .* site_session: .*site_database: .*does not support SSL/m);
	assert.match((await prebind.ctl(["--site", "own", "check"])).stdout, /^FAIL .* database: .*does not support SSL/m);
});
