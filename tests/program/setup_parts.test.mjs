// prebindctl setup: how it finds out which XMPP server answers, and the parts that it writes for each XMPP server and each web server.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { docSnippet } from "../lib/docs.mjs";
import { top } from "../lib/place.mjs";
import { ordinaryPlace, ordinarySetup, planOf } from "../lib/setup.mjs";
import { DEAD_PORT } from "../lib/wait.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const { place, fresh } = ordinaryPlace();
after(() => place.close());

const read = (file) => fs.readFileSync(file, "utf8");
const PAGES = {
	prosody: "<!DOCTYPE html><title>Prosody BOSH endpoint</title>",
	ejabberd: "<html><head><title>ejabberd BOSH service</title></head></html>",
	other: "<html>It works!</html>",
};

/** A BOSH service that a browser sees as that server, and that takes no more than what setup asks. */
async function boshServer(t, server) {
	const peer = await BoshPeer.start({ onClose: (close) => t.after(close) });
	peer.script(say.mechanisms("SCRAM-SHA-1", "PLAIN"), { raw: PAGES[server] });
	return peer;
}

/** The server that answers, how prebind logs in there, and the blocks of its document that setup then writes. */
const PARTS = [
	["prosody", "token", ["bosh", "token"], "--", ", and copy bosh.key to the XMPP server"],
	["prosody", "password", ["bosh", "password"], "--", ""],
	["ejabberd", "jwt", ["bosh", "jwt"], "#", ", and copy bosh.key to the XMPP server"],
	["ejabberd", "password", ["bosh", "password"], "#", ""],
	["prosody", "jwt", null],
	["other", "password", null],
];
for (const [server, auth, blocks, comment, key] of PARTS)
	test(`the part for ${server}, with auth = ${auth}`, async (t) => {
		const home = fresh();
		const peer = await boshServer(t, server);
		const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, domain: "chat.example", jid: "{user}@chat.example", auth, xmpp: peer.url });
		assert.equal(code, 0, stdout + stderr);
		assert.match(stdout, new RegExp(`${peer.url} serves the domain chat\\.example \\(${server}\\), and offers .*PLAIN`));
		assert.match(peer.bodies[0], /\bto=['"]chat\.example['"]/);
		assert.match(peer.bodies[1], /\btype=['"]terminate['"]/, "the session of the trial is ended");
		assert.match(read(home.conf), new RegExp(`^bosh_auth = ${auth}$`, "m"));
		assert.equal(fs.existsSync(home.at("etc/bosh.key")), ["token", "jwt"].includes(auth));
		if (blocks === null) {
			assert.equal(fs.existsSync(home.at("etc/xmpp.conf")), false);
			assert.doesNotMatch(stdout, /into the XMPP server's configuration/);
			return;
		}
		const port = new URL(peer.url).port;
		const expected = blocks.map((name) => docSnippet(`docs/${server}.md`, name)).join("").replaceAll("example.org", "chat.example").replaceAll("5280", port);
		const [mark, ...rest] = read(home.at("etc/xmpp.conf")).split("\n");
		assert.ok(mark.startsWith(`${comment} Written by prebindctl setup`), mark);
		assert.equal(rest.join("\n"), expected);
		assert.ok(stdout.includes(`Copy the lines of ${home.at("etc/xmpp.conf")} into the XMPP server's configuration${key} (docs/${server}.md).`), stdout);
	});

for (const [server, proposed] of [["prosody", "token"], ["ejabberd", "jwt"], ["other", "password"]])
	test(`${server} answers: auth = ${proposed} is proposed`, async (t) => {
		const home = fresh();
		const peer = await boshServer(t, server);
		const { code, stderr } = await ordinarySetup(home, { ...home.answers, auth: undefined, xmpp: peer.url });
		assert.equal(code, 0, stderr);
		assert.match(read(home.conf), new RegExp(`^bosh_auth = ${proposed}$`, "m"));
	});

test("Tigase: its part, and how it is called", async (t) => {
	const home = fresh();
	const peer = await startTigasePeer();
	t.after(() => peer.close());
	place.write(`${home.name}/etc/tigase.password`, "adminpass\n");
	const answers = { ...home.answers, auth: undefined, xmpp: peer.url, tigase_user: "admin@example.test", upstream_http: "on" };
	const { code, stdout, stderr } = await ordinarySetup(home, answers);
	assert.equal(code, 0, stdout + stderr);
	assert.match(stdout, /answers \d+, as Tigase's REST interface does/);
	assert.ok(read(home.conf).includes(`\ntigase_url = ${peer.url}\n`));
	const [mark, ...rest] = read(home.at("etc/xmpp.conf")).split("\n");
	assert.ok(mark.startsWith("// Written by prebindctl setup"), mark);
	assert.match(rest.join("\n"), /^ +bosh \(\) \{\n[^`]*'pre-bind-bosh-session' = [^`]*\}\n$/);
	assert.match(stdout, /Copy the lines of \S+ into the XMPP server's configuration \(docs\/tigase\.md\)/);
});

/** What an address answers, and what setup says of it. */
const ANSWERS = [
	["another status", { status: 404 }, /^ {2}http:\S+\/http-bind: it answers 404\n/m],
	["no BOSH", { raw: "<html>hello</html>" }, /\/http-bind: .*BOSH/],
	["no XML", { raw: "hello" }, /\/http-bind: /],
	["that it does not serve the domain", { raw: "<body xmlns='http://jabber.org/protocol/httpbind' type='terminate' condition='host-unknown'/>" }, /\/http-bind: .*host-unknown/],
	["no way to log in", "<stream:features/>", /serves the domain example\.org \(other\), and offers no way to log in\n/],
];
for (const [what, step, says] of ANSWERS)
	test(`the address answers ${what}`, async (t) => {
		const home = fresh();
		const peer = await BoshPeer.start({ onClose: (close) => t.after(close) });
		peer.script(step);
		const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, auth: undefined, xmpp: peer.url }, ["--dry-run"]);
		assert.equal(code, 0, stderr);
		assert.match(stdout, says);
		assert.equal(planOf(stdout)["xmpp.conf"], undefined);
	});

for (const [what, answers, says] of [
	["nothing listens at a BOSH service's", { xmpp: `http://127.0.0.1:${DEAD_PORT}/http-bind` }, /\/http-bind: .*no connection \(Connection refused\)/],
	["nothing listens at Tigase's", { xmpp: `http://127.0.0.1:${DEAD_PORT}/rest/adhoc/bosh@example.org` }, /^ {2}.*no connection \(Connection refused\)/m],
	["the file of certificates is not there", { ca_file: "/nonexistent/ca.pem", xmpp: "https://127.0.0.1:1/http-bind" }, /setup cannot look for an XMPP server: .*\/nonexistent\/ca\.pem/],
])
	test(`the address does not answer: ${what}`, async () => {
		const home = fresh();
		const { stdout } = await ordinarySetup(home, { ...home.answers, auth: "password", ...answers }, ["--dry-run"]);
		assert.match(stdout, says);
	});

test("Tigase's address answers as something else", async (t) => {
	const home = fresh();
	const peer = await BoshPeer.start({ onClose: (close) => t.after(close) });
	const { stdout } = await ordinarySetup(home, { ...home.answers, xmpp: peer.url.replace("/http-bind", "/rest/adhoc/bosh@example.org") }, ["--dry-run"]);
	assert.match(stdout, /\/rest\/adhoc\/bosh@example\.org answers 410\n/);
});

/** A shared folder without the document, or with another one. */
for (const [what, text, says] of [
	["is not there", null, /share\/docs\/prosody\.md cannot be read; set share=FOLDER to the folder of prebind's shared files/],
	["has no such block", "# Prosody\n\n```lua bosh\n", /docs\/prosody\.md has no block `lua bosh`; install prebind again/],
])
	test(`the XMPP server's document ${what}`, async (t) => {
		const home = fresh();
		const peer = await boshServer(t, "prosody");
		const share = place.folder(`${home.name}/share`, 0o755);
		place.copy("templates", `${home.name}/share/templates`);
		if (text !== null)
			place.write(`${home.name}/share/docs/prosody.md`, text);
		const { code, stderr } = await ordinarySetup(home, { ...home.answers, share, web: "none", auth: "token", xmpp: peer.url });
		assert.equal(code, 1);
		assert.match(stderr, says);
		assert.equal(fs.existsSync(home.at("etc")), false);
	});

// ---- web servers ----

const SOCKET = "SOCKET", STATIC = "STATIC";
/** Lines of the part for the mount point /talk/x, with a BOSH service at port 5999. */
const WEB = {
	apache: { has: [/^Define prebind_socket "SOCKET"$/m, /^ProxyPassMatch \^\/talk\/x\(\/\|\$\) /m, /^Alias \/talk\/x\/static /m, /^Define prebind_bosh "http:\/\/127\.0\.0\.1:5999\/http-bind"$/m], socket: true },
	nginx: { has: [/fastcgi_pass unix:SOCKET;/, /^location \^~ \/talk\/x\/ \{$/m, /proxy_pass +http:\/\/127\.0\.0\.1:5999\/http-bind/, /STATIC/], socket: true },
	lighttpd: { has: [/^var\.prebind_mount = "\/talk\/x"$/m, /^var\.prebind_socket = "SOCKET"$/m, /^var\.prebind_bosh_port = "5999"$/m, /^var\.prebind_static = "STATIC"$/m], socket: true },
	"apache-cgi": { has: [/^ScriptAliasMatch \^\/talk\/x\(/m, /^Define prebind_static "STATIC"$/m], socket: false },
	"lighttpd-cgi": { has: [/^var\.prebind_mount = "\/talk\/x"$/m, /^var\.prebind_static = "STATIC"$/m], socket: false },
};
for (const [web, { has, socket }] of Object.entries(WEB))
	test(`${web}'s part has this path, the socket and the files`, async () => {
		const home = fresh();
		const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, web, xmpp: "http://127.0.0.1:5999/http-bind", url: "http://127.0.0.1/talk/x/" });
		assert.equal(code, 0, stderr);
		const part = read(home.at("etc/web.conf"));
		for (const { source, flags } of has)
			assert.match(part, new RegExp(source.replace(SOCKET, home.answers.listen).replace(STATIC, `${home.answers.share}/static`), flags));
		assert.doesNotMatch(part, /\/chat[(/]/);
		const conf = read(home.conf);
		assert.equal(/^listen = /m.test(conf), socket, "plain CGI has no socket");
		assert.equal(fs.existsSync(home.at("run")), socket);
		assert.match(conf, /^base_path = \/talk\/x$/m);
		assert.ok(stdout.includes(`Enable ${home.at("etc/web.conf")} as described in the first lines of this file.`), stdout);
		assert.equal(/systemctl enable/.test(stdout), socket);
	});

test("Tigase's REST address does not become the web server's BOSH service", async () => {
	const home = fresh();
	place.write(`${home.name}/etc/tigase.password`, "adminpass\n");
	const { code, stderr } = await ordinarySetup(home, { ...home.answers, web: "apache", auth: "tigase", tigase_user: "a@example.org", upstream_http: "on",
		xmpp: `http://127.0.0.1:${DEAD_PORT}/rest/adhoc/bosh@example.org` });
	assert.equal(code, 0, stderr);
	const shipped = read(path.join(top, "apache/prebind.conf"));
	const line = /^Define prebind_bosh .*$/m;
	assert.equal(line.exec(read(home.at("etc/web.conf")))[0], line.exec(shipped)[0]);
});

test("htaccess: the browser calls the XMPP server's own address", async () => {
	const home = fresh();
	const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, web: "htaccess" });
	assert.equal(code, 0, stdout + stderr);
	assert.match(read(home.conf), /^bosh_url = http:\/\/127\.0\.0\.1:1\/http-bind$/m);
	assert.doesNotMatch(read(home.conf), /^listen = /m);
	assert.match(read(home.at("etc/web.conf")), /^RewriteRule \^chat\/static\//m);
});

test("web = none, at the root of the host: no part, and the configuration has the root", async () => {
	const home = fresh();
	const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, web: "none", url: "http://127.0.0.1/" });
	assert.equal(code, 0, stdout + stderr);
	assert.equal(fs.existsSync(home.at("etc/web.conf")), false);
	assert.match(read(home.conf), /^base_path = \/$/m);
	assert.doesNotMatch(stdout, /Enable /);
});

test("lighttpd can have the page at the root of the host", async () => {
	const home = fresh();
	const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, url: "http://127.0.0.1" });
	assert.equal(code, 0, stdout + stderr);
	assert.match(read(home.at("etc/web.conf")), /^var\.prebind_mount = ""$/m);
});

test("with another way than prebind's own logins nobody is told to add users", async () => {
	const home = fresh();
	const own = await ordinarySetup(home, home.answers, []);
	assert.match(own.stdout, /Add users: prebindctl -c \S+ user add NAME\n/);
	const other = await ordinarySetup(home, { ...home.answers, login: "remote_user" });
	assert.doesNotMatch(other.stdout, /Add users/);
	assert.match(other.stdout, /check --deep --web http:\/\/127\.0\.0\.1\/chat\/\n {2}\d\. Open http:\/\/127\.0\.0\.1\/chat\/\n$/);
});

test("a proxy in front: the configuration trusts it", async () => {
	const home = fresh();
	assert.equal((await ordinarySetup(home, { ...home.answers, trusted_proxies: "192.0.2.7" })).code, 0);
	assert.match(read(home.conf), /^trusted_proxies = 192\.0\.2\.7$/m);
});
