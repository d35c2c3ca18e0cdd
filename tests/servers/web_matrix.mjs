/*
 * What holds behind every web server, in every form: who is logged in, by each provider and each format of the XMPP
 * server's; what nobody may be, or read. The forms are in the test files; each is one web server, installed as its
 * document says, with the shipped files as they are (tests/lib/namespace.mjs).
 */
import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { docSnippet } from "../lib/docs.mjs";
import { dataBlock, httpRequest, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Namespace, noNamespace } from "../lib/namespace.mjs";
import { Place } from "../lib/place.mjs";
import { confText } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const CALLER = { name: "admin@example.test", password: "caller's password" };
const TOKEN_KEY = randomBytes(32).toString("base64url");
const SITE_SESSION = randomBytes(16).toString("hex");
const PAGE_MS = 6_000; // prebind answers within 8 s, so a web server must wait for longer than this
const BOSH_MS = 9_000; // a long poll is longer than any page
const FORMATS = ["json", "xml"];
const ADHOC = "<command><node>pre-bind-bosh-session</node><fields><item><var>from</var><value>carol@example.test/web1</value></item></fields></command>";
/** What a site that keeps everything in one folder has there. */
const SECRETS = ["prebind.conf", "prebind.db", "prebind.db-wal", "prebind.db.limits", "001.sql", "tigase.password", "token.keys", "PREBIND.DB"];
/** Who might be believed because a header says so. */
const SPOOFED = { "Remote-User": "bob", REMOTE_USER: "bob", "X-Remote-User": "bob", X_User: "bob", "X-Forwarded-User": "bob",
	"Auth-Type": "Basic", AUTH_TYPE: "Basic", "Redirect-Remote-User": "bob", Proxy: "http://127.0.0.1:1" };

const basic = (name, password) => ({ Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` });

/** As a site in any language signs it (docs/identity.md). */
function token() {
	const now = Math.floor(Date.now() / 1000);
	const payload = Buffer.from(JSON.stringify({ user: "alice", iat: now, exp: now + 600, aud: "www.example.org" })).toString("base64url");
	const mac = createHmac("sha256", Buffer.from(TOKEN_KEY, "base64url")).update(`prebind-sso-v1\0k1${payload}`);
	return `v1.k1.${payload}.${mac.digest("base64url")}`;
}

/**
 * The providers: keys of a site, where its files are put; how somebody comes to be logged in; what shows that nobody is.
 */
const PROVIDERS = {
	"login": {
		keys: () => ({ identity: "login" }),
		async enter(visitor) {
			const answer = await visitor.login("alice", PASSWORD, "/chat/login");
			assert.equal(answer.status, 303, answer.body);
			assert.equal(answer.headers.location, "/chat/");
		},
		nobody: 303,
	},
	"site-session": {
		keys: (etc) => ({ identity: "site_session", site_database: `${etc}/site.sqlite`, site_query: `${etc}/site.sql`, site_cookie: "site" }),
		enter: (visitor) => visitor.jar.cookies.set("site", SITE_SESSION),
		forged: { Cookie: `site=${"0".repeat(32)}` },
		nobody: 401,
	},
	"token": {
		keys: (etc) => ({ identity: "token", token_key_file: `${etc}/token.keys`, token_audience: "www.example.org" }),
		enter: (visitor) => visitor.jar.cookies.set("chat_token", token()),
		forged: { Cookie: `chat_token=v1.k1.${Buffer.from('{"user":"bob"}').toString("base64url")}.${"A".repeat(43)}` },
		nobody: 401,
	},
	"remote-user": {
		keys: () => ({ identity: "remote_user", remote_user_auth_types: "Basic" }),
		headers: basic("alice", PASSWORD),
		forged: basic("alice", "wrong"),
		nobody: 401,
	},
};

const hostOf = (provider, format) => `${provider}-${format}.example.org`;

/** The line of a password file that mod_authn_file and nginx read. */
export const HTPASSWD = `alice:{SHA}${createHash("sha1").update(PASSWORD).digest("base64")}\n`;

/** What is outside, and the same for all forms of a file. */
async function startPeers(place) {
	const tigase = await startTigasePeer({ place });
	const slowTigase = await startTigasePeer({ place });
	slowTigase.answer({ delayMs: PAGE_MS });
	const bosh = http.createServer((request, response) => {
		setTimeout(() => response.setHeader("X-Path", request.url).end(`<body method='${request.method}'/>`), BOSH_MS);
	});
	await new Promise((resolve) => bosh.listen(0, "127.0.0.1", () => resolve(null)));
	place.onClose(() => {
		bosh.closeAllConnections();
		return new Promise((resolve) => bosh.close(resolve));
	});
	return { tigase, slowTigase, bosh };
}

/** One web server with the program behind it. */
class Stand {
	constructor(place, form, peers) {
		Object.assign(this, { place, form, peers, peer: peers.tigase });
	}

	/** prebind.conf: a site for each cell, one that waits for a slow XMPP server, and programs' calls. */
	conf({ etc, data, templates }) {
		const site = (keys) => ({
			base_path: this.form.basePath,
			database: `${data}/prebind.db`,
			templates: templates ?? "/usr/local/share/prebind/templates",
			allow_http: "on",
			limit_login: "off",
			limit_bind_user: "off",
			limit_bind_ip: "off",
			...this.peer.site(this.place),
			tigase_url: "http://127.0.0.1:8080/rest/adhoc/bosh@example.test",
			tigase_password_file: `${etc}/tigase.password`,
			...keys,
		});
		const sites = {};
		for (const [name, provider] of Object.entries(PROVIDERS)) {
			for (const format of FORMATS)
				sites[`${name}-${format}`] = site({ ...provider.keys(etc), hosts: hostOf(name, format), tigase_format: format, gateway: "on" });
		}
		sites.slow = site({ ...PROVIDERS.token.keys(etc), hosts: "slow.example.org", timeout: "7s",
			tigase_url: "http://127.0.0.1:8081/rest/adhoc/bosh@example.test" });
		return confText({ server: { log: "stderr", ...this.form.keys }, sites });
	}

	/** Installs the program's side: the configuration, secrets and the database, in the folders and of the user given. */
	async configure({ etc = "/etc/prebind", data = "/var/lib/prebind", user = "www-data", templates } = {}) {
		const { ns } = this;
		const secret = { mode: 0o600, owner: `${user}:${user}` };
		await ns.sh(`install -d '${etc}' && install -d -o ${user} -g ${user} -m 700 '${data}'`);
		const conf = await ns.write(`${etc}/prebind.conf`, this.conf({ etc, data, templates }), { ...secret, mode: 0o640 });
		await ns.write(`${etc}/tigase.password`, fs.readFileSync(this.peer.site(this.place).tigase_password_file, "utf8"), secret);
		await ns.write(`${etc}/token.keys`, `k1:${TOKEN_KEY}\n`, secret);
		await ns.write(`${etc}/site.sql`, "SELECT user FROM session WHERE id = :sid\n", secret);
		await ns.write(`${etc}/site.sqlite`, fs.readFileSync(this.siteDatabase), secret);
		const ctl = `setpriv --reuid=${user} --regid=${user} --init-groups prebindctl -c '${conf}' --site login-json`;
		await ns.sh(`${ctl} migrate
			echo '${PASSWORD}' | ${ctl} user add alice --password-stdin
			echo "${CALLER.password}" | ${ctl} gateway add ${CALLER.name} --domains example.test --password-stdin`);
	}

	/** Files that must not be served, in the document root, beside one that is. */
	async publish(root) {
		for (const name of SECRETS)
			await this.ns.write(path.join(root, name), "secret");
		await this.ns.write(path.join(root, "site.txt"), "the site");
	}

	async startWeb() {
		this.web = await this.ns.startWeb(this.form.server);
	}

	/** Whom the program's processes run as. */
	users() {
		return this.ns.usersOf(this.form.program ?? "prebind.fcgi");
	}

	/** A raw request to the web server. */
	send({ host = "www.example.org", headers = {}, ...request }) {
		return httpRequest({ socketPath: this.ns.web, ...request, headers: { Host: host, ...headers } });
	}

	/** A browser at one of the sites. always: headers it sends each time */
	visitor(host, always = {}) {
		return new Visitor((request) => this.send({ ...request, host, headers: { ...request.headers, ...always } }));
	}

	async enter(provider, host) {
		const visitor = this.visitor(host, PROVIDERS[provider].headers);
		await PROVIDERS[provider].enter?.(visitor);
		return visitor;
	}
}

async function openStand(place, form, { number, peers, siteDatabase }) {
	const stand = Object.assign(new Stand(place, form, peers), { siteDatabase });
	stand.ns = await Namespace.open(place, `machine-${number}`);
	await stand.ns.connect({ 8080: peers.tigase.port, 8081: peers.slowTigase.port, 5280: peers.bosh.address().port });
	await form.install(stand);
	if (form.socket)
		await stand.ns.startProgram();
	await stand.startWeb();
	// these take their time, and nobody waits for them until the end
	stand.slowPage = stand.send({ host: "slow.example.org", path: "/chat/", headers: { ...NAVIGATION, Cookie: `chat_token=${token()}` } });
	stand.slowPoll = form.bosh === false ? null : stand.send({ method: "POST", path: "/http-bind", body: "<body/>" });
	for (const promise of [stand.slowPage, stand.slowPoll])
		promise?.catch(() => {}); // the test that awaits it says so
	stand.ranAs = new Set(await until("the program to run", async () => {
		const users = await stand.users();
		return users.length > 0 && users;
	}));
	return stand;
}

/** The program as a FastCGI server. */
export async function installServer(stand) {
	await stand.ns.makeAccount();
	await stand.configure({ user: "prebind" });
	await stand.publish("/var/www/html");
}

/** The commands of a document. */
export const follow = (stand, file, name) => stand.ns.follow(docSnippet(file, name));

/** The program as the web server's user, by the commands of a document. */
export async function installAsWebServer(stand, file, name) {
	await stand.configure({ user: "www-data" });
	await stand.publish("/var/www/html");
	await follow(stand, file, name);
}

/** What suEXEC is for: it is another user's, and the web server cannot read it. */
export async function assertPrivate(ns, file) {
	await assert.rejects(ns.sh(`setpriv --reuid=www-data --regid=www-data --clear-groups cat '${file}'`), /Permission denied/);
}

/** Apache's own authentication: the lines of docs/identity.md, unchanged. */
export async function apacheBasic({ ns }) {
	await ns.write("/etc/apache2/users.htpasswd", HTPASSWD, { mode: 0o640, owner: "root:www-data" });
	await ns.write("/etc/apache2/conf-enabled/users.conf", docSnippet("docs/identity.md", "remote_user_apache"));
}

/** lighttpd's. */
export async function lighttpdBasic({ ns }) {
	await ns.write("/etc/lighttpd/users.htpasswd", HTPASSWD, { mode: 0o640, owner: "root:www-data" });
	await ns.write("/etc/lighttpd/conf-enabled/50-users.conf", docSnippet("docs/identity.md", "remote_user"));
}

/**
 * Every test of one file.
 * @param {typeof import('node:test')} runner this is no test file, so it is handed over
 * @param {{ name: string, server: string, user: string, kept: boolean, keys?: object, socket?: boolean, basePath?: string,
 *   bosh?: boolean, program?: string, staticFolder?: string,
 *   install: (stand: Stand) => Promise<unknown>, basic: (stand: Stand) => Promise<unknown> }[]} forms
 *   server: as Namespace.startWeb has it; user: whom the program runs as; kept: it is no process for each request; keys: of
 *   [server]; socket: it is started by itself; bosh: false where /http-bind is not brought; program, staticFolder: where they are
 *   not what and where `make install` puts them; install: what there is before the web server starts; basic: switches its
 *   own authentication on for /chat
 * @returns {(form: object) => Stand} for further tests
 */
export function matrix({ after, before, test }, forms) {
	const place = new Place();
	/** @type {Map<object, Stand>} */
	const stands = new Map();

	before(async () => {
		if (noNamespace)
			return;
		const peers = await startPeers(place);
		const siteDatabase = place.path("site.sqlite");
		await runSql(place, siteDatabase, `CREATE TABLE session (id TEXT, user TEXT); INSERT INTO session VALUES ('${SITE_SESSION}', 'alice');`);
		for (const [number, form] of forms.entries())
			stands.set(form, await openStand(place, form, { number, peers, siteDatabase }));
	});
	after(() => place.close({ logs: true }));

	for (const form of forms)
		testForm(form, () => stands.get(form), (name, run) => test(`${form.name}: ${name}`, { skip: noNamespace }, run));
	return (form) => stands.get(form);
}

/**
 * @param {object} form
 * @param {() => Stand} stand
 * @param {(name: string, run: () => Promise<void>) => void} it
 */
function testForm(form, stand, it) {
	for (const provider of Object.keys(PROVIDERS).filter((name) => name !== "remote-user"))
		testProvider(provider, stand, it);
	testAddresses(stand, it);
	testFiles(stand, it);
	testPrograms(stand, it);
	it("REMOTE_USER without the web server's authentication is nobody", async () => {
		for (const headers of [{}, SPOOFED, basic("alice", PASSWORD), { ...SPOOFED, ...basic("alice", PASSWORD) }]) {
			const answer = await stand().visitor(hostOf("remote-user", "json")).get("/chat/", { ...NAVIGATION, ...headers });
			assert.equal(answer.status, 401, JSON.stringify(headers));
			assert.equal(dataBlock(answer.body), null);
		}
	});
	testWaiting(form, stand, it);
	it("its own authentication is switched on", async () => {
		await stand().web.stop();
		await form.basic(stand());
		await stand().startWeb();
		const answer = await stand().visitor(hostOf("remote-user", "json")).get("/chat/");
		assert.equal(answer.status, 401);
		assert.match(answer.headers["www-authenticate"], /^Basic realm="Example"/);
	});
	testProvider("remote-user", stand, it);
}

function testWaiting(form, stand, it) {
	it("a page of the slowest XMPP server is waited for", async () => {
		const page = await stand().slowPage;
		assert.equal(page.status, 200, page.body);
		assert.match(dataBlock(page.body).jid, /^alice@/);
	});
	it(`the program runs as ${form.user}, and ${form.kept ? "goes on" : "ends with its answer"}`, async () => {
		assert.deepEqual([...stand().ranAs], [form.user]);
		if (form.kept)
			assert.ok((await stand().users()).length > 0);
		else
			await until("no process to be left", async () => (await stand().users()).length === 0);
	});
	if (form.bosh === false)
		return;
	it("a long poll is waited for", async () => {
		const answer = await stand().slowPoll;
		assert.equal(answer.status, 200, answer.body);
		assert.equal(answer.body, "<body method='POST'/>");
		assert.equal(answer.headers["x-path"], "/http-bind");
	});
}

/** The cells of one provider. */
function testProvider(provider, stand, it) {
	for (const format of FORMATS) {
		const host = hostOf(provider, format);
		it(`${provider}, ${format}: the page and prebind.json hold a session of alice's`, async () => {
			const visitor = await stand().enter(provider, host);
			const page = await visitor.get("/chat/", { ...NAVIGATION, ...SPOOFED });
			assert.equal(page.status, 200, page.body);
			const sessions = [dataBlock(page.body)];
			assert.match(page.headers["cache-control"], /no-store/);
			for (const method of ["GET", "POST"]) {
				const answer = await visitor.request(method, "/chat/prebind.json", { headers: SCRIPT, body: method === "POST" ? "" : undefined });
				assert.equal(answer.status, 200, answer.body);
				assert.match(answer.headers["content-type"], /^application\/json/);
				sessions.push(JSON.parse(answer.body));
			}
			for (const session of sessions) {
				assert.match(session.jid, /^alice@example\.test\/web-[0-9a-f]+$/);
				assert.match(session.sid, /^[0-9a-f-]{36}$/);
				assert.match(session.rid, /^[0-9]{1,16}$/);
			}
			const asked = stand().peer.requests.slice(-sessions.length);
			assert.deepEqual(asked.map(({ headers }) => headers["content-type"].includes(format)), [true, true, true]);
		});

		it(`${provider}, ${format}: who is not logged in gets no session, whatever headers say`, async () => {
			const { nobody, forged = {} } = PROVIDERS[provider];
			const calls = stand().peer.requests.length;
			for (const headers of [{}, SPOOFED, { ...SPOOFED, ...forged }]) {
				const page = await stand().visitor(host).get("/chat/", { ...NAVIGATION, ...headers });
				assert.equal(page.status, nobody, page.body);
				if (nobody === 303)
					assert.equal(page.headers.location, "/chat/login?next=%2Fchat%2F");
				assert.equal(dataBlock(page.body), null);
			}
			assert.equal((await stand().visitor(host).get("/chat/prebind.json", { ...SCRIPT, ...SPOOFED })).status, 401);
			assert.equal(stand().peer.requests.length, calls, "the XMPP server was not asked");
		});
	}
}

function testAddresses(stand, it) {
	const host = hostOf("login", "json");

	it("the mount point, with and without its slash; what is not there", async () => {
		const get = (file) => stand().visitor(host).get(file);
		assert.deepEqual([(await get("/chat")).status, (await get("/chat")).headers.location], [303, "/chat/"]);
		assert.equal((await get("/chat/")).headers.location, "/chat/login?next=%2Fchat%2F");
		assert.equal((await get("/chatter")).status, 404);
		const ours = await get("/chat/nothing");
		assert.equal(ours.status, 404);
		assert.match(ours.headers["content-security-policy"], /default-src 'none'/);
		assert.equal((await get("/site.txt")).body, "the site");
	});

	it("bodies: a wrong password, one that is too large", async () => {
		const visitor = stand().visitor(host);
		assert.equal((await visitor.login("alice", "wrong", "/chat/login")).status, 401);
		assert.equal((await visitor.post("/chat/login", { user: "alice", password: "x".repeat(20_000) })).status, 413);
	});

	it("a site is chosen by one name: the Host, or the whole address in its place", async () => {
		assert.equal((await stand().visitor("unknown.example.org").get("/chat/")).status, 404);
		const answer = await stand().send({ host: "unknown.example.org", path: `http://${host}/chat/`, headers: NAVIGATION });
		assert.ok([303, 400].includes(answer.status), `${answer.status}: of the Host's site, where the server asked was another`);
	});
}

function testFiles(stand, it) {
	const get = (file) => stand().send({ path: file });

	it("static files: type, caching, no guessing", async () => {
		const rows = [["prebind.js", /^text\/javascript/], ["chat.css", /^text\/css/], ["icon.svg", /^image\/svg\+xml/],
			["vendor/strophe.js", /^text\/javascript/], ["lang/de.js", /^text\/javascript/], ["module.mjs", /^text\/javascript/]];
		const folder = stand().form.staticFolder ?? "/usr/local/share/prebind/static";
		await stand().ns.write(`${folder}/module.mjs`, "export default 1;\n");
		for (const [file, type] of rows) {
			const answer = await get(`/chat/static/${file}`);
			assert.equal(answer.status, 200, file);
			assert.match(answer.headers["content-type"], type, file);
			assert.equal(answer.headers["x-content-type-options"], "nosniff", file);
			assert.match(answer.headers["cache-control"], /^public, max-age=\d+$/, file);
			assert.equal(answer.body, fs.readFileSync(stand().ns.path(`${folder}/${file}`), "utf8"), file);
			const again = await stand().send({ path: `/chat/static/${file}`, headers: { "If-None-Match": answer.headers.etag } });
			assert.equal(again.status, 304, file);
		}
	});

	it("what holds secrets is not served", async () => {
		const files = [...SECRETS.map((name) => `/${name}`), "/prebind%2Edb", "/prebind%2edb%2Dwal", "//prebind.conf", "/./prebind.db",
			"/chat/static/", "/chat/static", "/chat/static/vendor/", "/chat/static/vendor/strophe.LICENSE.txt",
			"/chat/static/../templates/chat.html", "/chat/static/%2e%2e/templates/chat.html", "/chat/static/..%2ftemplates/chat.html",
			"/chat/static/../static../templates/chat.html", "/chat/static../templates/chat.html", "/chat/templates/chat.html",
			"/chat/static/../../../../../etc/prebind/prebind.conf", "/chat/prebind.conf", "/etc/prebind.conf", "/data/prebind.db",
			"/bin/prebind.fcgi", "/chat/prebind.fcgi", "/prebind/templates/chat.html", "/.htaccess"];
		for (const file of files) {
			const answer = await get(file);
			assert.ok([303, 400, 403, 404].includes(answer.status), `${file}: ${answer.status}`);
			assert.doesNotMatch(answer.body, /^secret|\[site|\{\{|ELF|Rewrite/, file);
		}
	});
}

function testPrograms(stand, it) {
	for (const format of FORMATS) {
		it(`programs call /rest/adhoc with Basic credentials; Tigase is asked in ${format}`, async () => {
			const call = (headers, request = {}) => stand().send({ host: hostOf("login", format), path: "/chat/rest/adhoc/bosh@example.test",
				headers: { "Content-Type": "application/xml", ...headers }, ...request });
			assert.equal((await call({})).status, 401);
			assert.equal((await call(basic(CALLER.name, "wrong"))).status, 401);
			const list = await call(basic(CALLER.name, CALLER.password));
			assert.equal(list.status, 200, list.body);
			assert.match(list.body, /pre-bind-bosh-session/);
			const session = await call(basic(CALLER.name, CALLER.password), { method: "POST", body: ADHOC });
			assert.equal(session.status, 200, session.body);
			assert.match(session.body, /carol@example\.test\/web1/);
		});
	}
}
