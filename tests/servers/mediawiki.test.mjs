// A real MediaWiki on MariaDB, behind Apache and lighttpd: log in there, be recognised in the chat by site_http; log out or
// change the password there, be nobody. Its passwords also work in our own form.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hiddenFields } from "../lib/http.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { PhpSite, skipWithout, WEB_SERVERS } from "../lib/php_site.mjs";
import { Place } from "../lib/place.mjs";
import { openChat } from "../lib/site.mjs";

const FOLDER = "/usr/share/mediawiki";
const PASSWORD = "correct horse battery";
const skip = skipWithout(`${FOLDER}/index.php`);
let place, database, site;

async function maintenance(script, ...args) {
	const { code, stdout, stderr } = await place.run(["php", `${FOLDER}/maintenance/${script}.php`, ...args], { env: { MW_CONFIG_FILE: place.path("wiki", "LocalSettings.php") } });
	assert.equal(code, 0, stdout + stderr);
}

async function install() {
	database = await Mariadb.start(place);
	await database.sql("CREATE USER wiki@localhost IDENTIFIED BY 'wiki'; CREATE DATABASE wiki; GRANT ALL ON wiki.* TO wiki@localhost; CREATE USER reader@localhost; GRANT SELECT ON wiki.* TO reader@localhost");
	const { code, stdout, stderr } = await place.run(["php", `${FOLDER}/maintenance/install.php`, "--dbtype=mysql", `--dbserver=localhost:${database.socket}`, "--dbname=wiki",
		"--dbuser=wiki", "--dbpass=wiki", `--confpath=${place.folder("wiki")}`, "--scriptpath=/w", "--server=http://127.0.0.1", `--pass=${PASSWORD}`, "Wiki", "Admin"]);
	assert.equal(code, 0, stdout + stderr);
	// two web servers, so two addresses
	await place.run(["sh", "-c", `echo '$wgServer = "http://" . ($_SERVER["HTTP_HOST"] ?? "127.0.0.1"); $wgPasswordAttemptThrottle = []; $wgMainCacheType = CACHE_NONE; $wgSessionCacheType = CACHE_DB;' >> '${place.path("wiki", "LocalSettings.php")}'`]);
}

before(async () => {
	if (skip)
		return;
	place = new Place();
	await install();
	const env = { MW_CONFIG_FILE: place.path("wiki", "LocalSettings.php"), MW_INSTALL_PATH: FOLDER };
	place.folder("htdocs", 0o755);
	place.copy("docs/examples/whoami_mediawiki.php", "htdocs/whoami.php");
	site = await PhpSite.start(place, { mount: "/w", folder: FOLDER, env });
	await site.openChat({
		identity: "site_http login", login_url: "/w/index.php?title=Special:UserLogin", jid: "{user|lower}@example.test", timeout: "4s",
		site_http_url: `http://127.0.0.1:${site.ports.lighttpd}/whoami.php`, site_http_cookies: "wiki_session wikiUserID wikiUserName wikiToken", site_http_cache: "0s",
		site_database: database.uri("reader", "wiki"), login_query: place.copy("sql/sites/mediawiki/login-mariadb.sql", "sql/login.sql"),
	});
});
after(() => place?.close({ logs: true }));

async function logIn(web, name, password = PASSWORD) {
	const visitor = site.visitor(web);
	const path = "/w/index.php?title=Special:UserLogin";
	const form = await visitor.get(path);
	const answer = await visitor.post(path, { ...hiddenFields(form.body), title: "Special:UserLogin", wpName: name, wpPassword: password });
	assert.equal(answer.status, 302, answer.body.slice(0, 2000));
	return visitor;
}

async function changePassword(visitor, password) {
	const title = "Special:ChangeCredentials/MediaWiki\\Auth\\PasswordAuthenticationRequest";
	const path = `/w/index.php?title=${encodeURIComponent(title)}`;
	const form = await visitor.get(path);
	const answer = await visitor.post(path, { ...hiddenFields(form.body), title, password, retype: password });
	assert.equal(answer.status, 200, answer.body.slice(0, 1000));
	assert.match(answer.body, /Your credentials have been changed/, /<form[^]*?<\/form>/.exec(form.body)?.[0] ?? answer.body.slice(-3000));
}

for (const web of WEB_SERVERS) {
	test(`${web}: log in to MediaWiki, be recognised; log out there, be nobody`, { skip }, async () => {
		await maintenance("createAndPromote", "--force", "Alice", PASSWORD);
		const visitor = await logIn(web, "Alice");
		const page = await openChat(visitor);
		assert.equal(page.me, "Alice", page.body.slice(0, 500) + site.prebind.child.log.slice(-800));
		assert.match(page.session.jid, /^alice@/);
		const form = await visitor.get("/w/index.php?title=Special:UserLogout");
		const cookies = new Map(visitor.jar.cookies);
		await visitor.post("/w/index.php?title=Special:UserLogout", { ...hiddenFields(form.body), title: "Special:UserLogout" });
		visitor.jar.cookies = cookies; // as somebody who has kept them
		assert.equal((await openChat(visitor)).me, null);
		assert.equal((await openChat(site.visitor(web))).me, null, "a visitor without cookies");
	});

	test(`${web}: change the password in MediaWiki, be nobody`, { skip }, async () => {
		const [one, other] = [await logIn(web, "Alice"), await logIn(web, "Alice")];
		assert.equal((await openChat(other)).me, "Alice");
		await changePassword(one, `${PASSWORD} new`);
		assert.equal((await openChat(other)).me, null, "the other browser");
		assert.equal((await openChat(one)).me, "Alice");
		await changePassword(one, PASSWORD);
	});

	test(`${web}: MediaWiki's passwords in our own form`, { skip }, async () => {
		assert.equal((await site.visitor(web).login("Alice", `${PASSWORD}x`, "/chat/login")).status, 401);
		const visitor = site.visitor(web);
		assert.equal((await visitor.login("alice", PASSWORD, "/chat/login")).status, 303);
		assert.equal((await openChat(visitor)).me, "Alice");
	});
}

test("prebindctl check is content", { skip }, async () => {
	const { stdout } = await site.prebind.ctl(["check"]);
	assert.match(stdout, /^ok .*site_http: .*a test without a cookie correctly finds no user at \S+;/m);
	assert.match(stdout, /^ok .*login: users and their password hashes/m);
});
