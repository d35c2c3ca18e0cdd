// prebindctl setup without any answer, as root of a machine: what it proposes from what is installed there, and whose the files are. Each
// machine is Debian as it is here, with a file system and a network of its own.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { docSnippet } from "../lib/docs.mjs";
import { Namespace, noNamespace as skip } from "../lib/namespace.mjs";
import { Place, top } from "../lib/place.mjs";
import { planOf } from "../lib/setup.mjs";
import { until } from "../lib/wait.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";

const SHARE = "/usr/local/share/prebind";
const PACKAGES = { // what says that a server is installed
	prosody: "/etc/prosody/prosody.cfg.lua", ejabberd: "/etc/ejabberd/ejabberd.yml", apache: "/etc/apache2/apache2.conf",
	lighttpd: "/etc/lighttpd/lighttpd.conf", nginx: "/etc/nginx/nginx.conf",
};

let place, ns, bosh;
before(async () => {
	if (skip)
		return;
	place = new Place();
	ns = await Namespace.open(place, "machine");
	bosh = await BoshPeer.start(place);
});
after(() => place?.close());

/** Nothing of prebind is there, and only these servers are installed. */
async function machine(...installed) {
	await ns.sh(`rm -rf /etc/prebind /var/lib/prebind /run/prebind /run/systemd /etc/*/conf-available/*prebind* /etc/nginx/snippets/prebind.conf /srv/www
		userdel -f prebind 2>/dev/null || true
		rm -f ${Object.values(PACKAGES).join(" ")}
		mkdir -p /etc/prosody /etc/ejabberd /etc/apache2/conf-available /etc/lighttpd/conf-available /etc/nginx/snippets /var/www/html
		${installed.map((name) => `echo installed > ${PACKAGES[name]}`).join("\n")}`);
}
beforeEach(() => skip || machine());

/** Runs setup; more: a script before it. */
const run = (args = "", more = "") => ns.sh(`${more}\nprebindctl setup allow_http=on ${args} 2>&1 </dev/null || echo "status $?"`);
const conf = () => ns.sh("cat /etc/prebind/prebind.conf");
const ownerOf = async (file) => (await ns.sh(`stat -c '%U %G %a' ${file}`)).trim();
const line = (text, name) => new RegExp(`^${name} = (.*)$`, "m").exec(text)?.[1];

test("nothing is there: what it tried, what it takes instead, and whose the files are", { skip }, async () => {
	const out = await run();
	for (const address of ["8080/rest/adhoc/bosh@", "5280/http-bind", "5280/bosh", "5443/bosh"])
		assert.ok(out.includes(`127.0.0.1:${address}`) || out.includes(`127.0.0.1:${address.split("/")[0]}:`), `${address} was tried\n${out}`);
	assert.match(out, /found: no software that setup knows, in \/var\/www\/html/);
	assert.deepEqual(planOf(out), { prebind: "write", "prebind.conf": "write" });
	const text = await conf();
	const host = (await ns.sh("hostname")).trim();
	for (const [name, value] of Object.entries({ identity: "login", hosts: host.toLowerCase(), base_path: "/chat", bosh_service: "http://127.0.0.1:5280/http-bind", bosh_auth: "password",
		database: "/var/lib/prebind/prebind.db", listen: "/run/prebind/prebind.sock", user: "www-data", peer_users: "www-data", templates: `${SHARE}/templates` }))
		assert.equal(line(text, name), value, `${name}\n${text}`);
	assert.equal(await ownerOf("/etc/prebind/prebind.conf"), "root root 644");
	assert.equal(await ownerOf("/var/lib/prebind/prebind.db"), "www-data www-data 600");
	assert.equal(await ownerOf("/run/prebind"), "www-data www-data 2750");
});

for (const [installed, auth, word] of [[["prosody", "ejabberd"], "token", "prosody"], [["ejabberd"], "jwt", "ejabberd"]])
	test(`${word} is installed and does not answer: its part switches BOSH on`, { skip }, async () => {
		await machine(...installed);
		const out = await run();
		assert.match(out, new RegExp(`${word} is installed on this machine; the file that setup writes for this server enables BOSH`));
		assert.equal(line(await conf(), "bosh_auth"), auth);
		assert.match(await ns.sh("cat /etc/prebind/xmpp-server.conf"), /Written by prebindctl setup[^]*bosh/i);
		assert.equal(await ownerOf("/etc/prebind/bosh.key"), "www-data www-data 600");
	});

for (const [installed, web, file] of [
	[["apache", "lighttpd", "nginx"], "apache", "/etc/apache2/conf-available/prebind.conf"],
	[["lighttpd", "nginx"], "lighttpd", "/etc/lighttpd/conf-available/60-prebind.conf"],
	[["nginx"], "nginx", "/etc/nginx/snippets/prebind.conf"],
])
	test(`${installed.join(", ")}: the part for ${web}, where Debian expects it`, { skip }, async () => {
		await machine(...installed);
		assert.ok((await run()).includes(`Enable ${file} as described in the first lines of this file.`));
		assert.match(await ns.sh(`head -1 ${file}`), /^# Written by prebindctl setup/);
	});

test("somebody's file is where Debian expects the part: it goes beside the configuration", { skip }, async () => {
	await machine("apache");
	const out = await run("", "echo '# mine' > /etc/apache2/conf-available/prebind.conf");
	assert.match(out, /Enable \/etc\/prebind\/apache\.conf/);
	assert.equal(await ns.sh("cat /etc/apache2/conf-available/prebind.conf"), "# mine\n");
	await machine("apache");
	assert.match(await run("", "rm -r /etc/apache2/conf-available"), /Enable \/etc\/prebind\/apache\.conf/);
});

for (const [installed, web] of [[["prosody", "apache"], "apache"], [["prosody", "lighttpd"], "lighttpd"], [["apache"], "apache"]])
	test(`under systemd, with ${installed.join(" and ")}: the commands that are left`, { skip }, async () => {
		await machine(...installed);
		const out = await run("", "mkdir -p /run/systemd/system");
		assert.match(out, /1\. Read these commands, then run them: sh \/etc\/prebind\/start\.sh\n/);
		const blocks = [...installed.filter((name) => name === "prosody"), web].map((name) => docSnippet("docs/own-server.md", name)).join("");
		const place_of = web === "apache" ? "/etc/apache2/conf-available/prebind.conf" : "/etc/lighttpd/conf-available/60-prebind.conf";
		const expected = blocks.replaceAll(`/etc/prebind/${web}.conf`, place_of).replaceAll("/usr/share/prebind", SHARE);
		assert.equal(await ns.sh("tail -n +2 /etc/prebind/start.sh"), `set -eux\n${expected}`);
	});

test("under systemd, with nginx: its steps are for an editor, so there is no script", { skip }, async () => {
	await machine("prosody", "nginx");
	assert.match(await run("", "mkdir -p /run/systemd/system"), /Enable \/etc\/nginx\/snippets\/prebind\.conf/);
	assert.equal(await ns.sh("ls /etc/prebind | grep -c start.sh || true"), "0\n");
});

test("a BOSH service at a usual address is found", { skip }, async () => {
	await ns.connect({ 5280: new URL(bosh.url).port });
	bosh.script({ status: 404 }, say.mechanisms("PLAIN"), { raw: "<title>ejabberd</title>" });
	const out = await run("domain=chat.example");
	assert.match(out, /127\.0\.0\.1:5280\/http-bind: it answers 404\n[^]*127\.0\.0\.1:5280\/bosh serves the domain chat\.example \(ejabberd\), and offers PLAIN\n/);
	const text = await conf();
	assert.equal(line(text, "bosh_service"), "http://127.0.0.1:5280/bosh");
	assert.equal(line(text, "bosh_auth"), "jwt");
});

test("Tigase at its usual address is found", { skip }, async () => {
	const tigase = ns.start("tigase", [process.execPath, path.join(top, "tests/peers/tigase_peer.mjs"), "--port", "8080"]);
	await until("Tigase", () => tigase.stdout !== "", { gone: () => tigase.gone() });
	const out = await run("domain=chat.example tigase_user=admin@chat.example upstream_http=on", "install -D -m 600 /dev/null /etc/prebind/tigase.password\necho adminpass > /etc/prebind/tigase.password");
	assert.match(out, /127\.0\.0\.1:8080\/rest\/adhoc\/bosh@chat\.example answers \d+, as Tigase's REST interface does/);
	assert.equal(line(await conf(), "tigase_url"), "http://127.0.0.1:8080/rest/adhoc/bosh@chat.example");
	assert.equal(await ownerOf("/etc/prebind/tigase.password"), "www-data www-data 600");
	await tigase.stop();
});

test("the account: prebind if there is one; the web server's for PHP's sessions and for plain CGI", { skip }, async () => {
	await ns.makeAccount();
	await run();
	assert.equal(line(await conf(), "user"), "prebind");
	assert.equal(await ownerOf("/var/lib/prebind/prebind.db"), "prebind prebind 600");
	assert.equal(await ownerOf("/run/prebind"), "prebind www-data 2750");
	await machine();
	await run("login=php_session php_session_user=name php_session_path=/var/tmp");
	assert.equal(line(await conf(), "user"), "www-data");
	await machine();
	await run("web=apache-cgi");
	assert.equal(line(await conf(), "user"), undefined);
	assert.equal(await ownerOf("/var/lib/prebind/prebind.db"), "www-data www-data 600");
});

test("another configuration: PREBIND_CONF, and the site where it usually is", { skip }, async () => {
	const out = await run("", "rm -rf /var/www\nmkdir -p /srv/www\necho '<?php session_start();' > /srv/www/index.php\nexport PREBIND_CONF=/etc/prebind/other.conf");
	assert.match(out, /found: PHP's sessions \(\/srv\/www\/index\.php\)/);
	assert.match(out, /setup cannot find a value for php_session_user/);
	assert.match(await run("wait=30", "rm -r /srv/www\nexport PREBIND_CONF=/etc/prebind/other.conf"), /-c \/etc\/prebind\/other\.conf check --deep/);
	assert.equal(line(await ns.sh("cat /etc/prebind/other.conf"), "wait"), "30");
});

test("rights that root mends: owners, modes, the folder of the database", { skip }, async () => {
	await machine("prosody");
	await run();
	const files = ["/etc/prebind/bosh.key", "/var/lib/prebind/prebind.db", "/var/lib/prebind"];
	await ns.sh(`chown root:root ${files.join(" ")}\nchmod 600 /etc/prebind/prebind.conf`);
	const out = await run();
	const plan = planOf(out);
	assert.deepEqual([plan["bosh.key"], plan["prebind.db"], plan["prebind.conf"]], ["fix", "fix", "fix"], out);
	assert.equal(await ownerOf("/var/lib/prebind"), "www-data www-data 750");
	assert.equal(await ownerOf("/var/lib/prebind/prebind.db"), "www-data www-data 600");
	assert.equal(await ownerOf("/etc/prebind/bosh.key"), "www-data www-data 600");
	assert.equal(await ownerOf("/etc/prebind/prebind.conf"), "root root 644");
	await ns.sh("touch /var/lib/prebind/mine\nchown root:root /var/lib/prebind");
	assert.equal(planOf(await run()).prebind, undefined, "a folder with other files keeps its owner");
	assert.equal(await ownerOf("/var/lib/prebind"), "root root 750");
});
