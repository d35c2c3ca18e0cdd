/*
 * A web server with the program behind it, installed as its document says, with the shipped files as they are
 * (tests/lib/namespace.mjs): what is outside of it, its sites, a visitor of them. What holds there: web_matrix.mjs.
 */
import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { docSnippet } from "../lib/docs.mjs";
import { httpRequest, NAVIGATION, Visitor } from "../lib/http.mjs";
import { Namespace } from "../lib/namespace.mjs";
import { confText } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

export const PASSWORD = "correct horse";
export const CALLER = { name: "admin@example.test", password: "caller's password" };
const TOKEN_KEY = randomBytes(32).toString("base64url");
const SITE_SESSION = randomBytes(16).toString("hex");
const PAGE_MS = 6_000; // prebind answers within 8 s, so a web server must wait for longer than this
const BOSH_MS = 9_000; // a long poll is longer than any page
export const BOSH_QUICK = "quick", BOSH_REFUSES = "refuses"; // queries by which it answers at once
export const FORMATS = ["json", "xml"];
/** What a site that keeps everything in one folder has there. */
export const SECRETS = ["prebind.conf", "prebind.db", "prebind.db-wal", "prebind.db.limits", "001.sql", "tigase.password", "token.keys", "PREBIND.DB"];

export const basic = (name, password) => ({ Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` });

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
export const PROVIDERS = {
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

export const hostOf = (provider, format) => `${provider}-${format}.example.org`;

/** The line of a password file that mod_authn_file and nginx read. */
export const HTPASSWD = `alice:{SHA}${createHash("sha1").update(PASSWORD).digest("base64")}\n`;

/** What is outside, and the same for all forms of a file. */
async function startPeers(place) {
	const tigase = await startTigasePeer({ place });
	const slowTigase = await startTigasePeer({ place });
	slowTigase.answer({ delayMs: PAGE_MS });
	const bosh = http.createServer((request, response) => {
		const query = request.url.split("?")[1];
		response.statusCode = query === BOSH_REFUSES ? 404 : 200;
		setTimeout(() => response.setHeader("X-Path", request.url).end(`<body method='${request.method}'/>`), query ? 0 : BOSH_MS);
	});
	await new Promise((resolve) => bosh.listen(0, "127.0.0.1", () => resolve(null)));
	place.onClose(() => {
		bosh.closeAllConnections();
		return new Promise((resolve) => bosh.close(resolve));
	});
	return { tigase, slowTigase, bosh };
}

export const SWALLOWED = "a page of somebody else's";
const ERRORS = [400, 401, 403, 404, 405, 413, 431, 500, 502, 503, 504];
const SWALLOWING = {
	apache2: `cat > /etc/apache2/conf-enabled/aa-errors.conf <<'END'
<IfModule mod_proxy.c>
    ProxyErrorOverride On
</IfModule>
${ERRORS.map((status) => `ErrorDocument ${status} "${SWALLOWED}"`).join("\n")}
END`,
	lighttpd: `cat > /etc/lighttpd/conf-enabled/01-errors.conf <<'END'
server.error-intercept = "enable"
server.errorfile-prefix = "/var/www/error-"
END
for status in ${ERRORS.join(" ")}; do echo "${SWALLOWED}" > /var/www/error-$status.html; done`,
	nginx: `echo "${SWALLOWED}" > /var/www/html/swallowed.html
cat > /etc/nginx/conf.d/errors.conf <<'END'
fastcgi_intercept_errors on;
proxy_intercept_errors on;
error_page ${ERRORS.join(" ")} /swallowed.html;
END`,
};

/** One web server with the program behind it. */
export class Stand {
	constructor(place, form, peers) {
		Object.assign(this, { place, form, peers, peer: peers.tigase });
	}

	/** prebind.conf: a site for each cell, one that waits for a slow XMPP server, and programs' calls. */
	conf({ etc, data, templates }) {
		const site = (keys) => ({
			base_path: this.form.basePath,
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
				sites[`${name}-${format}`] = site({ database: `${data}/${name}-${format}.db`, ...provider.keys(etc), hosts: hostOf(name, format), tigase_format: format, gateway: "on" });
		}
		sites.slow = site({ database: `${data}/slow.db`, ...PROVIDERS.token.keys(etc), hosts: "slow.example.org", timeout: "7s",
			tigase_url: "http://127.0.0.1:8081/rest/adhoc/bosh@example.test" });
		this.siteNames = Object.keys(sites);
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
		const ctl = `setpriv --reuid=${user} --regid=${user} --init-groups prebindctl -c '${conf}' --site $site`;
		await ns.sh(`for site in ${this.siteNames.join(" ")}; do
			${ctl} migrate
			echo '${PASSWORD}' | ${ctl} user add alice --password-stdin
			echo "${CALLER.password}" | ${ctl} gateway add ${CALLER.name} --domains example.test --password-stdin
			done`);
	}

	/** Files that must not be served, in the document root, beside one that is. */
	async publish(root) {
		for (const name of SECRETS)
			await this.ns.write(path.join(root, name), "secret");
		await this.ns.write(path.join(root, "site.txt"), "the site");
	}

	/** The rest of the web server puts pages of its own in the place of every error. */
	async swallowErrors() {
		await this.ns.sh(SWALLOWING[this.form.server]);
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
		stand.program = await stand.ns.startProgram();
	await stand.swallowErrors();
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

/** All the forms of one file. */
export async function openStands(place, forms) {
	const peers = await startPeers(place);
	const siteDatabase = place.path("site.sqlite");
	const stands = new Map();
	await runSql(place, siteDatabase, `CREATE TABLE session (id TEXT, user TEXT); INSERT INTO session VALUES ('${SITE_SESSION}', 'alice');`);
	for (const [number, form] of forms.entries())
		stands.set(form, await openStand(place, form, { number, peers, siteDatabase }));
	return stands;
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

export const APACHE_ENCODINGS = ["gzip", "br"];

/** lighttpd's module for it is a package of its own. */
export const LIGHTTPD_ENCODINGS = fs.existsSync("/usr/lib/lighttpd/mod_deflate.so") ? ["gzip", "br"] : [];

/** lighttpd compresses, as its document says. */
export async function lighttpdCompress(stand) {
	if (LIGHTTPD_ENCODINGS.length > 0)
		await follow(stand, "docs/lighttpd.md", "compression");
}
