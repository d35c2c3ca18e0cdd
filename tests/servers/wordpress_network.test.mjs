// A network of WordPress sites (multisite, in folders) with MariaDB behind Apache: one login for all its sites is one in the chat;
// a copy of the query, made as its first lines say, takes the members of one site only.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { apacheFastcgi } from "../lib/apache.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { httpRequest, Visitor } from "../lib/http.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { Place } from "../lib/place.mjs";
import { openChat } from "../lib/site.mjs";
import { freePorts, until } from "../lib/wait.mjs";
import { apachePart, changePassword, logIn, logOut, NETWORK_RULES, Wordpress } from "../lib/wordpress.mjs";
import { startSite } from "../lib/xmpp_site.mjs";

const skip = !fs.existsSync("/usr/share/wordpress/wp-login.php") && "needs wordpress";
const USERS = { alice: "alice's pass phrase", bob: "bob's pass phrase", carol: "carol's pass phrase", spam: "spam's pass phrase" };
const [MAIN, SECOND] = ["", "/second"];
const QUERY = "sql/sites/wordpress/session.sql";

let place, mariadb, wordpress, site, port;

/** The lines of the shipped query that may be added to it. */
const additions = () => [...fs.readFileSync(QUERY, "utf8").matchAll(/^-- {4}(AND .*)$/gm)].map(([, line]) => line);

/** bob and spam are members of the second site only, carol of the first; alice is one of both. */
async function startNetwork() {
	wordpress = await Wordpress.start(place, mariadb);
	await wordpress.install(`http://127.0.0.1:${port}`);
	await wordpress.addUsers(USERS);
	await wordpress.makeNetwork(`127.0.0.1:${port}`);
	await wordpress.php(`require '${wordpress.root}/wp-load.php'; foreach (['alice', 'bob', 'spam'] as $name) add_user_to_blog(2, get_user_by('login', $name)->ID, 'subscriber');
		foreach (['bob', 'spam'] as $name) remove_user_from_blog(get_user_by('login', $name)->ID, 1);`);
}

before(async () => {
	if (skip)
		return;
	place = new Place();
	[port] = await freePorts(1);
	mariadb = await Mariadb.start(place);
	await startNetwork();
	const grants = docSnippet("docs/identity.md", "wordpress_account", {}).match(/GRANT [^;]*;/g);
	const network = docSnippet("docs/identity.md", "wordpress_network_account", {}).match(/GRANT [^;]*;/g);
	await mariadb.sql(`CREATE USER prebind@localhost; ${[...grants, ...network].join(" ")}`, "wordpress");
	const common = { base_path: "/chat", jid: "{user|safe}@example.org", identity: "site_session", login_url: "/wp-login.php", site_result: "wordpress",
		site_database: mariadb.uri("prebind", "wordpress"), site_query: place.copy(QUERY, "sql/session.sql"), site_secret_file: place.write("etc/wordpress.secret", `LOGGED_IN_KEY=${"k".repeat(64)}\nLOGGED_IN_COOKIE=wordpress_logged_in_${"0".repeat(32)}\n`) };
	site = await startSite(place, { server: "prosody", way: "token", users: {}, site: common });
	await site.prebind.ctlOk(["wordpress", "import", wordpress.config]);
	await reload();
	await apacheFastcgi(place, { socket: site.prebind.socket, boshPort: site.port, port, modules: ["rewrite"], more: `${apachePart(wordpress)}\n${NETWORK_RULES}` });
});
after(() => place?.close({ logs: true }));

async function reload() {
	const from = site.prebind.child.log.length;
	site.prebind.child.process.kill("SIGHUP");
	await until("the new configuration", () => /"event":"reloaded"/.test(site.prebind.child.log.slice(from)));
}

const visitor = () => new Visitor((request) => httpRequest({ port, ...request }));
const me = async (who) => (await openChat(who)).me;

test("logged in at one site of the network, known; logged out at another, nobody", { skip }, async () => {
	for (const [here, there] of [[MAIN, SECOND], [SECOND, MAIN]]) {
		const alice = visitor();
		assert.equal(await me(alice), null);
		await logIn(alice, "alice", USERS.alice, here);
		assert.equal(await me(alice), "alice of WordPress", here);
		await logOut(alice, there);
		assert.equal(await me(alice), null, there);
	}
});

test("a member of another site is known too; a new password makes the other browser nobody", { skip }, async () => {
	const [here, elsewhere] = [visitor(), visitor()];
	await logIn(here, "bob", USERS.bob, SECOND);
	await logIn(elsewhere, "bob", USERS.bob, SECOND);
	assert.deepEqual([await me(here), await me(elsewhere)], ["bob of WordPress", "bob of WordPress"]);
	await changePassword(here, "another pass phrase", SECOND);
	assert.deepEqual([await me(here), await me(elsewhere)], ["bob of WordPress", null]);
});

test("the query's additions: only the members of the second site, and nobody who is marked as spam", { skip }, async () => {
	const visitors = Object.fromEntries(await Promise.all(["alice", "carol", "spam"].map(async (user) => {
		const one = visitor();
		await logIn(one, user, USERS[user], user === "spam" ? SECOND : MAIN);
		assert.equal(await me(one), `${user} of WordPress`);
		return [user, one];
	})));
	await wordpress.php(`require '${wordpress.root}/wp-load.php'; require ABSPATH . 'wp-admin/includes/ms.php'; update_user_status(get_user_by('login', 'spam')->ID, 'spam', 1);`);
	const lines = additions();
	assert.equal(lines.length, 2);
	const text = fs.readFileSync(QUERY, "utf8");
	place.write("sql/session.sql", text.replace(/;\s*$/, `\n ${lines.join("\n ")};\n`));
	await reload();
	assert.deepEqual([await me(visitors.alice), await me(visitors.carol), await me(visitors.spam)], ["alice of WordPress", null, null]);
});
