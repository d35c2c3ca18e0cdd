// Where the program is mounted, by what each web server says of it: a table of what they send (mounts.tsv), asked as FastCGI
// and as plain CGI. Links, redirects and the place to go to after the login begin with the mount point as browsers know it.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const TABLE = path.join(path.dirname(fileURLToPath(import.meta.url)), "mounts.tsv");

const rows = fs.readFileSync(TABLE, "utf8").split("\n").filter((line) => line && !line.startsWith("#")).map((line) => {
	const [who, script, info, uri, basePath, expected] = line.split("\t");
	return { who, script, info, uri, basePath, expected, line };
});
const basePaths = [...new Set(rows.map(({ basePath }) => basePath))];
const hostOf = (basePath) => `m${basePaths.indexOf(basePath)}.example.org`;
const FRONT = "front.example.org"; // a proxy in front of it takes /intern off
const FRONT_ROOT = "front-root.example.org"; // … or puts /chat before it

let place, prebind;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const site = (keys) => ({ ...peer.site(place), gateway: "on", ...keys });
	prebind = new Prebind(place, {
		site: site({ hosts: FRONT, base_path: "/chat", public_path: "/intern/chät" }),
		sites: {
			root: site({ hosts: FRONT_ROOT, base_path: "/chat", public_path: "/" }),
			...Object.fromEntries(basePaths.map((basePath, i) =>
				[`m${i}`, site({ hosts: hostOf(basePath), base_path: basePath === "-" ? undefined : basePath })])),
		},
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
});
after(() => place.close({ logs: true }));

function variable(text) {
	if (text === "(unset)")
		return undefined;
	return text === "\"\"" ? "" : text;
}

/** As the web server of that row sends it. */
function params({ script, info, uri, basePath }, more = {}) {
	return { HTTP_HOST: hostOf(basePath), SCRIPT_NAME: variable(script), PATH_INFO: variable(info), REQUEST_URI: variable(uri), ...more };
}

function check({ expected, line }, answer) {
	const [what, value] = expected.split(" ");
	if (what === "page") {
		assert.equal(answer.status, 200, `${line}: ${answer.body}`);
		const base = value === "/" ? "" : value;
		assert.ok(answer.body.includes(`action="${base}/login"`), `${line}: ${answer.body}`);
		assert.ok(answer.body.includes(`"${base}/static/`), line);
		assert.ok(answer.body.includes(`name="next" value="${base}/"`), `${line}: ${answer.body}`);
	} else if (what === "redirect") {
		assert.equal(answer.status, 303, `${line}: ${answer.body}`);
		assert.equal(answer.headers.location, value, line);
	} else {
		assert.equal(answer.status, Number(what), `${line}: ${answer.body}`);
	}
	assert.match(answer.headers.location ?? "/", /^\/(?!\/)[\x21-\x7e]*$/, line);
}

test("the table has rows of every kind", () => {
	assert.ok(rows.length >= 17);
	assert.ok(rows.every(({ expected }) => expected));
});

for (const row of rows) {
	test(`${row.who}: ${row.script} + ${row.info}, base_path ${row.basePath}: ${row.expected}`, async () => {
		check(row, await prebind.request({ headers: NAVIGATION, params: params(row) }));
		const head = await prebind.request({ method: "HEAD", headers: NAVIGATION, params: params(row) });
		assert.equal(head.body, "");
		if (row.expected.startsWith("page") || row.expected === "401")
			assert.equal(head.status, 405); // these routes take no HEAD
		else
			check(row, head);
		check(row, await prebind.request({ headers: NAVIGATION, params: params(row, { QUERY_STRING: "next=//evil.example/&x=%2F..%2F" }) }));
	});
}

test("as plain CGI: the same", async () => {
	for (const row of rows)
		check(row, await prebind.cgi({ headers: NAVIGATION, params: params(row) }));
});

for (const [host, base, home] of [[FRONT, "/intern/ch%C3%A4t", "/intern/ch%C3%A4t/"], [FRONT_ROOT, "", "/"]]) {
	test(`a front proxy that changes the path, to ${home}: links, redirects and the way back begin with public_path`, async () => {
		const send = (request) => prebind.request({ ...request, params: { HTTP_HOST: host } });
		const visitor = new Visitor(send);
		assert.equal((await visitor.get("/")).headers.location, `${base}/login?next=${encodeURIComponent(home)}`);
		assert.equal((await visitor.get("")).headers.location, home);
		const form = (await visitor.get(`/login?next=${encodeURIComponent(`${base}/?room=1`)}`)).body;
		assert.ok(form.includes(`action="${base}/login"`), form);
		assert.ok(form.includes(`value="${base}/?room=1"`), form);
		assert.equal((await visitor.login("alice", PASSWORD)).headers.location, home);
		const page = await visitor.get("/");
		assert.equal(page.status, 200);
		assert.ok(page.body.includes(`"${base}/static/`), page.body);
		assert.doesNotMatch(page.body, /["'(]\/chat\//);
	});
}
