// A configuration that cannot be used, in plain CGI: the visitor is answered in the form that was asked for, and the log has the
// file and line.
import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { cgiParams, parseAnswer } from "../lib/cgi.mjs";
import { SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const edit = (file, what, by) => fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(what, by));

const FAULTS = {
	"a key that does not exist": { damage: (file) => fs.appendFileSync(file, "hostz = example.org\n"), why: /prebind\.conf:\d+: hostz/ },
	"a value that is none": { damage: (file) => fs.appendFileSync(file, "allow_http = maybe\n"), why: /prebind\.conf:\d+: allow_http/ },
	"a file that is not there": { damage: (file) => fs.rmSync(file), why: /prebind\.conf.*No such file/ },
	"a log that cannot be opened": { damage: (file) => edit(file, /^log = .*/m, "log = /nowhere/at/all.log"), why: /nowhere/ },
	"a JID rule that is none": { damage: (file) => edit(file, /^jid = .*/m, "jid = {user}@exa..mple"), why: /\[site default\].*domain/ },
};

async function setUp(t, damage) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, { site: peer.site(place, { identity: "remote_user", hosts: "example.org" }) });
	await prebind.prepare();
	damage(prebind.conf);
	return prebind;
}

async function ask(prebind, request) {
	const env = { PREBIND_CONF: prebind.conf, ...cgiParams(request) };
	const { code, stdout, stderr } = await prebind.place.run([prebind.program], { env, input: request.body ?? "" });
	return { code, ...parseAnswer(stdout), stderr };
}

for (const [name, { damage, why }] of Object.entries(FAULTS))
	test(`${name}: 500 as a page or as JSON`, async (t) => {
		const prebind = await setUp(t, damage);
		const page = await ask(prebind, { path: "/", headers: { Accept: "text/html" } });
		const script = await ask(prebind, { path: "/prebind.json", method: "POST", body: "bind=no", headers: { ...SCRIPT, Accept: "*/*" } });
		for (const answer of [page, script]) {
			const id = answer.headers["x-request-id"];
			assert.equal(answer.status, 500, answer.stderr);
			assert.equal(answer.code, 1);
			assert.equal(answer.headers["cache-control"], "no-store");
			assert.match(answer.headers["content-security-policy"], /default-src/);
			assert.ok(answer.body.includes(id));
			assert.doesNotMatch(answer.body, /prebind\.conf|hostz|domain/, "a visitor sees no cause");
			const lines = answer.stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
			assert.match(lines.find((line) => line.id === id && line.event === "internal").why, why);
			assert.match(lines.find((line) => line.event === "start_failed").why, why);
		}
		assert.match(page.headers["content-type"], /^text\/html/);
		assert.match(page.body, /<h1>Something went wrong here/);
		assert.equal(JSON.parse(script.body).error, "internal");
	});
