// prebindctl setup at a terminal: a wrong answer is asked again, a secret is typed, and nothing is written before the operator agrees.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, test } from "node:test";
import { operands, ordinaryPlace } from "../lib/setup.mjs";
import { until } from "../lib/wait.mjs";

const { place, fresh } = ordinaryPlace();
after(() => place.close());

const read = (file) => fs.readFileSync(file, "utf8");

/**
 * Runs setup at a terminal of its own. lines: what is typed, each at the next question; answers: what is given before, and so not
 * asked. The status is that of setup; terminal: all that is shown there.
 */
async function type(home, answers, lines) {
	const words = operands(answers).map((word) => `'${word}'`).join(" ");
	const child = place.start("setup", ["script", "-qec", `${home.program} -c ${home.conf} setup ${words}`, "/dev/null"], { stdio: ["pipe", "pipe", "pipe"] });
	let seen = 0;
	for (const line of lines) {
		await until(`a question for ${JSON.stringify(line)}`, () => /(\] |: )$/.test(child.stdout.slice(seen)), { gone: () => child.gone() });
		seen = child.stdout.length;
		child.process.stdin.write(line);
	}
	const { code } = await child.end;
	child.process.stdin.end();
	return { code, terminal: child.stdout.replaceAll("\r", "") };
}

test("each question with its words and its proposal; a wrong answer is asked again", async () => {
	const home = fresh();
	const { site, url, auth } = home.answers;
	const asked = { site: undefined, url: undefined, login: undefined, domain: undefined, auth: undefined, jid: undefined };
	const { code, terminal } = await type(home, { ...home.answers, ...asked, user: "" }, [
		"/nonexistent\n", `${site}\n`, "chat\n", `${url}\n`, "cookies\n", "\n", "\n", "kerberos\n", `${auth}\n`, "{user|lower}@example.org\n", "y\n",
	]);
	assert.equal(code, 0, terminal);
	for (const [question, complaint] of [
		["Which folder contains the site's software", "'/nonexistent' is not a folder"],
		["At which address will users open the chat", "'chat' is not an address"],
		["login, site_session, php_session, site_http, remote_user, token\nHow does prebind know who is logged in", "'cookies' is not an allowed value"],
		["tigase, token, jwt, oauth, password\nHow does prebind log in to the XMPP server", "'kerberos' is not an allowed value"],
	]) {
		const parts = terminal.split(question);
		assert.equal(parts.length, 3, `${question} is asked twice\n${terminal}`);
		assert.ok(parts[1].includes(complaint), terminal);
	}
	assert.match(terminal, /Which domain [^\n]*\n {2}\[127\.0\.0\.1\] /, "the host of the address is proposed");
	assert.match(terminal, /These are the files:[^]*Write them\? \[y\/N\] [^]*What is left to do:/);
	const conf = read(home.conf);
	for (const line of ["identity = login", "jid = {user|lower}@example.org", "bosh_auth = password"])
		assert.ok(conf.includes(`\n${line}\n`), conf);
});

test("a key that is needed is asked for, until there is an answer", async () => {
	const home = fresh();
	const { code, terminal } = await type(home, { ...home.answers, login: "php_session", user: "" }, ["\n", "a\tb\n", "user.name\n", "y\n"]);
	assert.equal(code, 0, terminal);
	assert.match(terminal, /php_session_user\n {2}\[\] [^]*php_session_user is needed[^]*php_session_user: 'a\?b' has a control character[^]*php_session_user\n/);
	assert.match(read(home.conf), /^php_session_user = user\.name$/m);
});

for (const agrees of ["n", "", "x"])
	test(`nothing is written after ${JSON.stringify(agrees)}`, async () => {
		const home = fresh();
		const { code, terminal } = await type(home, { ...home.answers, user: "" }, [`${agrees}\n`]);
		assert.equal(code, 0, terminal);
		assert.match(terminal, /Write them\? \[y\/N\] [^]*Nothing was written\.\n$/);
		assert.deepEqual(fs.readdirSync(home.home), []);
	});

test("the terminal is closed in between: nothing is written", async () => {
	const home = fresh();
	const { site, ...given } = { ...home.answers, url: undefined };
	const { code, terminal } = await type(home, given, [`${site}\n`, "\u0004"]);
	assert.equal(code, 1, terminal);
	assert.match(terminal, /the input ended before all questions were answered/);
	assert.deepEqual(fs.readdirSync(home.home), []);
});

test("Tigase's password is typed, is not shown, and goes into a file for the owner alone", async () => {
	const home = fresh();
	const answers = { ...home.answers, user: "", auth: "tigase", xmpp: "http://127.0.0.1:1/rest/adhoc/bosh@example.org", tigase_user: "admin@example.org", upstream_http: "on" };
	const { code, terminal } = await type(home, answers, ["adminpass\n", "adminpass\n", "y\n"]);
	assert.equal(code, 0, terminal);
	assert.match(terminal, /Password of tigase_user: \nAgain: \n/);
	assert.equal(read(home.at("etc/tigase.password")), "adminpass\n");
	assert.equal(fs.statSync(home.at("etc/tigase.password")).mode & 0o777, 0o600);
	assert.match(read(home.conf), /^backend = tigase$/m);
});
