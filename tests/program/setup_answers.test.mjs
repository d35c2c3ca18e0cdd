// prebindctl setup: which answers it takes. A wrong one is refused with its name and what would be right, and nothing is written.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, test } from "node:test";
import { operands, ordinaryPlace, ordinarySetup, planOf } from "../lib/setup.mjs";

const { place, fresh } = ordinaryPlace();
after(() => place.close());

/** What is written below the folder. */
const written = ({ home }) => fs.readdirSync(home).filter((name) => name !== "answers");

/** Answers that replace the usual ones, and what the sentence says. */
const REFUSED = [
	[{ site: "srv/forum" }, /site: 'srv\/forum' is not a folder that setup can read; write an absolute path, or -/],
	[{ site: "/nonexistent" }, /site: '\/nonexistent' is not a folder/],
	[{ site: "/bin/sh" }, /site: '\/bin\/sh' is not a folder/],
	[{ url: "ftp://x/" }, /url: 'ftp:\/\/x\/' is not an address; write https:\/\/HOST\/PATH\//],
	[{ url: "https:///chat/" }, /url: .* is not an address/],
	[{ url: "https://example.org/a chat/" }, /url: /],
	[{ url: "https://example.org/chat.d/" }, /url: .* has a path with characters other than letters, digits, - and _/],
	[{ login: "cookies" }, /login: 'cookies' is not an allowed value/],
	[{ login: "" }, /login: '' is not an allowed value/],
	[{ domain: "" }, /domain: '' is needed/],
	[{ domain: "exa\tmple.org" }, /domain: 'exa\?mple\.org' has a control character/],
	[{ domain: "a b", jid: undefined }, /these answers do not make a valid configuration: /],
	[{ xmpp: "tcp://127.0.0.1:5222" }, /xmpp: .* is not the address of an XMPP server; write http:\/\/HOST:PORT\/http-bind, or Tigase's/],
	[{ xmpp: "http://127.0.0.1:5280/http;bind" }, /xmpp: .* is not the address of an XMPP server/],
	[{ auth: "kerberos" }, /auth: 'kerberos' is not an allowed value/],
	[{ jid: "" }, /jid: '' is needed/],
	[{ jid: "{user}" }, /these answers do not make a valid configuration: jid: /],
	[{ web: "iis" }, /web: 'iis' is not an allowed value/],
	[{ web_user: "no-such-user" }, /web_user: 'no-such-user' is not an account of this machine; run: adduser/],
	[{ user: "no-such-user" }, /user: 'no-such-user' is not an account/],
	...["database", "listen", "share", "templates", "web_file", "xmpp_file"].map((name) => [{ [name]: "here" }, new RegExp(`${name}: 'here' is not an absolute path`)]),
	[{ share: "/nonexistent" }, /\/nonexistent\/lighttpd\/prebind\.conf cannot be read; set share=FOLDER to the folder of prebind's shared files/],
	[{ trusted_proxies: "everybody" }, /these answers do not make a valid configuration: trusted_proxies: /],
	[{ hold: "9" }, /these answers do not make a valid configuration: .*hold.*from 1 to 2/],
	[{ databse: "/x" }, /'databse' is neither a name that prebindctl setup accepts nor a key of a site/],
	[{ php_session_user: "a\tb" }, /php_session_user: 'a\?b' has a control character/],
	[{ auth: "tigase", tigase_user: "a@example.org" }, /etc\/tigase\.password: put the password of tigase_user into this file first \(mode 0600\)/],
	[{ web: "apache", url: "https://example.org/" }, /setup cannot write the web server's configuration for this path; write it by hand \(docs\/apache\.md\), and set web=none/],
	[{ web: "nginx", url: "https://example.org" }, /write it by hand \(docs\/nginx\.md\)/],
	[{ web: "htaccess", url: "https://example.org/talk/" }, /write it by hand \(docs\/apache\.md\)/],
];
for (const [answers, says] of REFUSED)
	test(`refused: ${operands(answers).map((word) => JSON.stringify(word)).join(" ")}`, async () => {
		const home = fresh();
		const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, ...answers });
		assert.equal(code, 1, stdout + stderr);
		assert.match(stderr, says, stdout);
		assert.deepEqual(written(home), []);
	});

/** A way to log in, and the key that it needs and nobody has given. */
const NEEDED = [
	[{ login: "site_session" }, "site_database"],
	[{ login: "site_session", site_database: "/tmp/x.db" }, "site_query"],
	[{ login: "site_session", site_database: "/tmp/x.db", site_query: "/tmp/x.sql" }, "site_cookie"],
	[{ login: "php_session" }, "php_session_user"],
	[{ login: "site_http" }, "site_http_url"],
	[{ login: "site_http", site_http_url: "http://127.0.0.1/whoami" }, "site_http_cookies"],
	[{ login: "token" }, "token_key_file"],
	[{ login: "token", token_key_file: "/tmp/key" }, "token_audience"],
	[{ auth: "tigase" }, "tigase_user"],
	[{ auth: "oauth" }, "bosh_oauth_url"],
	[{ auth: "tigase", tigase_user: "a@example.org", web: "htaccess" }, "bosh_url"],
];
for (const [answers, key] of NEEDED)
	test(`missing: ${key}, after ${operands(answers).join(" ")}`, async () => {
		const home = fresh();
		const { code, stderr } = await ordinarySetup(home, { ...home.answers, ...answers });
		assert.equal(code, 1, stderr);
		assert.match(stderr, new RegExp(`^prebindctl: setup cannot find a value for ${key}; set ${key}=VALUE: \\S.* `));
		assert.deepEqual(written(home), []);
	});

for (const [what, argv, says] of [
	["a configuration without its whole path", () => ["-c", "prebind.conf", "setup"], /prebind\.conf: give the absolute path of the new file/],
	["an operand that is no answer", ({ conf }) => ["-c", conf, "setup", "apache"], /'apache' is not NAME=VALUE/],
	["a file of answers that is not there", ({ conf, at }) => ["-c", conf, "setup", "--answers", at("answers")], /answers cannot be read, or other users can write to this file/],
])
	test(`refused: ${what}`, async () => {
		const home = fresh();
		const { code, stderr } = await place.run([home.program, ...argv(home)]);
		assert.equal(code, 1, stderr);
		assert.match(stderr, says);
		assert.deepEqual(written(home), []);
	});

/** Runs setup with a file of answers. */
function withFile(home, text, { mode = 0o600, args = [] } = {}) {
	const file = place.write(`${home.name}/answers`, text, mode);
	return place.run([home.program, "-c", home.conf, "setup", "--answers", file, ...args]);
}

test("a file of answers: comments, empty lines and blanks do not count; the operands come first", async () => {
	const home = fresh();
	const text = `# answers\n\n  ; more\n\t# indented\n${operands(home.answers).map((word) => `  ${word.replace("=", " \t=  ")} \t\r\n`).join("")}wait = 30\nwait = 50`;
	const { code, stdout, stderr } = await withFile(home, text, { args: ["domain=chat.example", "hold=2"] });
	assert.equal(code, 0, stdout + stderr);
	const conf = fs.readFileSync(home.conf, "utf8");
	for (const line of ["jid = {user}@example.org", "wait = 30", "hold = 2", `database = ${home.answers.database}`])
		assert.ok(conf.includes(`\n${line}\n`), `${line}\n${conf}`);
	assert.doesNotMatch(conf, /wait = 50/, "the first one counts");
});

for (const [what, line, says] of [
	["has no value", "wait", /answers:3: 'wait' is not NAME=VALUE/],
	["has a wrong word", "web = iis", /answers:3: web: 'iis' is not an allowed value/],
])
	test(`a line of the file that ${what} is named with its number`, async () => {
		const home = fresh();
		const { code, stderr } = await withFile(home, `# answers\n\n${line}\n`);
		assert.equal(code, 1);
		assert.match(stderr, says);
	});

test("a file of answers that others may write to is not read", async () => {
	const home = fresh();
	const { code, stderr } = await withFile(home, "wait = 30\n", { mode: 0o666 });
	assert.equal(code, 1);
	assert.match(stderr, /answers cannot be read, or other users can write to this file/);
});

test("keys of the site are written with their sentences, and win over what the answers make", async () => {
	const home = fresh();
	const keys = { hosts: "chat.example www.example", identity: "remote_user login", wait: "30", bosh_url: "https://xmpp.example/http-bind" };
	const { code, stdout, stderr } = await ordinarySetup(home, { ...home.answers, ...keys });
	assert.equal(code, 0, stdout + stderr);
	const conf = fs.readFileSync(home.conf, "utf8");
	for (const [name, value] of Object.entries(keys))
		assert.deepEqual([...conf.matchAll(new RegExp(`^; \\S.*\n${name} = (.*)$`, "gm"))].map((found) => found[1]), [value], conf);
	assert.equal(planOf((await ordinarySetup(home, { ...home.answers, ...keys })).stdout)["prebind.conf"], "unchanged");
});
