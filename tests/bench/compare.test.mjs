// The comparison counts right: every program answers with the session, nothing fails unseen, every figure is there.
// How fast anything is is no test's business.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { httpRequest } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { chosenParts, PARTS } from "./bench.mjs";
import { COMPARED, COMPARED_CGI, comparisons, runCgi, runCompare, UPSTREAM_MAX } from "./compare.mjs";
import { startFastcgi } from "./compare_stand.mjs";
import { aims, aimsText, cgiText, compareText, leastSeconds } from "./compare_text.mjs";
import { EXPECTED } from "./stand.mjs";

const quiet = () => {};
let place, stand;

before(async () => {
	place = new Place();
	stand = await startFastcgi(place, { delay: 0, phpChildren: 2 });
});
after(() => place.close());

const ask = (target, headers) => httpRequest({ port: stand.port, path: target, headers: { Host: "keep.example.test", ...headers } });

test("floor and PHP do the work: the visitor's session of the same database, from the same upstream", async () => {
	for (const target of ["/floor/", "/page.php"]) {
		const calls = (await stand.peer.counts()).calls;
		const { status, body } = await ask(target, stand.cookie);
		assert.equal(status, 200, body);
		assert.ok(EXPECTED.every((text) => body.includes(text)), body);
		assert.equal((await stand.peer.counts()).calls, calls + 1);
	}
});

test("nobody is logged in without the cookie, and no call is made", async () => {
	const calls = (await stand.peer.counts()).calls;
	for (const target of ["/floor/", "/page.php"])
		for (const headers of [{}, { Cookie: `prebind-insecure=${"A".repeat(43)}` }]) {
			const { status, body } = await ask(target, headers);
			assert.equal(status, 200);
			assert.match(body, /<form/);
		}
	assert.equal((await stand.peer.counts()).calls, calls);
});

test("a lone visitor beside the crowd; CPU time and memory of the program", async () => {
	const crowd = { atOnce: 4, requests: 40, seconds: 0, warmUp: 1, lone: true };
	for (const row of COMPARED.filter(({ guest }) => !guest)) {
		const figures = await stand.measure(row, crowd);
		assert.deepEqual([figures.requests, figures.sent, figures.failed], [40, 44, 0], row.name);
		assert.ok(figures.lone.requests >= 1 && figures.lone.p50 <= figures.lone.max, row.name);
		assert.ok(figures.cpu > 0 && figures.memory.rss > 0, row.name);
	}
});

test("what fails is counted, and the first is told", async () => {
	const broken = { name: "broken", program: "floor", target: "/nowhere/" };
	const figures = await stand.measure(broken, { atOnce: 2, requests: 10, seconds: 0, warmUp: 0 });
	assert.deepEqual([figures.requests, figures.failed], [0, 10]);
	assert.match(figures.complaint, /^load: not a 200: HTTP\/1\.1 404/);
});

test("a crowd that comes all at once takes at least its calls, one after the other", () => {
	assert.equal(leastSeconds(1000, 200, 256), 0.8);
	assert.equal(leastSeconds(256, 200, 256), 0.2);
});

test("the plan runs, and every aim has its figure", async () => {
	const small = (delay) => comparisons({ seconds: 0 }).find((one) => one.delay === delay);
	const slow = small(200);
	const plan = [
		{ ...small(0), phpChildren: [1, 2], crowds: small(0).crowds.filter(({ atOnce }) => atOnce === 16) },
		{ ...slow, delay: 1, phpChildren: 2, crowds: slow.crowds.filter(({ atOnce }) => atOnce === UPSTREAM_MAX) },
	];
	const compare = await runCompare({ plan, rounds: 1, seconds: 0, progress: quiet });
	const cgi = await runCgi({ crowd: { atOnce: 2, requests: 4, seconds: 0, warmUp: 1 }, rounds: 2, progress: quiet });
	for (const row of [...compare.flatMap((one) => one.series), ...cgi.series]) {
		assert.deepEqual([row.failed, row.complaint], [0, undefined], row.name);
		assert.ok(row.perSecond.median > 0 && row.cpu.median >= 0, row.name);
	}
	const text = compareText(compare);
	assert.ok(COMPARED.every(({ name }) => text.includes(`\n  ${name} `)), text);
	assert.match(text, /php-fpm: [12] children, the best of 1: \d+, 2: \d+ a second/);
	assert.match(text, /all at once; with 256 calls at a time at least 0\.00 s/);
	assert.ok(COMPARED_CGI.every(({ name }) => cgiText(cgi).includes(`\n  ${name} `)));
	const said = aims({ compare, cgi }).map(({ what }) => what);
	assert.ok(said.includes("page: requests/s, of the floor's") && said.includes("plain CGI: CPU a request, of php-cgi's"), said.join("\n"));
	assert.match(aimsText({ compare, cgi }), /^ +aim +measured/);
});

test("parts can be chosen", () => {
	assert.equal(chosenParts("").length, Object.keys(PARTS).length);
	assert.deepEqual(chosenParts("cgi, compare"), [PARTS.compare, PARTS.cgi]);
	assert.throws(() => chosenParts("everything"), /there is no such part; there are compare, cgi/);
});

test("the document names every part", () => {
	const document = fs.readFileSync(new URL("../../docs/benchmarks.md", import.meta.url), "utf8");
	assert.deepEqual(Object.keys(PARTS).filter((name) => !document.includes(`\`${name}\``)), []);
});
