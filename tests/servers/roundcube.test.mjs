// A real Roundcube on MariaDB, behind Apache and lighttpd: its sessions are PHP's, in base64 in a table. Log in there, be
// recognised in the chat; log out there, be nobody. (It has no passwords of its own: those are the IMAP server's.)
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { hiddenFields } from "../lib/http.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { PhpSite, skipWithout, WEB_SERVERS } from "../lib/php_site.mjs";
import { Place } from "../lib/place.mjs";
import { openChat } from "../lib/site.mjs";
import { startImapPeer } from "../peers/imap_peer.mjs";

const FOLDER = "/var/lib/roundcube";
const SCHEMA = "/usr/share/roundcube/SQL/mysql.initial.sql";
const USERS = { alice: "correct horse", bob: "battery staple" };
const skip = skipWithout(`${FOLDER}/index.php`);
let place, database, site;

function config(imapPort) {
	const values = {
		db_dsnw: `mysql://roundcube:roundcube@unix(${database.socket})/roundcube`, imap_host: `127.0.0.1:${imapPort}`, smtp_host: "127.0.0.1:1",
		des_key: "0123456789abcdef01234567", plugins: [], log_driver: "stdout", temp_dir: place.folder("roundcube/temp"), log_dir: place.folder("roundcube/logs"), enable_installer: false,
	};
	place.folder("roundcube/config");
	for (const file of ["defaults.inc.php", "mimetypes.php"])
		place.write(`roundcube/config/${file}`, fs.readFileSync(`/etc/roundcube/${file}`), 0o644);
	place.write("roundcube/config/config.inc.php", `<?php\n${Object.entries(values).map(([name, value]) => `$config[${JSON.stringify(name)}] = ${JSON.stringify(value)};`).join("\n")}`, 0o644);
	return place.path("roundcube", "config");
}

before(async () => {
	if (skip)
		return;
	place = new Place();
	database = await Mariadb.start(place);
	await database.sql(`CREATE DATABASE roundcube; CREATE USER roundcube@localhost IDENTIFIED BY 'roundcube'; GRANT ALL ON roundcube.* TO roundcube@localhost;
		CREATE USER reader@localhost; USE roundcube; ${fs.readFileSync(SCHEMA, "utf8")}
		GRANT SELECT (sess_id, changed, vars) ON session TO reader@localhost; GRANT SELECT (user_id, username) ON users TO reader@localhost`);
	const imap = await startImapPeer({ place, users: USERS });
	site = await PhpSite.start(place, { mount: "/mail", folder: FOLDER, env: { ROUNDCUBE_CONFIG_DIR: config(imap.port) } });
	await site.openChat({
		identity: "site_session", login_url: "/mail/", site_database: database.uri("reader", "roundcube"), site_cookie: "roundcube_sessid", site_result: "php_session",
		site_query: place.copy("sql/sites/roundcube/session-mariadb.sql", "sql/session.sql"), site_profile_query: place.copy("sql/sites/roundcube/profile.sql", "sql/profile.sql"),
		php_session_user: "user_id",
	});
});
after(() => place?.close({ logs: true }));

async function logIn(web, name, password = USERS[name]) {
	const visitor = site.visitor(web);
	const form = await visitor.get("/mail/?_task=login");
	const answer = await visitor.post("/mail/?_task=login", { ...hiddenFields(form.body), _user: name, _pass: password });
	assert.equal(answer.status, password === USERS[name] ? 302 : 401, answer.body.slice(0, 1000));
	return visitor;
}

for (const web of WEB_SERVERS) {
	test(`${web}: log in to Roundcube, be recognised; log out there, be nobody`, { skip }, async () => {
		const [visitor, other] = [await logIn(web, "alice"), await logIn(web, "bob")];
		const page = await openChat(visitor);
		assert.equal(page.me, "alice", page.body.slice(0, 500) + site.prebind.child.log.slice(-800));
		assert.equal((await openChat(other)).me, "bob");
		const mail = await visitor.get("/mail/?_task=mail");
		assert.equal(mail.status, 200);
		assert.equal((await openChat(visitor)).me, "alice", "after a page of Roundcube");
		const token = /"request_token":"([^"]+)"/.exec(mail.body)[1];
		const cookies = new Map(visitor.jar.cookies);
		await visitor.get(`/mail/?_task=logout&_token=${token}`);
		visitor.jar.cookies = cookies; // as somebody who has kept them
		assert.equal((await openChat(visitor)).me, null);
		assert.equal((await openChat(other)).me, "bob");
	});

	test(`${web}: a visitor who has not logged in, and one with a wrong password, are nobody`, { skip }, async () => {
		const visitor = await logIn(web, "alice", "wrong");
		assert.ok(visitor.jar.cookies.has("roundcube_sessid"));
		assert.equal((await openChat(visitor)).me, null);
		assert.equal((await openChat(site.visitor(web))).me, null);
	});

	test(`${web}: a session that Roundcube would not accept any more`, { skip }, async () => {
		const visitor = await logIn(web, "alice");
		await database.sql(`UPDATE session SET changed = changed - INTERVAL 901 SECOND WHERE sess_id = '${visitor.jar.cookies.get("roundcube_sessid")}'`, "roundcube");
		assert.equal((await openChat(visitor)).me, null);
	});
}

test("prebindctl check is content", { skip }, async () => {
	const { stdout } = await site.prebind.ctl(["check"]);
	assert.match(stdout, /^ok .*site_session: the cookie roundcube_sessid is looked up/m, stdout);
	assert.doesNotMatch(stdout, /more than read access/, "the rights above are enough");
});
