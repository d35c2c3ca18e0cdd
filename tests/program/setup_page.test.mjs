// The page /setup of the kit: who may use it, what it shows before it writes, and that it is gone afterwards. The program is started as the
// kit's launcher starts it; tests/servers/kit_setup.test.mjs has the whole kit behind Apache.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { cgiParams } from "../lib/cgi.mjs";
import { FORM } from "../lib/http.mjs";
import { FIELDS, formFields, lines, Operator, SECRET, unpackKit } from "../lib/setup_page.mjs";
import { DEAD_PORT } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const XMPP = `http://127.0.0.1:${DEAD_PORT}/http-bind`;
const TYPE = { "Content-Type": "application/x-www-form-urlencoded" };

const post = (kit, fields, more = {}) => kit.send({
	method: "POST", path: "/setup", body: new URLSearchParams(fields).toString(), headers: { ...FORM, ...TYPE }, ...more,
});

/** What the form as it is opened says that can be written: file names and modes. */
const announced = (body) => [...body.match(/<ul id="files">(.*?)<\/ul>/s)[1].matchAll(/<li>(.*?)\((\d+)\)/gs)].flatMap(([, names, mode]) =>
	[...names.matchAll(/<code>(?:[^<]*\/)?(.*?)<\/code>/g)].map(([, name]) => `${name} ${mode}`));
/** The files that a plan writes. */
const written = (plan) => [...plan.matchAll(/^ {2}write +\S+\/(\S+) {2}\(.*; (\d+),/gm)].map(([, name, mode]) => `${name} ${mode}`);

test("a stranger sees an empty form, and nothing of the site", async (t) => {
	const kit = unpackKit(t);
	kit.place.write("web/index.php", "<?php session_start();");
	const page = await kit.send({ path: "/setup" });
	assert.equal(page.status, 200, page.stderr);
	const { url, ...fields } = formFields(page.body);
	assert.deepEqual(Object.keys({ url, ...fields }).sort(), [...FIELDS].sort());
	assert.equal(url, "https://example.org/chat/", "what the browser has sent");
	assert.deepEqual([...new Set(Object.values(fields))], [""]);
	assert.ok(!page.body.includes(kit.place.dir), "no path of the host");
	assert.doesNotMatch(page.body, /php_session \(|found: /);
	assert.equal(page.headers["cache-control"], "no-store");
	assert.match(page.headers["content-security-policy"], /form-action 'self'; frame-ancestors 'none'/);
	assert.match(kit.secret(), /^[\w-]{32}$/);
	assert.equal(fs.statSync(kit.place.path("prebind-private", SECRET)).mode & 0o777, 0o600);
	const first = kit.secret();
	assert.ok(!page.body.includes(first));
	await kit.send({ path: "/setup" });
	assert.equal(kit.secret(), first, "the secret stays the same");
});

for (const [what, request] of [
	["no secret", { fields: {} }],
	["an empty secret", { fields: { secret: "" } }],
	["a secret that is cut", { fields: (secret) => ({ secret: secret.slice(0, -1) }) }],
	["a secret with more behind it", { fields: (secret) => ({ secret: `${secret}x` }) }],
	["another secret", { fields: { secret: "A".repeat(32), do: "write" } }],
])
	test(`refused: ${what}`, async (t) => {
		const kit = unpackKit(t);
		await kit.send({ path: "/setup" });
		const fields = typeof request.fields === "function" ? request.fields(kit.secret()) : request.fields;
		const entered = { domain: 'a"<b>.example', xmpp: XMPP, login: "token", more: "wait = 50", first_user: "alice" };
		const page = await post(kit, { do: "write", first_password: "correct horse", ...entered, ...fields });
		assert.ok([200, 403].includes(page.status), String(page.status));
		const shown = formFields(page.body);
		assert.equal(shown.secret, "");
		assert.deepEqual(Object.fromEntries(Object.keys(entered).map((name) => [name, shown[name]])), entered, "what was entered stays");
		assert.ok(!page.body.includes("correct horse"));
		assert.ok(!page.body.includes(kit.place.dir), "no path of the host");
		assert.deepEqual(fs.readdirSync(kit.place.path("prebind-private/etc")), []);
	});

for (const [what, status, more] of [
	["from another site's page", 403, { headers: { ...TYPE, "Sec-Fetch-Site": "cross-site" } }],
	["from another origin", 403, { headers: { ...TYPE, Origin: "https://evil.example" } }],
	["over plain http from outside", 403, { params: { HTTPS: undefined, SERVER_PORT: "80", REMOTE_ADDR: "192.0.2.7" } }],
	["to another address", 404, { path: "/setup/x" }],
	["with an unknown field", 400, { body: "secret=x&other=1" }],
	["with a body that is too long", 413, { body: `secret=${"x".repeat(20000)}` }],
	["with another method", 405, { method: "PUT" }],
])
	test(`refused with ${status}: ${what}`, async (t) => {
		const kit = unpackKit(t);
		await kit.send({ path: "/setup" });
		assert.equal((await post(kit, { secret: kit.secret() }, more)).status, status);
	});

test("many wrong secrets are slowed down; the right one is not", async (t) => {
	const kit = unpackKit(t);
	await kit.send({ path: "/setup" });
	const answers = [];
	for (let i = 0; i < 25; i++)
		answers.push(await post(kit, { secret: `wrong-${i}` }));
	const slow = answers.find(({ status }) => status === 429);
	assert.ok(slow, answers.map(({ status }) => status).join());
	assert.ok(Number(slow.headers["retry-after"]) >= 1);
	assert.equal((await post(kit, { secret: ` ${kit.secret()}\r\n` })).status, 200, "blanks around it do not count");
});

test("shows what it will do, writes it, checks it, and switches itself off", async (t) => {
	const kit = unpackKit(t);
	const etc = kit.place.path("prebind-private/etc");
	kit.place.write("web/index.php", "<?php session_start();");
	const operator = new Operator(kit.send);
	const files = announced((await operator.open()).body);
	const first = await operator.submit({ secret: kit.secret() }, "write");
	assert.equal(first.status, 200);
	const proposed = formFields(first.body);
	assert.equal(proposed.site, kit.place.path("web"));
	assert.equal(proposed.url, "https://example.org/chat/");
	assert.equal(proposed.domain, "example.org");
	assert.match(first.body, /<option value="">[^<]* \(php_session\)/);
	assert.match(lines(first.body, "found"), /found: PHP's sessions/);
	assert.match(first.body, /role="alert".*setup cannot find a value for php_session_user/s);
	assert.equal(proposed.more, "php_session_user =", "a line for what is missing");
	assert.match(first.body, /<details open>/);
	assert.equal(lines(first.body, "plan"), "");
	assert.deepEqual(fs.readdirSync(etc), []);

	const shown = await operator.submit({ xmpp: XMPP, domain: "chat.example", more: "php_session_user = user.name\r\nphp_session_path = /var/tmp" }, "show");
	const plan = lines(shown.body, "plan");
	assert.match(plan, /write +\S+\/etc\/prebind\.conf/, shown.body);
	assert.match(plan, /unchanged +\S+\/web\/chat\/\.htaccess/);
	assert.deepEqual(written(plan).filter((file) => !files.includes(file)), [], "the first page named them all");
	assert.match(shown.body, /<code>{user}@chat\.example<\/code>/, "what depends on the domain is proposed anew");
	assert.deepEqual(fs.readdirSync(etc), [], "nothing was written yet");

	const changed = await operator.submit({ jid: "{user|lower}@chat.example" }, "write");
	assert.match(changed.body, /role="alert"/, "another plan is shown before it is written");
	assert.deepEqual(fs.readdirSync(etc), []);

	const done = await operator.submit({}, "write");
	assert.equal(done.status, 200, done.stderr);
	const report = lines(done.body, "report");
	assert.match(report, /^ok {4}default: database: /m);
	assert.match(report, /^FAIL +default: upstream: /m, "no XMPP server answers there");
	assert.match(report, /Open https:\/\/example\.org\/chat\/\n$/);
	assert.match(done.body, /<a class="button" href="\/chat\/">/);
	const conf = fs.readFileSync(kit.conf, "utf8");
	for (const line of ["jid = {user|lower}@chat.example", `bosh_url = ${XMPP}`, "php_session_user = user.name", "base_path = /chat",
		`database = ${kit.folder}/data/prebind.db`])
		assert.ok(conf.includes(`\n${line}\n`), `${line}\n${conf}`);
	assert.doesNotMatch(conf, /^(listen|trusted_proxies) = /m);
	assert.equal(fs.statSync(kit.place.path("prebind-private/data/prebind.db")).mode & 0o777, 0o600);
	assert.equal(fs.existsSync(kit.place.path("prebind-private", SECRET)), false, "the secret is used up");
	assert.equal((await kit.send({ path: "/setup" })).status, 404);
	assert.equal((await post(kit, { secret: kit.secret, do: "write" })).status, 404);
});

test("one form is enough if the XMPP server answers, also Tigase", async (t) => {
	const kit = unpackKit(t);
	const peer = await startTigasePeer();
	t.after(() => peer.close());
	const fields = { site: "-", domain: "example.org", xmpp: peer.url, tigase_password: "adminpass",
		more: `tigase_user = admin@example.org\r\nbosh_url = ${XMPP}\r\nupstream_http = on`, first_user: "alice", first_password: "correct horse" };
	const { page, forms } = await Operator.fill(kit, fields, "write");
	assert.match(page.body, /<a class="button" href="\/chat\/">/, page.body);
	assert.equal(forms, 1);
	assert.ok(!page.body.includes("correct horse") && !page.body.includes("adminpass"));
	assert.ok(fs.readFileSync(kit.conf, "utf8").includes(`\ntigase_url = ${peer.url}\n`));
	const { stdout } = await kit.place.run([kit.program, "-c", kit.conf, "user", "list"]);
	assert.match(stdout, /^alice\b/m);
});

test("an address where no XMPP server answers is written only by the second form", async (t) => {
	const kit = unpackKit(t);
	const operator = await Operator.fill(kit, { site: "-", xmpp: XMPP }, "write");
	assert.equal(operator.page.status, 200);
	assert.match(operator.page.body, /role="alert"[^<]*>No XMPP server answers/);
	assert.match(lines(operator.page.body, "found"), new RegExp(`${XMPP}: .*refused`, "i"));
	assert.equal(fs.existsSync(kit.conf), false);
	const done = await operator.submit({}, "write");
	assert.match(done.body, /<a class="button" href="\/chat\/">/);
	assert.equal(fs.existsSync(kit.conf), true);
});

test("own logins: the first user can be added, and secrets are written for the owner alone", async (t) => {
	const kit = unpackKit(t);
	const operator = await Operator.fill(kit, { site: "-", xmpp: XMPP, auth: "token", login: "login", first_user: "alice" }, "show");
	const silent = await operator.submit({}, "write");
	assert.match(silent.body, /role="alert".*enter the password of the first user again/s, "a user without a password is not left out silently");
	const again = await operator.submit({ first_password: "correct horse" }, "show");
	assert.equal(formFields(again.body).auth, "token");
	const done = await operator.submit({ first_password: "correct horse" }, "write");
	assert.match(done.body, /<a class="button" href="\/chat\/">/, lines(done.body, "report"));
	assert.ok(!done.body.includes("correct horse"));
	assert.equal(fs.statSync(kit.place.path("prebind-private/etc/bosh.key")).mode & 0o777, 0o600);
	const { stdout } = await kit.place.run([kit.program, "-c", kit.conf, "user", "list"]);
	assert.match(stdout, /^alice\b/m);
});

test("behind a proxy that ends TLS, the proxy becomes a trusted one", async (t) => {
	const kit = unpackKit(t);
	const params = { HTTPS: undefined, SERVER_PORT: "80", REMOTE_ADDR: "192.0.2.7" };
	const operator = await Operator.fill(kit, { site: "-", xmpp: XMPP }, "show",
		(request) => kit.send({ ...request, headers: { ...request.headers, "X-Forwarded-Proto": "https" }, params }));
	assert.equal(formFields(operator.page.body).url, "https://example.org/chat/");
	await operator.submit({}, "write");
	assert.match(fs.readFileSync(kit.conf, "utf8"), /^trusted_proxies = 192\.0\.2\.7$/m);
});

test("what somebody else wrote stays, and the page stays on", async (t) => {
	const kit = unpackKit(t);
	kit.place.write("web/chat/.htaccess", "# mine\n");
	const operator = await Operator.fill(kit, { site: "-", xmpp: XMPP }, "write");
	for (const button of ["write", "show", "write"]) {
		assert.match(operator.page.body, /role="alert".*\.htaccess was not written by setup/s);
		assert.equal(lines(operator.page.body, "plan"), "");
		assert.deepEqual(fs.readdirSync(kit.place.path("prebind-private/etc")), []);
		await operator.submit({}, button);
	}
	assert.equal((await operator.open()).status, 200);
});

test("a database that cannot be made: the reason is shown, and the page stays on", async (t) => {
	const kit = unpackKit(t);
	kit.place.write("prebind-private/data/prebind.db", "not a database, but of somebody");
	const operator = await Operator.fill(kit, { site: "-", xmpp: XMPP }, "show");
	const page = await operator.submit({}, "write");
	assert.equal(page.status, 503);
	assert.match(lines(page.body, "report"), /not a database/);
	assert.equal(fs.existsSync(kit.conf), false);
	assert.equal(formFields(page.body).xmpp, XMPP);
	assert.equal((await operator.open()).status, 200);
	assert.equal(fs.readFileSync(kit.place.path("prebind-private/data/prebind.db"), "utf8"), "not a database, but of somebody");
});

for (const [language, word] of [["de", "Geheimnis"], ["fr", "usage unique"], ["en", "secret"]])
	test(`speaks ${language}`, async (t) => {
		const kit = unpackKit(t);
		const page = await kit.send({ path: "/setup", headers: { "Accept-Language": language } });
		assert.match(page.body, new RegExp(`<html lang="${language}"`));
		assert.match(page.body, new RegExp(word));
	});

test("only the kit has the page", async (t) => {
	const kit = unpackKit(t);
	const { code, stderr } = await kit.place.run([kit.program, "setup", "--page"], { env: cgiParams({ path: "/setup" }) });
	assert.equal(code, 1);
	assert.match(stderr, /--page works only in the kit/);
});
