/*
 * What the tortured program is asked for, and what may come of it when a call fails: all that it should do, or a clear
 * refusal. A scene throws if it sees more, less or something else.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { dataBlock, FORM, formText, hiddenFields, NAVIGATION, SCRIPT } from "../lib/http.mjs";
import { planOf } from "../lib/setup.mjs";
import { until } from "../lib/wait.mjs";
import { BOSH_HOST, CALLER, PASSWORD, SITE_HOST, SITE_SID } from "./stand.mjs";

/**
 * @typedef {object} Scene
 * @property {string} name
 * @property {(stand: import('./stand.mjs').Stand) => Promise<object>} [prepare] what its requests need, made without a fault
 * @property {(stand: import('./stand.mjs').Stand, ready: object) => Promise<object>} act runs the program once
 * @property {(ran: object, ready: object) => void} check the program did what it should: right in every part
 * @property {number} [status] of the right answer; without: a verb of prebindctl, whose exit status is 0
 * @property {RegExp} [never] what must be in no output, whatever fails
 * @property {RegExp} [excused] who, without memory, may crash the process: a library
 * @property {(stand: import('./stand.mjs').Stand, ready: object, done: boolean) => Promise<boolean | void>} [after] what must hold
 *   now; done: the program said that it did it. true: prepare again
 */

const FORM_TYPE = { "Content-Type": "application/x-www-form-urlencoded" };
export const SESSION = /"sid":|"rid":|bfcd28f4/;
const LOGIN_COOKIE = /^set-cookie: prebind-insecure=(?!;)/mi;
const basic = (name, password) => ({ Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` });

const visited = (user, host) => async (stand) => ({ headers: (await stand.loggedIn(user, host)).jar.headers });

export function assertSession(session, jid) {
	assert.match(session.jid, new RegExp(`^${jid}/`));
	assert.ok(session.sid && session.rid);
}

const page = ({ answer }) => {
	assert.match(answer.body, /<\/html>\s*$/);
	return answer.body;
};

/** An error page, if need be the one without a template. */
const errorPage = ({ answer }) => assert.match(answer.body, /^<!doctype html>[^]*(<\/html>|<\/p>)\s*$/i);

/** A page with a session for this JID. */
export const pageOf = (jid) => (ran) => assertSession(dataBlock(page(ran)), jid);

export const get = (path, headers = NAVIGATION, params = {}) => (stand, ready) =>
	stand.cgi({ path, headers: { ...ready.headers, ...headers }, params });

const post = (path, fields) => (stand, ready) =>
	stand.cgi({ method: "POST", path, headers: { ...ready.headers, ...FORM, ...FORM_TYPE }, body: formText(fields(ready)) });

const toLogin = ({ answer }) => assert.match(answer.headers.location, /^\/chat\/login/);
const errorIs = (error) => ({ answer }) => assert.equal(JSON.parse(answer.body).error, error);

/** The hidden fields of a page's form. A server's worker that could not open the site answers with an error page at first. */
export async function formOf(visitor, path) {
	const { status, body } = await visitor.get(path);
	assert.equal(status, 200, body);
	return { headers: visitor.jar.headers, fields: hiddenFields(body) };
}

/** The login form's cookie and its token. */
const loginForm = (stand) => formOf(stand.visitor(), "/login");

const logoutForm = async (stand) => formOf(await stand.loggedIn(), "/");

/** A server's worker that could not open the site tries again after a pause. */
async function isIn(stand, headers) {
	let status;
	await until("a page afterwards", async () => {
		({ status } = (await stand.cgi({ path: "/", headers: { ...headers, ...NAVIGATION } })).answer ?? {});
		assert.ok(status === 200 || status === 303, `it is a ${status}`);
		return true;
	}, { seconds: stand.patience });
	return status === 200;
}

export const cookiesOf = (answer) => ({ Cookie: [answer.headers["set-cookie"]].flat().map((line) => line.split(";")[0]).join("; ") });

const command = (type, body) => (password) => (stand) => stand.cgi({ method: "POST", path: "/rest/adhoc/bosh@example.test",
	headers: { ...basic(CALLER, password), "Content-Type": type }, body });
const XML = command("text/xml", "<command><node>pre-bind-bosh-session</node><fields><item><var>from</var><value>alice@example.test/web1</value>"
	+ "</item><item><var>hold</var><value>1</value></item><item><var>wait</var><value>60</value></item></fields></command>");
const JSON_CALL = command("application/json", JSON.stringify({ command: { node: "pre-bind-bosh-session",
	fields: [{ var: "from", value: "alice@example.test/web1" }, { var: "hold", value: "1" }, { var: "wait", value: "60" }] } }));

/** @type {Scene[]} */
const REQUESTS = [
	{ name: "page", status: 200, prepare: visited("alice"), act: get("/"), check: pageOf("alice@example.test") },
	{ name: "json", status: 200, prepare: visited("alice"), act: get("/prebind.json", SCRIPT),
		check: ({ answer }) => assertSession(JSON.parse(answer.body), "alice@example.test") },
	{ name: "stranger", status: 303, act: get("/"), check: toLogin, never: SESSION },
	{ name: "wrong cookie", status: 401, never: SESSION, check: errorIs("login_required"),
		prepare: async () => ({ headers: { Cookie: `prebind-insecure=${"A".repeat(43)}` } }),
		act: get("/prebind.json", SCRIPT) },
	{ name: "login form", status: 200, act: get("/login"), check: page, never: SESSION },
	{ name: "login", status: 303, prepare: loginForm,
		act: post("/login", ({ fields }) => ({ ...fields, user: "alice", password: PASSWORD })),
		check: ({ answer }) => assert.equal(answer.headers.location, "/chat/"),
		after: async (stand, ready, done, ran) => {
			if (done)
				assert.ok(await isIn(stand, cookiesOf(ran.answer)), "the login that was accepted is unknown afterwards");
		} },
	{ name: "wrong password", status: 401, prepare: loginForm, check: errorPage, never: LOGIN_COOKIE,
		act: post("/login", ({ fields }) => ({ ...fields, user: "alice", password: "wrong" })) },
	{ name: "logout", status: 303, prepare: logoutForm, act: post("/logout", ({ fields }) => fields), check: () => {},
		after: async (stand, ready, done) => {
			const still = await isIn(stand, ready.headers);
			assert.ok(!done || !still, "logged out, but the cookie still opens the page");
			return !still;
		} },
	{ name: "not found", status: 404, act: get("/nothing"), check: errorPage, never: SESSION },
	{ name: "method refused", status: 405, act: (stand) => stand.cgi({ method: "PUT", path: "/", headers: FORM }), check: () => {}, never: SESSION },
	{ name: "health", status: 200, act: get("/health"), check: ({ answer }) => assert.equal(JSON.parse(answer.body).status, "ok"), never: SESSION },
	{ name: "gateway, XML", status: 200, act: XML(PASSWORD), check: ({ answer }) => assert.match(answer.body, /<var>sid<\/var>[^]*<\/command>\s*$/) },
	{ name: "gateway, JSON", status: 200, act: JSON_CALL(PASSWORD), check: ({ answer }) => assert.match(JSON.stringify(JSON.parse(answer.body)), /"sid"/) },
	{ name: "gateway, wrong password", status: 401, after: (stand) => stand.forgetLimits(), act: JSON_CALL("wrong"), check: () => {}, never: /bfcd28f4/ },
	{ name: "BOSH log-in", status: 200, prepare: visited("carol", BOSH_HOST), check: pageOf("carol@example.org"),
		act: (stand, ready) => {
			stand.expectBosh();
			return get("/", NAVIGATION, { HTTP_HOST: BOSH_HOST })(stand, ready);
		} },
	{ name: "site's session", status: 200, check: pageOf("bob@example.test"),
		act: get("/", { ...NAVIGATION, Cookie: `sid=${SITE_SID}` }, { HTTP_HOST: SITE_HOST }) },
	{ name: "site's session, wrong", status: 401, never: SESSION, check: () => {},
		act: get("/prebind.json", { ...SCRIPT, Cookie: "sid=another" }, { HTTP_HOST: SITE_HOST }) },
];

let names = 0;

/** A verb that adds somebody: who is added must be there, and be able to log in; who is not must not be half there. */
const userAdd = {
	name: "ctl user add",
	prepare: async () => ({ user: `user${++names}-${process.pid}` }),
	act: (stand, { user }) => stand.ctl(["user", "add", user, "--password-stdin", "--jid", `${user}@example.test`], `${PASSWORD}\n`),
	check: () => {},
	after: async (stand, { user }, done) => {
		const users = JSON.parse((await stand.ctl(["user", "list", "--json"])).stdout);
		const rows = JSON.parse((await stand.ctl(["map", "list", "--json"])).stdout);
		const there = JSON.stringify(users).includes(`"${user}"`), mapped = JSON.stringify(rows).includes(`"${user}"`);
		assert.equal(there, mapped, "only one of the user and the map's row is there");
		assert.ok(!done || there, "added, but not there");
		return true;
	},
};

const KEPT = { "bosh.key": "keep", "prebind.conf": "unchanged", "site.sql": "unchanged", "web.conf": "unchanged" };

/** A verb that writes many files: no half of one is there afterwards, and it finishes its work when it is run again. */
const setup = {
	name: "ctl setup",
	prepare: (stand) => stand.setupFolder(),
	act: (stand, ready) => stand.setup(ready),
	check: () => {},
	after: async (stand, ready, done) => {
		const again = await stand.setup(ready);
		assert.equal(again.code, 0, `setup after a failed one: ${again.stderr}`);
		const plan = planOf(again.stdout);
		if (done)
			assert.equal(plan["bosh.key"], "keep", "done, but the key is not there");
		assert.ok(!Object.values(plan).includes("REFUSED"), again.stdout);
		const whole = planOf((await stand.setup(ready)).stdout);
		assert.deepEqual({ ...KEPT, ...whole }, whole, "what is there is not what would be written");
		assert.match(fs.readFileSync(join(ready.folder, "etc/bosh.key"), "utf8"), /^[\w-]{43}\n$/);
		assert.equal(await stand.integrity(ready.database), "ok");
		fs.rmSync(ready.folder, { recursive: true });
		return true;
	},
};

/** @type {Scene[]} */
const VERBS = [
	userAdd,
	{ name: "ctl user passwd", act: (stand) => stand.ctl(["user", "passwd", "dave", "--password-stdin"], `${PASSWORD}\n`), check: () => {} },
	{ name: "ctl user list", act: (stand) => stand.ctl(["user", "list"]), check: ({ stdout }) => assert.match(stdout, /^alice\b/m) },
	{ name: "ctl session list", prepare: visited("alice"), act: (stand) => stand.ctl(["session", "list", "--json"]),
		check: ({ stdout }) => assert.match(JSON.stringify(JSON.parse(stdout)), /"alice"/) },
	{ name: "ctl session end", act: (stand) => stand.ctl(["session", "end", "dave"]), check: () => {} },
	{ name: "ctl map set", act: (stand) => stand.ctl(["map", "set", "dora", "dora@example.test"]), check: () => {} },
	{ name: "ctl migrate", prepare: async (stand) => stand.emptySite(), act: (stand) => stand.ctl(["--site", "fresh", "migrate"]), check: () => {},
		after: async (stand, ready, done) => {
			const again = await stand.ctl(["--site", "fresh", "migrate"]);
			assert.equal(again.code, 0, `migrate after a failed one: ${again.stderr}`);
			assert.equal(await stand.integrity(ready.file), "ok");
			assert.ok(done !== undefined);
			return true;
		} },
	{ name: "ctl backup", prepare: async (stand) => ({ file: stand.place.path("data", `backup-${++names}.db`) }),
		act: (stand, { file }) => stand.ctl(["backup", file]), check: () => {},
		after: async (stand, { file }, done) => {
			if (done)
				assert.equal(await stand.integrity(file), "ok");
			stand.remove(file);
			return true;
		} },
	{ name: "ctl check", act: (stand) => stand.ctl(["check"]), check: () => {} },
	{ name: "ctl conf", act: (stand) => stand.ctl(["conf"]), check: ({ stdout }) => assert.match(stdout, /tigase_url/) },
	{ name: "ctl prebind", act: (stand) => stand.ctl(["prebind", "alice", "--json"]),
		check: ({ stdout }) => assertSession(JSON.parse(stdout), "alice@example.test") },
];

export const SCENES = [...REQUESTS, ...VERBS, setup];
