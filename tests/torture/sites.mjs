/*
 * The ways to know a site's visitors and to log them in at the XMPP server that torture.mjs leaves out, each a site of
 * its own: the same faults, the same oracle.
 *   node tests/torture/sites.mjs [--every N] [--places] [--once]
 */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import http from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { dataBlock, FORM, formText, NAVIGATION, SCRIPT } from "../lib/http.mjs";
import { newKey } from "../lib/login_token.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startSitePeer } from "../peers/site_peer.mjs";
import { assertSession, cookiesOf, formOf, get, pageOf, SESSION } from "./scenes.mjs";
import { PASSWORD, Stand } from "./stand.mjs";
import { chosen, conclude, OPTIONS, torture } from "./torture.mjs";

const SID = "0123456789abcdef0123456789abcdef";
const LATER = 4000000000;
const HASH = "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1"; // phpass, of PASSWORD
const AUDIENCE = "www.example.org", ORIGIN = "http://www.example.org";
const TOKEN_KEY = crypto.randomBytes(32).toString("base64url");
const DJANGO_KEY = "SECRET_KEY of the site";
const WORDPRESS = "https://www.example.org/blog", [WORDPRESS_KEY, WORDPRESS_SALT] = ["the key", "the salt"];

const hash = (kind, text) => crypto.createHash(kind).update(text).digest("hex");
const mac = (kind, key, text, form = "hex") => crypto.createHmac(kind, key).update(text).digest(form);
const base64url = (text) => Buffer.from(text).toString("base64url");

/** A token as the site signs it, which is good once. */
function token(user) {
	const now = Math.floor(Date.now() / 1000);
	const payload = base64url(JSON.stringify({ user, iat: now, exp: now + 300, aud: AUDIENCE, jti: crypto.randomUUID() }));
	return `v1.k1.${payload}.${mac("sha256", Buffer.from(TOKEN_KEY, "base64url"), `prebind-sso-v1\0k1${payload}`, "base64url")}`;
}

/** What Django keeps in its table. */
function djangoSession() {
	const key = (salt) => crypto.createHash("sha256").update(`${salt}${DJANGO_KEY}`).digest();
	const ofPassword = mac("sha256", key("django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"), "x");
	const text = `${base64url(JSON.stringify({ _auth_user_id: "1", _auth_user_hash: ofPassword }))}:1xV93B`;
	return `${text}:${mac("sha256", key("django.contrib.sessions.SessionStoresigner"), text, "base64url")}`;
}

/** WordPress's cookie of alice. */
function wordpressCookie() {
	const said = `alice|${LATER}|token of alice`;
	const own = mac("md5", WORDPRESS_KEY + WORDPRESS_SALT, `alice|${HASH.slice(8, 12)}|${LATER}|token of alice`);
	return `wordpress_logged_in_${hash("md5", WORDPRESS)}=${encodeURIComponent(`${said}|${mac("sha256", own, said)}`)}`;
}

const TABLES = `
	CREATE TABLE account (name TEXT, hash TEXT, shown TEXT); INSERT INTO account VALUES ('alice', '${HASH}', 'Alice A.'), ('carol', '${HASH}', 'Carol C.');
	CREATE TABLE xmpp (name TEXT, host TEXT, password TEXT); INSERT INTO xmpp VALUES ('alice', 'example.org', 'hers');
	CREATE TABLE django_session (session_key TEXT PRIMARY KEY, session_data TEXT, expire_date TEXT);
	CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username TEXT, first_name TEXT, last_name TEXT, password TEXT, is_active INTEGER);
	INSERT INTO django_session VALUES ('${SID}', '${djangoSession()}', '2100-01-01 00:00:00.000000'); INSERT INTO auth_user VALUES (1, 'alice', 'Alice', 'A.', 'x', 1);
	CREATE TABLE wp_users (ID INTEGER PRIMARY KEY, user_login TEXT COLLATE NOCASE, user_pass TEXT, user_email TEXT, display_name TEXT);
	CREATE TABLE wp_usermeta (umeta_id INTEGER PRIMARY KEY, user_id INTEGER, meta_key TEXT, meta_value TEXT);
	CREATE TABLE wp_options (option_id INTEGER PRIMARY KEY, option_name TEXT UNIQUE, option_value TEXT);
	INSERT INTO wp_options (option_name, option_value) VALUES ('siteurl', '${WORDPRESS}/');
	INSERT INTO wp_users VALUES (1, 'alice', '${HASH}', 'a@example.org', 'Alice A.');
	INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (1, 'session_tokens',
		'a:1:{s:64:"${hash("sha256", "token of alice")}";a:1:{s:10:"expiration";i:${LATER};}}');`;

const PEOPLE = `SELECT name AS user, shown AS display_name FROM account
	WHERE (name = :user OR (:q <> '' AND fold(shown) LIKE :q || '%')) AND name <> :me ORDER BY name LIMIT :limit`;

/** ejabberd's API: an account is made, a token is given. */
async function startApi(place) {
	const server = http.createServer((request, response) => {
		request.resume().on("end", () => response.writeHead(200, { "Content-Type": "application/json" })
			.end(JSON.stringify(request.url === "/api/register" ? "said" : { token: "a-token", scopes: ["sasl_auth"], expires_in: "600 seconds" })));
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
	place.onClose(() => {
		server.close();
		server.closeAllConnections();
	});
	return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/api/`;
}

export class SiteStand extends Stand {
	/** The sites whose visitors are known by what the site itself has. */
	async #known(tigase, database) {
		const { place } = this;
		const query = (name, text) => place.write(`etc/${name}.sql`, `${text}\n`);
		const shipped = (name) => place.copy(`sql/sites/${name}.sql`, `etc/${name.replace("/", "-")}.sql`);
		const tokens = { token_key_file: place.write("etc/token.keys", `k1:${TOKEN_KEY}\n`), token_audience: AUDIENCE };
		const site = await startSitePeer({ place });
		site.answer((cookie) => (cookie.includes("sid=alice") ? { body: { user: "alice", display_name: "Alice A.", expires: LATER } } : { status: 401 }));
		place.write(`sessions/sess_${SID}`, 'cart|a:1:{i:0;d:1.5;}user|a:1:{s:4:"name";s:5:"alice";}', 0o600);
		return {
			token: tigase("token", { identity: "token login", token_origins: ORIGIN, ...tokens }),
			asked: tigase("asked", { identity: "site_http", site_http_url: site.url, site_http_cookies: "sid", site_http_cache: "30s" }),
			php: tigase("php", { identity: "php_session", php_session_path: place.path("sessions"), php_session_user: "user.name" }),
			django: tigase("django", { identity: "site_session", site_cookie: "sessionid", site_result: "django", site_database: database, site_query: shipped("django"),
				site_profile_query: shipped("django-user"), site_secret_file: place.write("etc/django.secret", `${DJANGO_KEY}\n`) }),
			wordpress: tigase("wordpress", { identity: "site_session", site_result: "wordpress", site_database: database, site_query: shipped("wordpress/session"),
				site_secret_file: `${place.folder("etc")}/wordpress.secret` }),
			form: tigase("form", { identity: "login", site_database: database, login_query: query("login", "SELECT hash AS password_hash FROM account WHERE name = :user") }),
			people: tigase("people", { identity: "remote_user", people: "all", limit_people: "off", site_database: database, people_query: query("people", PEOPLE) }),
		};
	}

	/** The sites that log their visitors in over BOSH in different ways. */
	async #bound(bosh, database) {
		const { place } = this;
		const query = place.write("etc/passwords.sql", "SELECT password AS xmpp_password FROM xmpp WHERE name = :user AND host = :host\n");
		const api = await startApi(place);
		return {
			guests: bosh("guests", { identity: "guest", guest_domain: "guests.example.org", limit_guest_ip: "off" }),
			stored: bosh("stored", { site_database: database, bosh_password_query: query }),
			signed: bosh("signed", { bosh_auth: "token", bosh_token_key_file: place.write("etc/bosh.key", newKey().text), credentials: "on" }),
			jwt: bosh("jwt", { bosh_auth: "jwt", bosh_jwt_key_file: place.write("etc/jwt.key", newKey().text) }),
			oauth: bosh("oauth", { bosh_auth: "oauth", bosh_oauth_url: `${api}oauth_issue_token` }),
			made: bosh("made", { provision: "ejabberd", provision_url: `${api}register` }),
		};
	}

	async sites() {
		const { place, peer, bosh } = this;
		const database = `${place.folder("site")}/site.db`;
		await runSql(place, database, TABLES);
		place.write("www/wp-config.php", `<?php define('LOGGED_IN_KEY', '${WORDPRESS_KEY}'); define('LOGGED_IN_SALT', '${WORDPRESS_SALT}'); $table_prefix = 'wp_';`, 0o644);
		const common = (name, keys) => ({ hosts: `${name}.example`, timeout: "10s", ...keys });
		return {
			...await this.#known((name, keys) => peer.site(place, { identity: "login", ...common(name, keys) }), database),
			...await this.#bound((name, keys) => ({ identity: "remote_user", jid: "{user}@example.org", resource: "desk", backend: "bosh", bosh_service: bosh.url, ...common(name, keys) }), database),
			provisioned: peer.site(place, common("provisioned", { identity: "remote_user", provision: "tigase", tigase_format: "xml" })),
		};
	}

	async fill() {
		await this.prebind.ctlOk(["--site", "wordpress", "wordpress", "import", this.place.path("www/wp-config.php")]);
		await super.fill();
	}
}

// ---- scenes

const at = (name) => ({ HTTP_HOST: `${name}.example` });
const alice = (name) => ({ ...at(name), REMOTE_USER: "alice", AUTH_TYPE: "Basic" });
const FORM_TYPE = { "Content-Type": "application/x-www-form-urlencoded" };

/** A visitor with a cookie of the site's is known; one with another cookie is not. */
const cookieScenes = (name, cookie, other) => [
	{ name, status: 200, check: pageOf("alice@example.test"), act: (stand) => get("/", { ...NAVIGATION, Cookie: cookie() }, at(name))(stand, {}) },
	{ name: `${name}, wrong`, status: 401, never: SESSION, check: () => {}, act: (stand) => get("/prebind.json", { ...SCRIPT, Cookie: other }, at(name))(stand, {}) },
];

/** After several failures prebind would not call the XMPP server for a while: it forgets them. */
const forget = (name) => (stand) => stand.remove(`${stand.prebind.databases[name]}.limits`);

/** A log-in over BOSH for alice, whom the web server knows. */
const boundScene = (name, mechanism = "PLAIN") => ({
	name: `BOSH, ${name}`, status: 200, check: pageOf("alice@example.org"), after: forget(name),
	act: (stand) => {
		stand.expectBosh({ mechanism, jid: "alice@example.org/desk" });
		return get("/", NAVIGATION, alice(name))(stand, {});
	},
});

const postTo = (name, path, headers, fields) => (stand) =>
	stand.cgi({ method: "POST", path, headers: { ...headers, ...FORM_TYPE }, body: formText(fields), params: at(name) });

const REQUESTS = [
	...cookieScenes("token", () => `chat_token=${token("alice")}`, "chat_token=v1.k1.e30.AAAA"),
	...cookieScenes("asked", () => `sid=alice${crypto.randomUUID()}`, "sid=another"),
	...cookieScenes("php", () => `PHPSESSID=${SID}`, "PHPSESSID=fedcba9876543210fedcba9876543210"),
	...cookieScenes("django", () => `sessionid=${SID}`, "sessionid=another"),
	...cookieScenes("wordpress", wordpressCookie, `wordpress_logged_in_${hash("md5", WORDPRESS)}=alice%7C${LATER}%7Cx%7Cy`),
	{ name: "a posted token", status: 303, check: ({ answer }) => assert.match(JSON.stringify(cookiesOf(answer)), /prebind-insecure=/),
		act: (stand) => postTo("token", "/login", { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", Origin: ORIGIN },
			{ sso: token("alice"), next: "/chat/" })(stand) },
	{ name: "the site's password", status: 303, check: () => {},
		prepare: (stand) => formOf(stand.visitor("form.example"), "/login"),
		act: (stand, { headers, fields }) => postTo("form", "/login", { ...headers, ...FORM }, { ...fields, user: "alice", password: PASSWORD })(stand) },
	{ name: "people", status: 200, act: get("/people.json?q=car", SCRIPT, alice("people")), check: ({ answer }) => assert.match(answer.body, /Carol C\./) },
	{ name: "a guest's page", status: 200, act: get("/", NAVIGATION, at("guests")), check: ({ answer }) => assert.equal(dataBlock(answer.body).guest, true), never: SESSION },
	{ name: "a guest", status: 200, after: forget("guests"), check: ({ answer }) => assertSession(JSON.parse(answer.body), "x7@guests.example.org"),
		act: (stand) => {
			stand.expectBosh({ mechanism: "ANONYMOUS", jid: "x7@guests.example.org/web" });
			return postTo("guests", "/prebind.json", SCRIPT, { bind: "yes", name: "Anna" })(stand);
		} },
	...["stored", "signed", "jwt", "made"].map((name) => boundScene(name)),
	boundScene("oauth", "X-OAUTH2"),
	{ name: "credentials", status: 200, act: get("/credentials.json", SCRIPT, alice("signed")), check: ({ answer }) => assert.equal(JSON.parse(answer.body).jid, "alice@example.org/desk") },
	{ name: "an account at Tigase", status: 200, after: forget("provisioned"), check: pageOf("alice@example.test"), act: get("/", NAVIGATION, alice("provisioned")) },
];

const verb = (site, ...args) => ({ name: `ctl ${args[0]} ${args[1] ?? ""} of ${site}`, act: (stand) => stand.ctl(["--site", site, ...args]), check: () => {} });

const VERBS = [
	...["token", "asked", "php", "django", "wordpress", "form", "people"].map((site) => verb(site, "check")),
	verb("people", "people", "export", "--for", "prosody"),
	verb("token", "token", "issue", "alice"),
	verb("token", "token", "revoke", "dora"),
	verb("default", "map", "list"),
	verb("default", "gateway", "list", "--json"),
	{ name: "ctl map import", check: ({ stdout }) => assert.match(stdout, /2/),
		act: (stand) => stand.ctl(["map", "import", "-"], "user,jid,xmpp_password\nerin,erin@example.test,\"a \"\"b\"\nfred,fred@example.test,\n") },
];

export const SITE_SCENES = [...REQUESTS, ...VERBS];

if (process.argv[1] === fileURLToPath(import.meta.url))
	await conclude(async () => {
		const { values } = parseArgs({ options: OPTIONS });
		return { "kinds of sites": await torture({ ...chosen(values), scenes: SITE_SCENES, start: () => SiteStand.start() }) };
	});
