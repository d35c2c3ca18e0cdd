/*
 * The files for Prometheus and Grafana in docs/examples. Each name and label they use is in what the
 * program writes, and promtool accepts the metrics, the rules and the dashboard's expressions.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place, top } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const read = (...names) => fs.readFileSync(path.join(top, ...names), "utf8");
const RULES = read("docs/examples/prometheus-alerts.yml");
const CASES = read("tests/program/alerts.yml");
const DASHBOARD = JSON.parse(read("docs/examples/grafana-dashboard.json"));

/** What Grafana puts in place of its variables. */
const filled = (expression) => expression.replaceAll("$__rate_interval", "5m").replaceAll("$job", "prebind").replaceAll("$instance", ".*");
const EXPRESSIONS = DASHBOARD.panels.flatMap((panel) => panel.targets.map(({ expr }) => filled(expr)));

/** The labels that Prometheus adds to each sample. */
const ADDED = ["job", "instance"];

let place, text;

/** Requests of each kind, so that each metric has a sample. Returns what a scraper that knows only the older format gets. */
before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, { site: peer.site(place) });
	await prebind.prepare({ alice: "correct horse" });
	await prebind.start();
	const alice = new Visitor((request) => prebind.request(request));
	assert.equal((await alice.login("alice", "correct horse")).status, 303);
	assert.equal((await alice.get("/", NAVIGATION)).status, 200);
	peer.answer("045-auth-non-admin");
	assert.equal((await alice.get("/prebind.json", SCRIPT)).status, 502);
	const answer = await prebind.request({ path: "/metrics", headers: { Accept: "text/plain;version=0.0.4;q=0.5,*/*;q=0.1" } });
	assert.equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
	text = answer.body;
});
after(() => place.close({ logs: true }));

async function promtool(args, input) {
	const { code, stdout, stderr } = await place.run(["promtool", ...args], { input });
	assert.equal(code, 0, stdout + stderr);
	assert.equal(stderr, "");
	return stdout;
}

/** The names in a text, each with the labels that it is selected by. */
function used(expressions) {
	const selectors = [...expressions.matchAll(/\b(prebind_\w+)(?:\{([^}]*)\})?/g)].map(([, name, labels = ""]) =>
		[name, [...labels.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label)]);
	assert.ok(selectors.length > 0, "no metric is used");
	return selectors;
}

/** The labels of each metric that the program wrote. */
function written() {
	const found = new Map();
	for (const [, name, labels = ""] of text.matchAll(/^(prebind_\w+)(?:\{([^}]*)\})? /gm))
		found.set(name, [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label));
	assert.ok(found.size > 0, text);
	return found;
}

for (const [file, expressions] of [["the alert rules", RULES], ["their cases", CASES], ["the dashboard", EXPRESSIONS.join("\n")]]) {
	test(`${file}: the program writes each metric and label`, () => {
		const metrics = written();
		for (const [name, labels] of used(expressions)) {
			assert.ok(metrics.has(name), `${name} is not in /metrics`);
			for (const label of labels)
				assert.ok([...metrics.get(name), ...ADDED].includes(label), `${name} has no label ${label}`);
		}
	});
}

test("the dashboard shows each metric", () => {
	const shown = new Set(used(EXPRESSIONS.join("\n")).map(([name]) => name));
	assert.deepEqual([...written().keys()].filter((name) => !shown.has(name)), []);
});

test("the dashboard: each panel has its id and its place, and asks the chosen source", () => {
	const { panels } = DASHBOARD;
	assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
	const places = panels.map(({ gridPos: { x, y, w, h } }) => ({ left: x, right: x + w, top: y, bottom: y + h }));
	for (const [i, a] of places.entries()) {
		assert.ok(a.right <= 24, `${panels[i].title}: a row has 24 columns`);
		for (const [j, b] of places.slice(0, i).entries())
			assert.ok(a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom,
				`${panels[i].title} covers ${panels[j].title}`);
	}
	for (const { title, datasource, targets } of panels)
		for (const source of [datasource, ...targets.map((target) => target.datasource)])
			assert.deepEqual(source, { type: "prometheus", uid: "${datasource}" }, title);
});

test("each alert has a case in which it is raised, and one in which it is not", () => {
	const alerts = [...RULES.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
	assert.ok(alerts.length > 0);
	const cases = [...CASES.matchAll(/alertname: (\w+)\n\s+exp_alerts:( \[\])?/g)].map(([, name, none]) => `${name}${none ? " not" : ""}`);
	assert.deepEqual(cases.sort(), alerts.flatMap((name) => [name, `${name} not`]).sort());
});

test("promtool: the metrics", () => promtool(["check", "metrics"], text));

test("promtool: the alert rules and their cases", async () => {
	const rules = place.write("prometheus-alerts.yml", RULES);
	await promtool(["check", "rules", rules]);
	await promtool(["test", "rules", place.write("cases.yml", CASES)]);
});

test("promtool: the dashboard's expressions", async () => {
	const rules = EXPRESSIONS.map((expression, i) => ({ record: `panel:${i}`, expr: expression }));
	const file = place.write("dashboard.json", JSON.stringify({ groups: [{ name: "dashboard", rules }] })); // JSON is YAML
	await promtool(["check", "rules", file]);
});
