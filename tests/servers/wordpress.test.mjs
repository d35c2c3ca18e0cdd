// WordPress itself (Debian's) with MariaDB, behind Apache and behind lighttpd: log in there and be known in the chat; log out
// or change the password there and be nobody. The keys and the account of the database come by the commands of the document.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { apacheFastcgi } from "../lib/apache.mjs";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { Extauth } from "../lib/extauth.mjs";
import { httpRequest, Visitor } from "../lib/http.mjs";
import { lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { openChat } from "../lib/site.mjs";
import { freePorts, until } from "../lib/wait.mjs";
import { apachePart, changePassword, lighttpdPart, logIn, logOut, Wordpress } from "../lib/wordpress.mjs";
import { startSite } from "../lib/xmpp_site.mjs";

const skip = !fs.existsSync("/usr/share/wordpress/wp-login.php") && "needs wordpress";
const USERS = { alice: "alice's pass phrase", bob: "bob's pass phrase", "Jo Mc Kay": "a pass phrase", carol: "carol's pass phrase" };
const DATABASE_PASSWORD = "prebind's secret";

let place, mariadb, wordpress, site, ports;

const secret = () => place.path("etc", "wordpress.secret");
const secretValue = (name) => new RegExp(`^${name}=(.*)$`, "m").exec(fs.readFileSync(secret(), "utf8"))?.[1] ?? "";

before(async () => {
	if (skip)
		return;
	place = new Place();
	const [apache, lighttpd] = await freePorts(2);
	ports = { Apache: apache, lighttpd };
	mariadb = await Mariadb.start(place);
	wordpress = await Wordpress.start(place, mariadb);
	await wordpress.install(`http://127.0.0.1:${apache}`);
	await wordpress.addUsers(USERS);
	// the document's command, up to the pipe; www-data is no sudoer
	const command = docSnippet("docs/identity.md", "wordpress_secret", { "/srv/www/wordpress": wordpress.root }).split("|\n")[0];
	const written = await place.run(["sh", "-c", command]);
	assert.equal(written.code, 0, written.stderr);
	place.write("etc/wordpress.secret", written.stdout);
	site = await startSite(place, { server: "prosody", way: "token", users: {}, site: {
		base_path: "/chat", jid: "{user|safe}@example.org", identity: "site_session login", login_url: "/wp-login.php", site_result: "wordpress",
		site_database: mariadb.uri("prebind", "wordpress"), site_database_password_file: place.write("etc/site.password", `${DATABASE_PASSWORD}\n`),
		site_query: place.copy("sql/sites/wordpress/session.sql", "sql/session.sql"), login_query: place.copy("sql/sites/wordpress/login.sql", "sql/login.sql"),
		site_secret_file: secret() } });
	const { stdout } = await site.prebind.ctl(["check"]);
	const statements = /site_database: an account with only these rights is enough: (.*)$/m.exec(stdout)?.[1];
	assert.ok(statements, stdout);
	await mariadb.sql(statements.replace("'...'", `'${DATABASE_PASSWORD.replace("'", "''")}'`));
	const behind = { socket: site.prebind.socket, boshPort: site.port };
	await apacheFastcgi(place, { ...behind, port: apache, more: apachePart(wordpress) });
	await lighttpdFastcgi(place, { ...behind, port: lighttpd, more: lighttpdPart(wordpress) });
});
after(() => place?.close({ logs: true }));

const visitorOf = (server) => new Visitor((request) => httpRequest({ port: ports[server], ...request }));

/** Who the chat's page says that the visitor is; null: nobody, who is sent to WordPress's login. */
async function me(visitor) {
	const page = await openChat(visitor);
	assert.equal(page.status, page.me === null ? 303 : 200, page.body);
	if (page.me === null)
		assert.match(page.headers.location, /\/wp-login\.php/);
	return page.me;
}

test("prebindctl wordpress import finds what WordPress itself says", { skip }, async () => {
	const [key, cookie] = [secretValue("LOGGED_IN_KEY"), secretValue("LOGGED_IN_COOKIE")];
	assert.match(cookie, /^wordpress_logged_in_[0-9a-f]{32}$/);
	const denied = await site.prebind.ctl(["wordpress", "import", wordpress.config]);
	assert.match(denied.stderr, /the option siteurl in the table wp_options is needed.*denied/);
	const grants = docSnippet("docs/identity.md", "wordpress_account", {}).match(/GRANT [^;]*;/g);
	assert.equal(grants?.length, 3);
	await mariadb.sql(grants.join("\n"), "wordpress");
	await site.prebind.ctlOk(["wordpress", "import", wordpress.config]);
	assert.deepEqual([secretValue("LOGGED_IN_KEY") + secretValue("LOGGED_IN_SALT"), secretValue("LOGGED_IN_COOKIE")], [key, cookie]);
	const { stdout, code } = await site.prebind.ctl(["check"]);
	assert.match(stdout, /^ok .*site_session: the cookie wordpress_logged_in_/m);
	assert.equal(code, 0, stdout);
});

for (const server of ["Apache", "lighttpd"]) {
	test(`${server}: logged in at WordPress, known in the chat; logged out, nobody`, { skip }, async () => {
		const [first, second, jo] = [visitorOf(server), visitorOf(server), visitorOf(server)];
		assert.equal(await me(first), null);
		await logIn(first, "alice", USERS.alice);
		const page = await openChat(first);
		assert.equal(page.me, "alice of WordPress", page.body);
		assert.match(page.session.jid, /^alice@example\.org\//);
		await logIn(second, "ALICE", USERS.alice);
		assert.equal(await me(second), "alice of WordPress");
		await logIn(jo, "jo mc kay", USERS["Jo Mc Kay"]);
		assert.equal(await me(jo), "Jo Mc Kay of WordPress");
		const copy = { Cookie: first.jar.headers.Cookie };
		await logOut(first);
		assert.equal(await me(first), null);
		const again = visitorOf(server);
		assert.equal((await again.get("/chat/", { ...copy, "Sec-Fetch-Site": "none" })).status, 303, "a copy of the cookie is worth nothing");
		assert.equal(await me(second), "alice of WordPress");
	});

	test(`${server}: a new password at WordPress: the other browsers are nobody`, { skip }, async () => {
		const user = { Apache: "bob", lighttpd: "carol" }[server];
		const [here, there] = [visitorOf(server), visitorOf(server)];
		await logIn(here, user, USERS[user]);
		await logIn(there, user, USERS[user]);
		assert.deepEqual([await me(here), await me(there)], [`${user} of WordPress`, `${user} of WordPress`]);
		await changePassword(here, "another pass phrase");
		assert.deepEqual([await me(here), await me(there)], [`${user} of WordPress`, null]);
		await until("the log to say why", () => /wordpress_signature/.test(site.prebind.child.log)); // a log line may come after its answer
	});
}

test("a password of WordPress at the XMPP server", { skip }, async () => {
	const extauth = new Extauth(place, site.prebind.conf);
	assert.equal(await extauth.ask(`auth:alice:example.org:${USERS.alice}`), true);
	assert.equal(await extauth.ask("auth:alice:example.org:wrong"), false);
	assert.equal(await extauth.ask(`auth:nobody:example.org:${USERS.alice}`), false);
	await extauth.end();
});

test("Chromium: the chat on a page of WordPress", { skip }, async () => {
	wordpress.write("wp-content/mu-plugins/prebind_chat.php", fs.readFileSync("docs/examples/prebind_chat.php", "utf8"));
	const browser = await startChromium(place);
	const page = await newPage(browser);
	const origin = `http://127.0.0.1:${ports.Apache}`;
	const launcher = page.locator("#prebind-chat .launcher");
	await page.goto(`${origin}/`);
	assert.equal(await page.locator("script[data-prebind]").count(), 0, "nobody needs no chat");
	await page.goto(`${origin}/wp-login.php`);
	// WordPress moves the focus to the name after a moment. A password that is typed at that moment would replace the name.
	await page.waitForFunction(() => document.activeElement?.id === "user_login");
	await page.locator("#user_login").fill("alice");
	await page.locator("#user_pass").fill(USERS.alice);
	await page.locator("#wp-submit").click();
	await page.waitForURL("**/wp-admin/**", { waitUntil: "commit" }); // its scripts are not installed
	await page.goto(`${origin}/`);
	assert.equal(await page.locator("#who").textContent(), "alice");
	await launcher.click();
	await page.locator("#prebind-chat .panel[data-state=ready]").waitFor();
	await page.goto(`${origin}/wp-login.php?action=logout`);
	await page.locator("a[href*='action=logout']").click();
	await page.goto(`${origin}/`);
	assert.equal(await launcher.count(), 0);
	const answer = await page.evaluate(() => fetch("/chat/prebind.json").then(({ status }) => status));
	assert.equal(answer, 401);
});
