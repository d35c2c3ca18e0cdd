// Changes while logins are under way: once `user passwd`, `user disable`, `user delete` or `token revoke` has returned, no
// session is good that rests on what was true before. The same for a program that asks by the gateway, and for the XMPP server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { Extauth } from "../lib/extauth.mjs";
import { formText, hiddenFields, NAVIGATION, FORM, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { askSql, runSql } from "../lib/sqlite.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const OLD = "correct horse", NEW = "battery staple";
const ORIGIN = "http://www.example.org";
const AUDIENCE = "www.example.org";
const KEY = crypto.randomBytes(32);
const POSTED = { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", Origin: ORIGIN };
const COOKIE = "prebind-insecure";
const AT_ONCE = 6; // logins under way: more would be turned away (key waiting_max, and one hash for each core)
const USERS = ["passwd1", "passwd2", "passwd3", "disable1", "disable2", "disable3", "delete1", "delete2", "delete3"];
let place, peer, prebind, siteDatabase, query;

const now = () => Math.floor(Date.now() / 1000);

function token(user, { iat = now() } = {}) {
	const payload = Buffer.from(JSON.stringify({ user, iat, exp: iat + 500, aud: AUDIENCE, jti: crypto.randomUUID() })).toString("base64url");
	const mac = crypto.createHmac("sha256", KEY).update(`prebind-sso-v1\0k1${payload}`);
	return `v1.k1.${payload}.${mac.digest("base64url")}`;
}

const bcrypt = (password, cost = 5) =>
	execFileSync("php", ["-r", `echo password_hash("${password}", PASSWORD_BCRYPT, ["cost" => ${cost}]);`], { encoding: "utf8" });
const setSitePassword = (name, password) =>
	runSql(place, siteDatabase, `UPDATE member SET hash = '${bcrypt(password)}' WHERE name = '${name}'`);

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	siteDatabase = `${place.folder("site")}/site.db`;
	query = place.write("etc/login.sql", "SELECT hash AS password_hash, name AS user FROM member WHERE name = :user\n");
	await runSql(place, siteDatabase, `CREATE TABLE member (name TEXT, hash TEXT);
		INSERT INTO member VALUES ('ann', '${bcrypt(OLD)}'), ('ben', '${bcrypt(OLD)}'), ('own', '${bcrypt(OLD)}');`);
	const keys = { token_origins: ORIGIN, token_audience: AUDIENCE, token_key_file: place.write("etc/token.keys", `k1:${KEY.toString("base64url")}\n`) };
	const data = place.folder("data");
	prebind = new Prebind(place, {
		server: { threads: 16 },
		site: { ...peer.site(place), ...keys, identity: "token login", hosts: "example.org", gateway: "on", limit_gateway: "off" },
		sites: { theirs: { ...peer.site(place), hosts: "theirs.example", database: `${data}/theirs.db`, site_database: siteDatabase, login_query: query } },
	});
	await prebind.prepare();
	await prebind.ctlOk(["--site", "theirs", "migrate"]);
	for (const name of [...USERS, "rehash"])
		await prebind.ctlOk(["--site", "default", "user", "add", name, "--password-stdin"], { input: `${OLD}\n` });
	await prebind.start();
});
after(() => place.close());

const visitor = (host = "example.org") => new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host, SERVER_NAME: host } }));
const sessionIn = ({ headers }) => (headers["set-cookie"] ?? []).map((text) => new RegExp(`^${COOKIE}=([^;]+)`).exec(text)?.[1]).find(Boolean);

async function isGood(session, host) {
	const one = visitor(host);
	one.jar.cookies.set(COOKIE, session);
	return (await one.get("/")).status === 200;
}

/** Tries again and again, several at a time, until stopped: every session that was given out. */
function crowd(attempt) {
	const sessions = [];
	let going = true;
	let refused = 0;
	const one = async () => {
		while (going) {
			const session = sessionIn(await attempt());
			if (session)
				sessions.push(session);
			else
				refused++;
		}
	};
	const all = Promise.all(Array.from({ length: AT_ONCE }, one));
	return { sessions, refused: () => refused, stop: () => ((going = false), all) };
}

/** The crowd tries while the command runs, and on until all of them are refused: what then is still good. */
async function goodAfter(attempt, change) {
	const trying = crowd(attempt);
	await until("a login that works", () => trying.sessions.length >= AT_ONCE, { seconds: 30 });
	await change();
	const earlier = trying.refused();
	await until("logins that are refused", () => trying.refused() >= earlier + AT_ONCE, { seconds: 30 });
	await trying.stop();
	const good = [];
	for (const session of new Set(trying.sessions))
		if (await isGood(session))
			good.push(session);
	return { good: good.length, made: trying.sessions.length };
}

/** One form for all: what takes time is the password. */
async function passwordAttempt(user) {
	const form = visitor();
	const { token: formToken } = hiddenFields((await form.get("/login", NAVIGATION)).body);
	const Cookie = form.jar.headers.Cookie;
	return () => prebind.request({ method: "POST", path: "/login", params: { HTTP_HOST: "example.org" },
		headers: { ...FORM, Cookie, "Content-Type": "application/x-www-form-urlencoded" }, body: formText({ token: formToken, user, password: OLD }) });
}

for (const [verb, input] of [["passwd", `${NEW}\n`], ["disable"], ["delete"]])
	test(`user ${verb}: no session made with the old password is good`, async () => {
		for (const user of USERS.filter((name) => name.startsWith(verb))) {
			const command = ["--site", "default", "user", verb, user, ...(input ? ["--password-stdin"] : [])];
			const { good, made } = await goodAfter(await passwordAttempt(user), () => prebind.ctlOk(command, { input }));
			assert.equal(good, 0, `${user}: of ${made}`);
		}
	});

test("token revoke: no session made with a token from before is good", async () => {
	for (const user of ["rita", "rob", "ruth"]) {
		const attempt = () => visitor().post("/login", { sso: token(user, { iat: now() }) }, POSTED);
		const { good, made } = await goodAfter(attempt, () => prebind.ctlOk(["--site", "default", "token", "revoke", user]));
		assert.equal(good, 0, `${user}: of ${made}`);
	}
});

test("a cheap hash that is made anew by a login ends nothing, and no login at the same moment", async () => {
	const cheap = execFileSync("php", ["-r", `echo password_hash("${OLD}", PASSWORD_ARGON2ID, ["memory_cost" => 8192, "time_cost" => 1, "threads" => 1]);`],
		{ encoding: "utf8" });
	const database = place.path("data", "prebind.db");
	const earlier = visitor();
	assert.equal((await earlier.login("rehash", OLD)).status, 303);
	await runSql(place, database, `UPDATE site_user SET password_hash = '${cheap}' WHERE name = 'rehash'`);
	const attempt = await passwordAttempt("rehash");
	const answers = await Promise.all(Array.from({ length: AT_ONCE }, attempt));
	const sessions = answers.map(sessionIn);
	assert.deepEqual(answers.map(({ status }) => status), Array(AT_ONCE).fill(303));
	const [hash] = await askSql(place, database, "SELECT password_hash FROM site_user WHERE name = 'rehash'", [{}]);
	assert.notEqual(hash, cheap, "it was made anew");
	for (const session of [earlier.jar.cookies.get(COOKIE), ...sessions])
		assert.equal(await isGood(session), true);
});

test("login_query: a session ends with the site's password, and with nobody else's", async () => {
	const [ann, ben] = [visitor("theirs.example"), visitor("theirs.example")];
	assert.equal((await ann.login("ann", OLD)).status, 303);
	assert.equal((await ben.login("ben", OLD)).status, 303);
	assert.equal((await ann.get("/")).status, 200);
	await setSitePassword("ann", NEW);
	assert.equal((await ann.get("/")).status, 303, "to the login form");
	assert.equal((await ben.get("/")).status, 200);
	assert.equal((await ann.login("ann", OLD)).status, 401);
	assert.equal((await ann.login("ann", NEW)).status, 303);
	assert.equal((await ann.get("/")).status, 200);
});

test("a session of the site's user is none of our own user of that name", async () => {
	const own = visitor("theirs.example");
	assert.equal((await own.login("own", OLD)).status, 303);
	const other = new Place();
	try {
		const ours = new Prebind(other, { site: { ...peer.site(other) } });
		await ours.prepare({ own: NEW });
		const theirDatabase = place.path("data", "theirs.db");
		await runSql(other, place.path("data", "theirs.db"), "SELECT 1");
		const [row] = await askSql(place, theirDatabase, "SELECT hex(token_hash) || ':' || hex(password_mac) FROM login_session WHERE user = 'own'", [{}]);
		const [hash, mac] = row.split(":");
		await runSql(other, other.path("data", "prebind.db"),
			`INSERT INTO login_session VALUES (x'${hash}', 'login', 'own', ${now()}, ${now()}, x'${mac}')`);
		await ours.start();
		const answer = await ours.request({ headers: { ...NAVIGATION, Cookie: own.jar.headers.Cookie } });
		assert.equal(answer.status, 303);
	} finally {
		await other.close();
	}
});

test("prebind-extauth: after `user passwd` the old password is right for nobody", async () => {
	await prebind.ctlOk(["--site", "default", "user", "add", "xmpp", "--password-stdin"], { input: `${OLD}\n` });
	const programs = Array.from({ length: 3 }, () => new Extauth(place, prebind.conf, ["--site", "default"]));
	const ask = (program, password) => program.ask(`auth:xmpp:example.test:${password}`);
	assert.deepEqual(await Promise.all(programs.map((program) => ask(program, OLD))), [true, true, true]);
	await prebind.ctlOk(["--site", "default", "user", "passwd", "xmpp", "--password-stdin"], { input: `${NEW}\n` });
	assert.deepEqual(await Promise.all(programs.map((program) => ask(program, OLD))), [false, false, false]);
	assert.equal(await ask(programs[0], NEW), true);
	await Promise.all(programs.map((program) => program.end()));
});

// ---- what changes while a single password is being checked ----

const SLOW_COST = 13; // the most that is taken: about a second
const CHECKING_TICKS = 8; // of processor time, 10 ms each: more than everything before the check takes
const TRIES = 10;
const slow = bcrypt(OLD, SLOW_COST);

/** Processor time of a process so far, in ticks. */
function ticksOf(pid) {
	const fields = fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
	return Number(fields[11]) + Number(fields[12]);
}

/**
 * Asks with a password, and changes something once its check has begun. Returns the answer; null: it came before the change.
 * @param {number} pid the process that checks
 */
async function changedMeanwhile(pid, ask, change) {
	const earlier = ticksOf(pid);
	let isAnswered = false;
	const answer = ask().finally(() => (isAnswered = true));
	await until("the password's check", () => isAnswered || ticksOf(pid) >= earlier + CHECKING_TICKS, { seconds: 60 });
	await change();
	const late = isAnswered;
	return late ? (await answer, null) : answer;
}

/** Tries with one name after another until a change was in time; returns the name and the answer. */
async function tryUntilInTime(what, attempt) {
	for (let i = 0; i < TRIES; i++) {
		const name = `${what.replace(/\W/g, "")}${i}`;
		const answer = await attempt(name);
		if (answer !== null)
			return { name, answer };
	}
	assert.fail(`in ${TRIES} tries no change was quicker than the check of a password`);
}

const ctl = (args, password = OLD) => prebind.ctlOk(["--site", "default", ...args.split(" ")], { input: `${password}\n` });
const ours = (sql) => runSql(place, place.path("data", "prebind.db"), sql);
const addCaller = (name) => ctl(`gateway add ${name} --domains example.test --password-stdin`);

const gatewayCall = (name, from) => prebind.request({ method: "POST", path: "/rest/adhoc/bosh@example.test",
	headers: { Host: "example.org", "Content-Type": "text/xml", Authorization: `Basic ${Buffer.from(`${name}:${OLD}`).toString("base64")}` },
	body: `<command><node>pre-bind-bosh-session</node><fields><item><var>from</var><value>${from}</value></item></fields></command>` });

for (const [what, change] of Object.entries({
	"a new password": (name) => ctl(`gateway passwd ${name}`),
	"disabled": (name) => ctl(`gateway disable ${name}`),
	"deleted": (name) => ctl(`gateway delete ${name}`),
	"deleted, and another with that name and password": async (name) => { await ctl(`gateway delete ${name}`); await addCaller(name); },
}))
	test(`gateway, while the password is checked: ${what}`, async () => {
		const { name, answer } = await tryUntilInTime(what, async (caller) => {
			await addCaller(caller);
			await ours(`UPDATE gateway_caller SET password_hash = '${slow}' WHERE name = '${caller}'`);
			return changedMeanwhile(prebind.child.pid, () => gatewayCall(caller, `${caller}@example.test`), () => change(caller));
		});
		assert.equal(answer.status, 401, answer.body);
		const [line] = prebind.child.stderr.split("\n").filter((text) => text.includes(`"caller":"${name}"`));
		assert.match(line, /the gateway caller was changed during the password check/);
		assert.equal(peer.requests.some(({ body }) => body.includes(`${name}@example.test`)), false, "no session was asked for");
	});

for (const [what, change] of Object.entries({
	"passwd": (name) => ctl(`user passwd ${name} --password-stdin`, NEW),
	"disable": (name) => ctl(`user disable ${name}`),
	"delete": (name) => ctl(`user delete ${name}`),
	"map set": (name) => ctl(`map set another ${name}@example.test`),
}))
	test(`prebind-extauth, while the password is checked: ${what}`, async () => {
		const program = new Extauth(place, prebind.conf, ["--site", "default"]);
		const { answer } = await tryUntilInTime(`x${what}`, async (user) => {
			await ctl(`user add ${user} --password-stdin`);
			await ours(`UPDATE site_user SET password_hash = '${slow}' WHERE name = '${user}'`);
			return changedMeanwhile(program.child.pid, () => program.ask(`auth:${user}:example.test:${OLD}`), () => change(user));
		});
		assert.equal(answer, false);
		await program.end();
	});
