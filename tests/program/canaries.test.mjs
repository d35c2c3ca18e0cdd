// Marked secrets go in everywhere: passwords, cookies, tokens, keys, sid and rid. Each is shown to have gone through,
// and then to be in no other place: the log at level debug, answers and error pages, /metrics and /status, prebindctl's
// output, command lines, the environment, the database and every other file, and no core dump can be made.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { dataBlock, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { newKey } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { build, Prebind } from "../lib/prebind.mjs";
import { DEAD_PORT, until } from "../lib/wait.mjs";
import { startSitePeer } from "../peers/site_peer.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const AUDIENCE = "www.example.org";
const ADHOC = "/rest/adhoc/bosh@example.test";
const mark = (name) => `Canary-${name}-${crypto.randomBytes(9).toString("hex")}`;

/** Name to secret: those that are made up here; those that the program makes are added as they appear. */
const canaries = new Map(["password", "wrong-password", "upstream-password", "upstream-api-key", "status-token", "caller-password",
	"site-cookie", "other-cookie", "wrong-basic", "broken-token", "upstream-body"].map((name) => [name, mark(name)]));
const secret = (name) => canaries.get(name);
const keep = (name, value) => {
	assert.ok(value?.length >= 6, `${name} did not come: ${value}`);
	canaries.set(name, value);
	return value;
};

/** What the program has shown, and which secrets are meant to be there. @type {{ where: string, text: string, meant: string[] }[]} */
const shown = [];
const show = (where, text, ...meant) => shown.push({ where, text, meant });
const answerText = ({ status, rawHeaders, headers, body }) => `${status}\n${JSON.stringify(rawHeaders ?? headers)}\n${body}`;

let place, peer, site, prebind;

/** Sends it and notes the whole answer. */
async function ask(where, visitor, send, ...meant) {
	const answer = await send(visitor);
	show(where, answerText(answer), ...meant);
	return answer;
}

const visitorAt = (host) => new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host, ...request.params } }));
const basic = (name, password) => ({ Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` });

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place, password: secret("upstream-password"), apiKey: secret("upstream-api-key") });
	site = await startSitePeer({ place });
	const ssoKey = keep("sso-key", crypto.randomBytes(32).toString("base64url"));
	const boshKey = newKey();
	keep("bosh-key", boshKey.text.trim());
	const common = { ...peer.site(place), gateway: "on", limit_gateway: "off" };
	prebind = new Prebind(place, {
		server: { processes: 2, log_level: "debug", status_token_file: place.write("etc/status.token", `${secret("status-token")}\n`) },
		site: { ...common, hosts: "example.org", identity: "token login", token_key_file: place.write("etc/sso.keys", `k1:${ssoKey}\n`),
			token_audience: AUDIENCE },
		sites: {
			asked: { ...common, hosts: "asked.example", identity: "site_http", site_http_url: site.url, site_http_cookies: "sid" },
			given: { hosts: "given.example", backend: "bosh", bosh_service: `http://127.0.0.1:${DEAD_PORT}/http-bind`, bosh_auth: "token",
				bosh_token_key_file: place.write("etc/bosh.key", boshKey.text), credentials: "on" },
		},
	});
	await prebind.prepare({ alice: secret("password") });
	const added = await prebind.ctlOk(["--site", "default", "gateway", "add", "caller@example.test", "--domains", "example.test", "--password-stdin",
		"--api-key"], { input: `${secret("caller-password")}\n` });
	keep("caller-api-key", /^api key {3}(\S{43})$/m.exec(added)[1]);
	await prebind.spread();
	place.folder("tmp");
	prebind.child = await place.startUntil("prebind.fcgi", [prebind.program, "-c", prebind.conf],
		() => fs.existsSync(prebind.socket) && prebind.request({ path: "/health" }).then(() => true, () => false), { env: { TMPDIR: place.path("tmp") } });
	place.onClose(() => prebind.stop());
});
after(() => place.close());

/** A session in an answer: its sid and rid become canaries. The peer's sid is recorded, so it is the same in all. */
function keepSession({ sid, rid }) {
	keep("sid", sid);
	keep(`rid ${rid}`, String(rid)); // for a page the next one
	return ["sid", `rid ${rid}`];
}

test("a visitor's password, cookies and session go through, and so do refused ones", async () => {
	const alice = visitorAt("example.org");
	alice.jar.cookies.set("PHPSESSID", secret("other-cookie"));
	await ask("login form", alice, (v) => v.get("/login"));
	const refused = await ask("refused login", alice, (v) => v.login("alice", secret("wrong-password")));
	assert.equal(refused.status, 401);
	const login = await alice.login("alice", secret("password"));
	assert.equal(login.status, 303);
	const name = [...alice.jar.cookies.keys()].find((cookie) => cookie.startsWith("prebind") && !cookie.endsWith("-login") && !cookie.includes("device"));
	keep("session-cookie", alice.jar.cookies.get(name));
	show("login", answerText(login), "session-cookie");
	for (const [cookie, value] of alice.jar.cookies)
		if (value.length >= 20 && value !== secret("session-cookie") && cookie !== "PHPSESSID")
			keep(`cookie-${cookie}`, value);
	shown.find(({ where }) => where === "login").meant.push(...[...canaries.keys()].filter((key) => key.startsWith("cookie-")));
	const page = await alice.get("/", NAVIGATION);
	assert.equal(page.status, 200, page.body);
	show("page", answerText(page), ...keepSession(dataBlock(page.body)));
	const json = await alice.get("/prebind.json", SCRIPT);
	show("prebind.json", answerText(json), ...keepSession(JSON.parse(json.body)));
	const basicPeer = `Basic ${Buffer.from(`${peer.accepted.user}:${secret("upstream-password")}`).toString("base64")}`;
	assert.ok(peer.requests.some(({ headers }) => headers.authorization === basicPeer && headers["api-key"] === secret("upstream-api-key")));
	for (const [label, more] of [["404", "/nothing"], ["405", "/logout"], ["400", "/login?next=%zz"]])
		await ask(`error ${label}`, alice, (v) => v.get(more));
	peer.answer({ raw: `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"command":{"fields":[{"var":"sid","value":"${secret("upstream-body")}"}]}}` });
	assert.equal((await ask("error 502", alice, (v) => v.get("/", NAVIGATION))).status, 502);
	peer.answer({ way: "reset" });
	assert.equal((await ask("error 502, no answer", alice, (v) => v.get("/prebind.json", SCRIPT))).status, 502);
	peer.answer(null);
});

test("a site's tokens and cookies go through", async () => {
	const payload = Buffer.from(JSON.stringify({ user: "carol", iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 300, aud: AUDIENCE,
		jti: crypto.randomUUID() })).toString("base64url");
	const mac = crypto.createHmac("sha256", Buffer.from(secret("sso-key"), "base64url")).update(`prebind-sso-v1\0k1${payload}`).digest("base64url");
	const carol = visitorAt("example.org");
	carol.jar.cookies.set("chat_token", `v1.k1.${payload}.${keep("sso-token-mac", mac)}`);
	const page = await carol.get("/", NAVIGATION);
	assert.equal(page.status, 200, page.body);
	show("page by token", answerText(page), ...keepSession(dataBlock(page.body)));
	const mallory = visitorAt("example.org");
	mallory.jar.cookies.set("chat_token", `v1.k1.${payload}.${secret("broken-token")}`);
	await ask("broken token", mallory, (v) => v.get("/", NAVIGATION));
	site.answer((cookie) => (cookie.includes(secret("site-cookie")) ? { body: { user: "dave" } } : { status: 401 }));
	const dave = visitorAt("asked.example");
	dave.jar.cookies.set("sid", secret("site-cookie"));
	const asked = await dave.get("/", NAVIGATION);
	assert.equal(asked.status, 200, asked.body);
	show("page by the site", answerText(asked), ...keepSession(dataBlock(asked.body)));
	site.answer({ status: 500, body: `<p>${secret("site-cookie")}</p>` });
	dave.jar.cookies.set("sid", `${secret("site-cookie")}x`);
	assert.equal((await ask("the site fails", dave, (v) => v.get("/", NAVIGATION))).status, 503);
});

test("a one-time password and a caller's secrets go through", async () => {
	const alice = visitorAt("given.example");
	assert.equal((await alice.login("alice", secret("password"))).status, 303);
	const given = await alice.get("/credentials.json", SCRIPT);
	keep("one-time-password", JSON.parse(given.body).password);
	show("credentials.json", answerText(given), "one-time-password");
	const body = JSON.stringify({ command: { node: "pre-bind-bosh-session", fields: [{ var: "from", value: "erin@example.test" }, { var: "hold", value: "1" },
		{ var: "wait", value: "60" }] } });
	const call = (headers) => prebind.request({ method: "POST", path: ADHOC, body, headers: { "Content-Type": "application/json", ...headers } });
	const bound = await call({ ...basic("caller@example.test", secret("caller-password")), "Api-Key": secret("caller-api-key") });
	assert.equal(bound.status, 200, bound.body);
	const fields = Object.fromEntries(JSON.parse(bound.body).command.fields.map(({ var: name, value }) => [name, value]));
	show("adhoc", answerText(bound), ...keepSession(fields));
	const refused = await call(basic("caller@example.test", secret("wrong-basic")));
	assert.equal(refused.status, 401);
	show("refused caller", answerText(refused));
});

test("the operator's pages and prebindctl have none of them", async () => {
	const far = { params: { REMOTE_ADDR: "192.0.2.7", HTTPS: "on" } };
	const status = await prebind.request({ path: "/status", headers: { Accept: "application/json", Authorization: `Bearer ${secret("status-token")}` }, ...far });
	assert.equal(status.status, 200, status.body);
	show("/status by token", answerText(status));
	show("/status refused", answerText(await prebind.request({ path: "/status", headers: { Authorization: `Bearer ${secret("wrong-basic")}` }, ...far })));
	for (const [name, headers] of [["/metrics", {}], ["/health", {}], ["/status", { Accept: "text/html" }]]) {
		const answer = await prebind.request({ path: name, headers });
		assert.equal(answer.status, 200, `${name}: ${answer.body}`);
		show(name, answerText(answer));
	}
	for (const args of [["check"], ["conf"], ["conf", "--json"], ["status"], ["user", "list"], ["session", "list"], ["gateway", "list"]]) {
		const { stdout, stderr } = await prebind.ctl(["--site", "default", ...args]);
		assert.ok(stdout.length + stderr.length > 0, args.join(" "));
		show(`prebindctl ${args.join(" ")}`, stdout + stderr);
	}
});

/** A secret as it is, and as encodings would show it. */
const spellings = (value) => [value, Buffer.from(value).toString("base64").replace(/=+$/, "").slice(0, -1), Buffer.from(value).toString("hex"),
	encodeURIComponent(value)];

function leaks(where, text, meant = []) {
	return [...canaries].filter(([name, value]) => !meant.includes(name) && spellings(value).some((spelling) => text.includes(spelling)))
		.map(([name]) => `${name} in ${where}`);
}

test("no answer, page or output shows a secret that is not meant for it", () => {
	assert.ok(canaries.size >= 20, [...canaries.keys()].join(" "));
	for (const { where, text, meant } of shown)
		assert.deepEqual(meant.filter((name) => !text.includes(secret(name))), [], `${where} should show`);
	assert.deepEqual(shown.flatMap(({ where, text, meant }) => leaks(where, text, meant)), []);
});

test("the log at level debug has none of them", async () => {
	await until("the log to have the refused caller", () => /"event":"gateway_\w+"/.test(prebind.child.stderr) && /login_failed/.test(prebind.child.stderr));
	assert.match(prebind.child.stderr, /"level":"debug"/);
	assert.deepEqual(leaks("the log", prebind.child.stderr + prebind.child.stdout), []);
});

/** Files of the operator, which hold what they are for. */
const MEANT = { "etc/status.token": ["status-token"], "etc/sso.keys": ["sso-key"], "etc/bosh.key": ["bosh-key"],
	"etc/tigase.password": ["upstream-password"], "etc/tigase.key": ["upstream-api-key"] };

test("the database, temporary files and every other file have none of them", () => {
	const files = fs.readdirSync(place.dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
		.map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
	assert.ok(files.some((file) => file.endsWith("prebind.db")), files.join(" "));
	assert.deepEqual(fs.readdirSync(place.path("tmp")), []);
	for (const [name, meant] of Object.entries(MEANT))
		assert.ok(meant.every((canary) => fs.readFileSync(place.path(name), "latin1").includes(secret(canary))), name);
	assert.deepEqual(files.flatMap((file) => leaks(file, fs.readFileSync(file, "latin1"), MEANT[path.relative(place.dir, file)])), []);
});

function processes(pid) {
	const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
	return [pid, ...children.flatMap(processes)];
}

test("no command line and no environment has one, and no process can dump its memory", () => {
	const pids = processes(prebind.child.pid);
	assert.equal(pids.length, 3);
	for (const pid of pids) {
		assert.deepEqual(leaks(`the command line of ${pid}`, fs.readFileSync(`/proc/${pid}/cmdline`, "latin1")), []);
		assert.match(fs.readFileSync(`/proc/${pid}/limits`, "utf8"), /^Max core file size +0 +0 /m);
		if (process.getuid() === 0)
			assert.deepEqual(leaks(`the environment of ${pid}`, fs.readFileSync(`/proc/${pid}/environ`, "latin1")), []);
		// root owns what may not be looked at; a sanitizer must look at its own process
		if (!/\b(asan|tsan)\b/.test(build))
			assert.equal(fs.statSync(`/proc/${pid}/mem`).uid, 0, `${pid} is dumpable`);
	}
});

test("this test finds a secret in any spelling", () => {
	for (const spelling of [...spellings(secret("password")), basic("alice", secret("password")).Authorization])
		assert.ok(leaks("x", `a${spelling}b`).length > 0 || spelling.startsWith("Basic"), spelling);
	assert.deepEqual(leaks("x", "nothing"), []);
});
