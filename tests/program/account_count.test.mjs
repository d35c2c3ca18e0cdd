// Wrong passwords are counted for the account, whatever was typed and wherever: the login form and prebind-extauth share the count.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Extauth } from "../lib/extauth.mjs";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";

const PASSWORD = "correct horse";
const PHPASS = "$P$5saltSALTrM6DFGRD1EFzp.dxoRhvy1"; // of it
const MOST = 4; // wrong ones that are looked at
let place, prebind, extauth;

before(async () => {
	place = new Place();
	const forum = `${place.folder("site")}/forum.db`;
	await runSql(place, forum, `CREATE TABLE member (login TEXT, mail TEXT, hash TEXT);
		INSERT INTO member VALUES ('Max', 'max@shop.test', '${PHPASS}'), ('Uma', 'uma@shop.test', '${PHPASS}');`);
	const common = { backend: "bosh", bosh_service: "http://127.0.0.1:1/http-bind", limit_login: `${MOST}/1h` };
	prebind = new Prebind(place, {
		server: { listen: "" },
		site: { ...common, hosts: "ours.test", jid: "{user|lower}@ours.test" },
		sites: { theirs: { ...common, hosts: "theirs.test", jid: "{user|safe}@theirs.test", site_database: forum, database: place.path("data/theirs.db"),
			login_query: place.write("etc/login.sql", "SELECT login AS user, hash AS password_hash FROM member WHERE :user IN (login, mail)\n") } },
	});
	await prebind.prepare(Object.fromEntries(["Anna", "bob", "carl", "frida"].map((name) => [name, PASSWORD])));
	for (const [user, jid] of [["bob", "robert@ours.test"], ["frida", "kahlo@ours.test"]])
		await prebind.ctlOk(["--site", "default", "map", "set", user, jid]);
	await prebind.ctlOk(["--site", "theirs", "migrate"]);
	extauth = new Extauth(place, prebind.conf);
});
after(() => place.close({ logs: true }));

/** By the login form of that host: "in", "wrong" or "wait". */
async function form(host, name, password) {
	const one = new Visitor((request) => prebind.cgi({ ...request, params: { HTTP_HOST: host, SERVER_NAME: host } }));
	const { status } = await one.login(name, password);
	return { 303: "in", 401: "wrong", 429: "wait" }[status] ?? status;
}

/** The same by the XMPP server. */
async function xmpp(host, localpart, password) {
	if (await extauth.ask(`auth:${localpart}:${host}:${password}`))
		return "in";
	return { bad_credentials: "wrong", slow_down: "wait" }[extauth.events.at(-1).error] ?? extauth.events.at(-1).error;
}

/** Each step: the way, the name, and the answer to the wrong password (the first MOST) or to the right one. */
async function assertCounts(host, steps) {
	for (const [i, [way, name, answer]] of steps.entries())
		assert.equal(await way(host, name, i < MOST ? "wrong" : PASSWORD), answer, `step ${i + 1}: ${way.name} ${name}`);
}

test("one account by all spellings of its JID and its name, at both doors", () => assertCounts("ours.test", [
	[xmpp, "anna", "wrong"], [xmpp, "ANNA", "wrong"], [form, "Anna", "wrong"], [xmpp, "\uff21nna", "wrong"],
	[xmpp, "anna", "wait"], [form, "Anna", "wait"], [xmpp, "Anna", "wait"],
]));

test("an account that the JID map gives has the count of its user", () => assertCounts("ours.test", [
	[xmpp, "robert", "wrong"], [form, "bob", "wrong"], [xmpp, "Robert", "wrong"], [form, "bob", "wrong"],
	[xmpp, "robert", "wait"], [form, "bob", "wait"],
]));

test("a JID that is no longer the user's does not count for the user of that name", () => assertCounts("ours.test", [
	[xmpp, "frida", "wrong"], [xmpp, "frida", "wrong"], [xmpp, "frida", "wrong"], [xmpp, "Frida", "wrong"],
	[xmpp, "frida", "wait"], [xmpp, "kahlo", "in"], [form, "frida", "in"],
]));

test("an account that does not exist is counted by its JID, like one that does", () => assertCounts("ours.test", [
	[xmpp, "nobody", "wrong"], [xmpp, "NOBODY", "wrong"], [xmpp, "nobody", "wrong"], [xmpp, "nobody", "wrong"],
	[xmpp, "nobody", "wait"], [xmpp, "nobody2", "wrong"], [xmpp, "carl", "in"],
]));

test("a user of the site whom its query knows by name and by e-mail address", () => assertCounts("theirs.test", [
	[form, "max@shop.test", "wrong"], [xmpp, "\\u4d;ax", "wrong"], [form, "Max", "wrong"], [form, "max@shop.test", "wrong"],
	[xmpp, "\\u4d;ax", "wait"], [form, "Max", "wait"], [form, "max@shop.test", "wait"], [xmpp, "\\u55;ma", "in"],
]));
