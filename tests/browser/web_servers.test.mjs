// Two people in Chromium on each web server, as shipped: they log in, talk, and go. Prosody stands behind.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startChromium } from "../lib/chromium.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { Namespace, noNamespace, SERVER_KEYS } from "../lib/namespace.mjs";
import { enterBoth, greet, leave, ready, sees, talkTo, write } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { confText } from "../lib/prebind.mjs";
import { startProsody } from "../lib/prosody.mjs";
import { freePorts } from "../lib/wait.mjs";

const DOMAIN = "example.org";
const USERS = { alice: "correct horse", bob: "battery staple" };
const XMPP = { alice: "alice's XMPP password", bob: "bob's XMPP password" };
const SITE = {
	base_path: "/chat",
	database: "/var/lib/prebind/prebind.db",
	templates: "/usr/local/share/prebind/templates",
	jid: `{user}@${DOMAIN}`,
	backend: "bosh",
	bosh_service: "http://127.0.0.1:5280/http-bind",
	allow_http: "on",
	limit_bind_user: "off",
	limit_bind_ip: "off",
};

/** A web server with the program and its users behind it; returns what people.mjs needs. */
async function startSite(place, { server, document, number, boshPort, port }) {
	const ns = await Namespace.open(place, `machine-${number}`);
	await ns.connect({ 5280: boshPort });
	await ns.makeAccount();
	await ns.write("/etc/prebind/prebind.conf", confText({ server: { ...SERVER_KEYS, log: "stderr" }, sites: { default: SITE } }));
	const ctl = "setpriv --reuid=prebind --regid=prebind --init-groups prebindctl";
	await ns.sh(`install -d -o prebind -g prebind -m 700 /var/lib/prebind && ${ctl} migrate`);
	for (const [name, password] of Object.entries(USERS)) {
		await ns.sh(`echo "${password}" | ${ctl} user add ${name} --password-stdin
			echo "${XMPP[name]}" | ${ctl} map set ${name} ${name}@${DOMAIN} --xmpp-password-stdin`);
	}
	await ns.startProgram();
	await ns.follow(docSnippet(document, "fastcgi"));
	await ns.startWeb(server);
	await ns.expose(port);
	return { url: `http://127.0.0.1:${port}/chat/`, users: USERS };
}

const rows = [
	{ server: "apache2", document: "docs/apache.md" },
	{ server: "lighttpd", document: "docs/lighttpd.md" },
	{ server: "nginx", document: "docs/nginx.md" },
];
const place = new Place();
let browser;

before(async () => {
	if (noNamespace)
		return;
	const [boshPort, ...ports] = await freePorts(1 + rows.length);
	browser = await startChromium(place);
	await startProsody(place, { domain: DOMAIN, port: boshPort, users: XMPP });
	for (const [number, row] of rows.entries())
		row.chat = await startSite(place, { ...row, number, boshPort, port: ports[number] });
});
after(() => place.close({ logs: true }));

for (const row of rows) {
	test(`${row.server}: alice and bob log in, talk, look again, and go`, { skip: noNamespace }, async () => {
		const { alice, bob } = await enterBoth(browser, row.chat);
		await greet(alice, bob, "says hello");

		await alice.reload();
		await ready(alice);
		await talkTo(alice, "bob");
		await write(alice, "still here");
		await sees(bob, ["alice says hello", "bob says hello", "still here"]);

		await bob.getByRole("button", { name: "Log out" }).click();
		await bob.getByLabel("Password").waitFor();
		assert.equal(new URL(bob.url()).pathname, "/chat/login");
		await leave(alice, bob);
	});
}
