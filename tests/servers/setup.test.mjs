// prebindctl setup: from an empty folder to a page that has a session, and what it leaves alone. Real Prosody and lighttpd. Run with root's
// rights, as an operator runs it, or with anybody's. What it asks, finds and writes: tests/program/setup_*.test.mjs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { SERVICE } from "../lib/check.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { httpRequest, Visitor } from "../lib/http.mjs";
import { startLighttpd } from "../lib/lighttpd.mjs";
import { Place, top } from "../lib/place.mjs";
import { build } from "../lib/prebind.mjs";
import { planOf, setup, setupPlace } from "../lib/setup.mjs";
import { accepts, freePorts } from "../lib/wait.mjs";
import { startSite } from "../lib/xmpp_site.mjs";

const PASSWORD = "correct horse";
const ROOT = process.getuid() === 0;
const first = new Place();
let xmpp; // a site whose Prosody all tests use

before(async () => {
	xmpp = await startSite(first, { server: "prosody", way: "token" });
});
after(() => first.close());

const ownerOf = (file) => execFileSync("stat", ["-c", "%U %a", file], { encoding: "utf8" }).trim();
const read = (file) => fs.readFileSync(file, "utf8");

const newPlace = (t) => setupPlace(t, xmpp.port);

test("an empty folder: setup writes everything, and the page has a session", async (t) => {
	const place = newPlace(t);
	const [port] = await freePorts(1);
	place.folder("etc", 0o755);
	const key = place.write("etc/bosh.key", xmpp.key.text); // Prosody has it already, so it stays
	const { code, stdout, stderr } = await setup(place, place.answers);
	assert.equal(code, 0, stdout + stderr);
	assert.deepEqual(planOf(stdout), { data: "write", run: "write", "bosh.key": "keep", "prebind.conf": "write", "lighttpd.conf": "write", "prosody.cfg.lua": "write" });
	assert.equal(read(key), xmpp.key.text);
	assert.match(stdout, /serves the domain example\.org \(prosody\), and offers /);
	assert.match(stdout, /^ok {4}default: upstream: /m);
	assert.match(stdout, /What is left to do:[^]*Enable .*lighttpd\.conf[^]*Open http:\/\/127\.0\.0\.1\/chat\/\n$/);

	const conf = read(place.conf);
	const keys = [...conf.matchAll(/^(; \S.*\n)?(\w+) = /gm)];
	assert.ok(keys.length > 10 && keys.every(([, comment]) => comment), "each key has a comment");
	assert.match(conf, /^bosh_auth = token$/m);
	if (ROOT) {
		assert.equal(ownerOf(place.path("data/prebind.db")), `${SERVICE} 600`);
		assert.equal(ownerOf(place.conf), "root 644");
	}
	assert.ok(read(place.path("etc/prosody.cfg.lua")).includes(docSnippet("docs/prosody.md", "token")), "the document's lines");

	const run = (args, input) => place.run([place.program, "-c", place.conf, ...args], { input });
	assert.equal((await run(["user", "add", "alice", "--password-stdin"], `${PASSWORD}\n`)).code, 0);
	const program = place.copy(path.join(build, "prebind.fcgi"), "bin/prebind.fcgi");
	await place.startUntil("prebind", [program, "-c", place.conf], () => fs.existsSync(place.answers.listen) && accepts(place.answers.listen));
	await startLighttpd(place, { port, snippets: [read(place.answers.web_file)] });
	const visitor = new Visitor((request) => httpRequest({ port, ...request, path: `/chat${request.path}` }));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	const { body } = await visitor.get("/");
	assert.match(body, /"jid":"alice@example\.org\/web-[^"]+","sid":"[^"]+","rid":"\d+"/);
	assert.equal((await httpRequest({ port, path: "/chat/static/chat.css" })).status, 200);

	const again = await setup(place, place.answers);
	assert.equal(again.code, 0, again.stderr);
	assert.deepEqual(planOf(again.stdout), { "bosh.key": "keep", "prebind.conf": "unchanged", "lighttpd.conf": "unchanged", "prosody.cfg.lua": "unchanged" });
	assert.equal(read(place.conf), conf);
	const other = await setup(place, { ...place.answers, wait: "30" });
	assert.equal(planOf(other.stdout)["prebind.conf"], "replace");
	assert.match(read(place.conf), /^wait = 30$/m);
});

test("a file that somebody wrote, or changed, stays, and nothing else is written", async (t) => {
	const place = newPlace(t);
	place.folder("etc", 0o755);
	place.write("etc/lighttpd.conf", "# mine\n");
	const refused = await setup(place, place.answers);
	assert.equal(refused.code, 1);
	assert.match(refused.stderr, /lighttpd\.conf was not written by setup or was changed later, so setup does not replace it; move the file away/);
	assert.equal(planOf(refused.stdout)["lighttpd.conf"], "REFUSED");
	assert.deepEqual(fs.readdirSync(place.path("etc")), ["lighttpd.conf"]);
	assert.equal(read(place.answers.web_file), "# mine\n");

	fs.rmSync(place.answers.web_file);
	assert.equal((await setup(place, place.answers)).code, 0);
	fs.appendFileSync(place.conf, "; mine\n");
	const changed = read(place.conf);
	const again = await setup(place, { ...place.answers, wait: "30" });
	assert.equal(again.code, 1);
	assert.match(again.stderr, /prebind\.conf was not written by setup or was changed later/);
	assert.equal(read(place.conf), changed);
});

test("make install puts what setup reads where setup looks for it", () => {
	const makefile = read(path.join(top, "Makefile"));
	for (const file of ["prosody.md", "ejabberd.md", "tigase.md", "own-server.md"])
		assert.match(makefile, new RegExp(`^SETUP_DOCS .*docs/${file.replace(".", "\\.")}`, "m"));
});
