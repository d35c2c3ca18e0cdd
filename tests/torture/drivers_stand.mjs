/*
 * What stands behind each line of drivers.mjs: a program whose site keeps its visitors in MariaDB or PostgreSQL, or one
 * that keeps its own store in PostgreSQL. The databases are shared; each stand has a program, a line and sites of its own.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { childrenOf } from "../lib/children.mjs";
import { dataBlock, FORM, formText, hiddenFields, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";
import { Line } from "./line.mjs";

const PROCESSES = 2, THREADS = 2;
const HEALED_S = 60;
const AGAIN_MS = 250; // before all ask again: a busy database would not recover if they did not wait
const BUSY_MS = 6000; // what a busy machine needs for the rest: its lines are carried by the process that asks
const MEMORY_MAX_KB = 64 * 1024; // a worker may grow by so much: a driver's buffers stay as large as the largest answer
const SID = "0123456789abcdef0123456789abcdef";
const PASSWORD = "correct horse";
const HASH = "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1"; // phpass, of PASSWORD
const SECRET = "the database's own";
const ORIGIN = "http://www.example.org", AUDIENCE = "www.example.org";
const FORM_TYPE = { "Content-Type": "application/x-www-form-urlencoded" };
const POSTED = { ...FORM_TYPE, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", Origin: ORIGIN };
const COOKIE = "prebind-insecure";
const SESSION_HOST = "session.example.org", LOGIN_HOST = "login.example.org";

const SITE_TABLES = `CREATE TABLE account (id int PRIMARY KEY, name varchar(64), hash varchar(64));
	CREATE TABLE session (id varchar(64) PRIMARY KEY, account int);
	INSERT INTO account VALUES (1, 'alice', '${HASH}'), (2, 'carol', '${HASH}');
	INSERT INTO session VALUES ('${SID}', 1), ('another-${SID}', 2);`;

/** Both database servers, and the scripted XMPP server. */
export class Servers {
	static async start() {
		const servers = new Servers();
		const place = servers.place = new Place();
		try {
			[servers.peer, servers.mariadb, servers.postgresql] = await Promise.all([startTigasePeer({ place }), Mariadb.start(place), Postgresql.start(place)]);
			await servers.mariadb.sql(`CREATE DATABASE site; USE site; ${SITE_TABLES}
				CREATE USER reader@'127.0.0.1' IDENTIFIED BY "${SECRET}"; GRANT SELECT ON site.* TO reader@'127.0.0.1'`);
			await servers.postgresql.sql(`CREATE DATABASE site; CREATE ROLE reader LOGIN PASSWORD '${SECRET.replace("'", "''")}'`);
			await servers.postgresql.sql(`${SITE_TABLES} GRANT SELECT ON session, account TO reader`, "site");
			await servers.addTls();
		} catch (error) {
			await place.close();
			throw error;
		}
		return servers;
	}

	/** PostgreSQL gets a certificate. The members of the role `tls` are asked for TLS: libpq would do without if a line breaks it. */
	async addTls() {
		const { place, postgresql } = this;
		const [cert, key] = ["server.crt", "server.key"].map((name) => place.path("postgresql/data", name));
		execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=db", "-days", "2"],
			{ stdio: "pipe" });
		[cert, key].forEach((file) => place.own(file));
		const rules = place.path("postgresql/data/pg_hba.conf");
		fs.writeFileSync(rules, `hostnossl all +tls all reject\n${fs.readFileSync(rules, "utf8")}`);
		await postgresql.sql("CREATE ROLE tls; CREATE ROLE tlsreader LOGIN IN ROLE reader, tls PASSWORD '" + SECRET.replace("'", "''") + "'");
		await postgresql.sql("ALTER SYSTEM SET ssl = on");
		await postgresql.sql("SELECT pg_reload_conf()");
		await until("PostgreSQL to have TLS", async () => (await postgresql.sql("SHOW ssl")).trim() === "on");
	}

	close() {
		return this.place.close();
	}
}

/** @typedef {{ status: number, headers: Record<string, any>, body: string }} Answer */

/** What all stands have. */
class Stand {
	/** @param {Servers} servers */
	static async start(servers) {
		const stand = new this(servers);
		try {
			await stand.ready();
		} catch (error) {
			await stand.close();
			throw error;
		}
		return stand;
	}

	constructor(servers) {
		this.servers = servers;
		this.place = new Place();
		this.healedMs = 0;
		this.cgiLog = "";
	}

	async lay(to, protocol) {
		this.line = await Line.lay(this.place, { to, protocol, values: ["alice", "carol", SID, HASH] });
	}

	secretFile() {
		return this.place.write("etc/database.password", `${SECRET}\n`);
	}

	async startProgram() {
		await this.prebind.start();
		await this.heal();
		this.memory = this.memoryNow();
	}

	/** A visitor whose requests go to the server. */
	visitor(host) {
		return new Visitor((request) => this.ask({ ...request, params: { HTTP_HOST: host } }));
	}

	/** One request, to the server or to a new process. */
	async ask(request, { cgi = false } = {}) {
		if (!cgi)
			return await this.prebind.request(request);
		const { stderr, ...answer } = await this.prebind.cgi(request);
		this.cgiLog += stderr;
		return answer;
	}

	/** Everything that came before is over, and each worker gives alice her page. Returns the milliseconds that it took. */
	async heal() {
		const began = Date.now();
		this.line.arm(null);
		this.line.clear();
		await until("all workers to work again", async () => {
			const answers = await Promise.all(Array.from({ length: PROCESSES * THREADS }, () => this.alicesPage()));
			assert.deepEqual(answers.map(({ status, body }) => [status, dataBlock(body)?.jid.split("@")[0]]), Array(answers.length).fill([200, "alice"]), this.prebind.child.log.slice(-600));
			return this.workers().length === PROCESSES;
		}, { seconds: HEALED_S, every: AGAIN_MS, gone: () => this.prebind.child.gone() });
		this.healedMs = Math.max(this.healedMs, Date.now() - began);
	}

	/** Whether a cookie opens the page. */
	async isIn(cookie) {
		let status;
		await until("a page afterwards", async () => {
			({ status } = await this.prebind.request(get("/", { ...NAVIGATION, Cookie: `${COOKIE}=${cookie}` }, this.loginHost)));
			assert.ok(status === 200 || status === 303, `it is a ${status}`);
			return true;
		}, { seconds: HEALED_S });
		return status === 200;
	}

	workers() {
		return childrenOf(this.prebind.child.pid);
	}

	/** Resident memory of the largest worker, in KiB. */
	memoryNow() {
		return Math.max(...this.workers().map((pid) => Number(/^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0)));
	}

	/** After some faults: no worker died, memory is bounded, the log is a log, and everything works. */
	async assertSound() {
		const died = this.prebind.child.stderr.split("\n").filter((line) => line.includes('"process_died"'));
		assert.deepEqual(died, []);
		const grown = this.memoryNow() - this.memory;
		this.grown = Math.max(this.grown ?? 0, grown);
		assert.ok(grown < MEMORY_MAX_KB, `a worker has grown by ${grown} KiB`);
		const odd = (this.prebind.child.stderr + this.cgiLog).split("\n").filter((line) => line !== "" && !/^\{.*\}$/.test(line));
		assert.deepEqual(odd, [], "lines that are not the log's");
		this.cgiLog = "";
		await this.heal();
	}

	async close() {
		await this.place.close();
	}
}

// ---- scenes: what is asked, and what is right

const get = (path, headers, host) => ({ path, headers, params: { HTTP_HOST: host } });
const isSession = (jid, session) => assert.match(session?.jid ?? "", new RegExp(`^${jid}/`));
const isPage = (jid) => ({ body }) => isSession(jid, dataBlock(body));
const isJson = (jid) => ({ body }) => isSession(jid, JSON.parse(body));
const setsLogin = ({ headers }) => [headers["set-cookie"] ?? []].flat().map((line) => new RegExp(`^${COOKIE}=([^;]+)`).exec(line)?.[1]).find(Boolean);
const hasNoLogin = (answer) => assert.equal(setsLogin(answer), undefined);
const hasLogin = (answer) => assert.ok(setsLogin(answer));

/** The hidden fields and cookies of a form. */
async function form(visitor, path) {
	const { status, body } = await visitor.get(path);
	assert.equal(status, 200, body);
	return { headers: visitor.jar.headers, fields: hiddenFields(body) };
}

const post = (path, host, { headers, fields }, more = {}) =>
	({ method: "POST", path, headers: { ...headers, ...FORM, ...FORM_TYPE }, body: formText({ ...fields, ...more }), params: { HTTP_HOST: host } });

/** @typedef {{ name: string, status: number, prepare?: Function, request: Function, check: Function, stranger?: boolean, after?: Function }} Scene */

/** A login with our form, at a host. Not alice's: of too many logins of one user the oldest ends. @returns {Scene[]} */
const logins = (host) => [
	{ name: "login", status: 303, prepare: (stand) => form(stand.visitor(host), "/login"), check: hasLogin,
		request: (stand, ready) => post("/login", host, ready, { user: "carol", password: PASSWORD }),
		after: async (stand, ready, answer) => assert.ok(await stand.isIn(setsLogin(answer)), "the login that was accepted is unknown afterwards") },
	{ name: "wrong password", status: 401, stranger: true, prepare: (stand) => form(stand.visitor(host), "/login"), check: hasNoLogin,
		request: (stand, ready) => post("/login", host, ready, { user: "carol", password: "wrong" }) },
	{ name: "unknown user", status: 401, stranger: true, prepare: (stand) => form(stand.visitor(host), "/login"), check: hasNoLogin,
		request: (stand, ready) => post("/login", host, ready, { user: "nobody", password: PASSWORD }) },
];

/** A visitor with these cookies, and one whom nobody knows. @returns {Scene[]} */
const visits = (host, cookie, stranger) => [
	{ name: "page", status: 200, request: (stand) => get("/", { ...NAVIGATION, Cookie: cookie(stand) }, host), check: isPage("alice@example.org") },
	{ name: "json", status: 200, request: (stand) => get("/prebind.json", { ...SCRIPT, Cookie: cookie(stand) }, host), check: isJson("alice@example.org") },
	{ name: "stranger", status: 401, stranger: true, request: () => get("/prebind.json", { ...SCRIPT, Cookie: stranger }, host), check: hasNoLogin },
];

// ---- the site's database

class SiteStand extends Stand {
	static user = "reader";

	/** The protocol that the line sees. */
	static get carries() {
		return this.protocol;
	}

	loginHost = LOGIN_HOST;

	async ready() {
		const { place, servers, constructor: { protocol } } = this;
		const { user, carries } = this.constructor;
		await this.lay(servers[protocol].port, carries);
		const keys = { ...servers.peer.site(place), identity: "site_session", site_cookie: "sid", site_database_password_file: this.secretFile(),
			site_database: `${protocol}://${user}@127.0.0.1:${this.line.port}/site`, jid: "{user}@example.org" };
		const query = (name, sql) => place.write(`etc/${name}.sql`, sql, 0o644);
		this.prebind = new Prebind(place, { server: { processes: PROCESSES, threads: THREADS }, site: { ...servers.peer.site(place), hosts: "example.org" }, sites: {
			session: { ...keys, hosts: SESSION_HOST, site_query: query("session", "SELECT a.name AS user FROM session s JOIN account a ON a.id = s.account WHERE s.id = :sid") },
			login: { ...keys, hosts: LOGIN_HOST, identity: "login", site_cookie: undefined,
				login_query: query("login", "SELECT a.hash AS password_hash, a.name AS user FROM account a WHERE a.name = :user") },
		} });
		await this.prebind.prepare();
		await this.startProgram();
	}

	alicesPage() {
		return this.prebind.request(get("/", { ...NAVIGATION, Cookie: `sid=${SID}` }, SESSION_HOST));
	}

	get scenes() {
		return [...visits(SESSION_HOST, () => `sid=${SID}`, "sid=nobody"), ...logins(LOGIN_HOST)];
	}

	static longestMs = 2000 + BUSY_MS; // a visitor waits so long for the site's database (docs/identity.md)
}

export class MariadbStand extends SiteStand {
	static title = "the site's database, MariaDB";
	static protocol = "mariadb";
}

export class PostgresqlStand extends SiteStand {
	static title = "the site's database, PostgreSQL";
	static protocol = "postgresql";
}

/** Any byte may change, values too: TLS notices. */
export class PostgresqlTlsStand extends PostgresqlStand {
	static title = "the site's database, PostgreSQL with TLS";
	static user = "tlsreader";
	static carries = null;
}

// ---- prebind's own store

let stores = 0;

export class StoreStand extends Stand {
	static title = "prebind's own store, PostgreSQL";
	static carries = "postgresql";
	static longestMs = 8000 + BUSY_MS; // of a request (REL-UP-1)

	loginHost = "example.org";

	async ready() {
		const { place, servers } = this;
		this.name = `own${++stores}`;
		this.key = crypto.randomBytes(32);
		await servers.postgresql.sql(`CREATE ROLE ${this.name} LOGIN PASSWORD '${SECRET.replace("'", "''")}'`);
		await servers.postgresql.sql(`CREATE DATABASE ${this.name} OWNER ${this.name}`);
		const { carries } = this.constructor;
		if (carries === null)
			await servers.postgresql.sql(`GRANT tls TO ${this.name}`);
		await this.lay(servers.postgresql.port, carries);
		this.prebind = new Prebind(place, { server: { processes: PROCESSES, threads: THREADS }, site: { ...servers.peer.site(place),
			jid: "{user}@example.org", identity: "token login", database: `postgresql://${this.name}@127.0.0.1:${this.line.port}/${this.name}`, database_password_file: this.secretFile(),
			token_origins: ORIGIN, token_audience: AUDIENCE, token_key_file: place.write("etc/token.keys", `k1:${this.key.toString("base64url")}\n`) } });
		await this.prebind.prepare({ alice: PASSWORD, carol: PASSWORD });
		await this.prebind.start();
		const visitor = this.visitor("example.org");
		assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
		this.cookie = visitor.jar.cookies.get(COOKIE);
		await this.heal();
		this.memory = this.memoryNow();
	}

	alicesPage() {
		return this.prebind.request(get("/", { ...NAVIGATION, Cookie: `${COOKIE}=${this.cookie}` }, "example.org"));
	}

	token() {
		const now = Math.floor(Date.now() / 1000);
		const payload = Buffer.from(JSON.stringify({ user: "carol", iat: now, exp: now + 500, aud: AUDIENCE, jti: crypto.randomUUID() })).toString("base64url");
		return `v1.k1.${payload}.${crypto.createHmac("sha256", this.key).update(`prebind-sso-v1\0k1${payload}`).digest("base64url")}`;
	}

	postToken(token) {
		return { method: "POST", path: "/login", headers: POSTED, body: formText({ sso: token }), params: { HTTP_HOST: "example.org" } };
	}

	get scenes() {
		const host = "example.org";
		return [
			...visits(host, (stand) => `${COOKIE}=${stand.cookie}`, `${COOKIE}=${"A".repeat(43)}`),
			...logins(host),
			{ name: "logout", status: 303, prepare: async (stand) => {
				const visitor = stand.visitor(host);
				assert.equal((await visitor.login("carol", PASSWORD)).status, 303);
				const cookie = visitor.jar.cookies.get(COOKIE);
				return { cookie, ...await form(visitor, "/") };
			}, request: (stand, ready) => post("/logout", host, ready), check: hasNoLogin,
			after: async (stand, { cookie }) => assert.equal(await stand.isIn(cookie), false, "logged out, but the cookie still opens the page") },
			{ name: "token", status: 303, prepare: (stand) => ({ token: stand.token() }), request: (stand, { token }) => stand.postToken(token), check: hasLogin,
				after: async (stand, { token }, answer) => {
					assert.ok(await stand.isIn(setsLogin(answer)), "the token was accepted, but the login is unknown afterwards");
					hasNoLogin(await stand.ask(stand.postToken(token)));
				} },
			{ name: "used token", status: 403, stranger: true, prepare: async (stand) => {
				const token = stand.token();
				hasLogin(await stand.ask(stand.postToken(token)));
				return { token };
			}, request: (stand, { token }) => stand.postToken(token), check: hasNoLogin },
		];
	}

	/** Also: no transaction and no key is left over, and the tables are those of this program. */
	async assertSound() {
		await super.assertSound();
		await until("the transactions to end", async () => (await this.servers.postgresql.sql(
			`SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%')
				+ (SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND d.datname = current_database())`,
			this.name)).trim() === "0", { seconds: HEALED_S });
		const { stdout } = await this.prebind.ctl(["check"]);
		assert.doesNotMatch(stdout, /^FAIL/m);
	}
}

export class StoreTlsStand extends StoreStand {
	static title = "prebind's own store, PostgreSQL with TLS";
	static carries = null;
}
