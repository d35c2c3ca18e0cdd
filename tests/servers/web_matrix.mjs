/*
 * What holds behind every web server, in every form: who is logged in, by each provider and each format of the XMPP
 * server's; what nobody may be, or read. The forms are in the test files, what they have in common is in web_stand.mjs.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { dataBlock, hiddenFields, NAVIGATION, SCRIPT } from "../lib/http.mjs";
import { noNamespace } from "../lib/namespace.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { basic, BOSH_QUICK, BOSH_REFUSES, CALLER, FORMATS, hostOf, openStands, PASSWORD, PROVIDERS, SECRETS, SWALLOWED } from "./web_stand.mjs";

/** @typedef {import('./web_stand.mjs').Stand} Stand */

const ADHOC = "<command><node>pre-bind-bosh-session</node><fields><item><var>from</var><value>carol@example.test/web1</value></item></fields></command>";
/** Who might be believed because a header says so. */
const SPOOFED = { "Remote-User": "bob", REMOTE_USER: "bob", "X-Remote-User": "bob", X_User: "bob", "X-Forwarded-User": "bob",
	"Auth-Type": "Basic", AUTH_TYPE: "Basic", "Redirect-Remote-User": "bob", Proxy: "http://127.0.0.1:1" };

/**
 * Every test of one file.
 * @param {typeof import('node:test')} runner this is no test file, so it is handed over
 * @param {{ name: string, server: string, user: string, kept: boolean, keys?: object, socket?: boolean, basePath?: string,
 *   bosh?: boolean, program?: string, staticFolder?: string, encodings?: string[],
 *   install: (stand: Stand) => Promise<unknown>, basic: (stand: Stand) => Promise<unknown> }[]} forms
 *   server: as Namespace.startWeb has it; user: whom the program runs as; kept: it is no process for each request; keys: of
 *   [server]; socket: it is started by itself; bosh: false where /http-bind is not brought; program, staticFolder: where they are
 *   not what and where `make install` puts them; encodings: of compressed files, the best first; install: what there is before the web server starts; basic: switches its
 *   own authentication on for /chat
 * @returns {(form: object) => Stand} for further tests
 */
export function matrix({ after, before, test }, forms) {
	const place = new Place();
	/** @type {Map<object, Stand>} */
	let stands = new Map();

	before(async () => {
		if (noNamespace)
			return;
		stands = await openStands(place, forms);
	});
	after(() => place.close({ logs: true }));

	for (const form of forms)
		testForm(form, () => stands.get(form), (name, ...args) =>
			test(`${form.name}: ${name}`, { skip: noNamespace, ...(args.length > 1 && !noNamespace && args[0]) }, args.at(-1)));
	return (form) => stands.get(form);
}

/**
 * @param {object} form
 * @param {() => Stand} stand
 * @param {(name: string, run: () => Promise<void>) => void} it
 */
function testForm(form, stand, it) {
	for (const provider of Object.keys(PROVIDERS).filter((name) => name !== "remote-user"))
		testProvider(provider, stand, it);
	testAddresses(stand, it);
	testErrors(form, stand, it);
	testFiles(stand, it);
	testCompression(form, stand, it);
	testPrograms(stand, it);
	it("REMOTE_USER without the web server's authentication is nobody", async () => {
		for (const headers of [{}, SPOOFED, basic("alice", PASSWORD), { ...SPOOFED, ...basic("alice", PASSWORD) }]) {
			const answer = await stand().visitor(hostOf("remote-user", "json")).get("/chat/", { ...NAVIGATION, ...headers });
			assert.equal(answer.status, 401, JSON.stringify(headers));
			assert.equal(dataBlock(answer.body), null);
		}
	});
	testWaiting(form, stand, it);
	it("its own authentication is switched on", async () => {
		await stand().web.stop();
		await form.basic(stand());
		await stand().startWeb();
		const answer = await stand().visitor(hostOf("remote-user", "json")).get("/chat/");
		assert.equal(answer.status, 401);
		assert.match(answer.headers["www-authenticate"], /^Basic realm="Example"/);
	});
	testProvider("remote-user", stand, it);
}

function testWaiting(form, stand, it) {
	it("a page of the slowest XMPP server is waited for", async () => {
		const page = await stand().slowPage;
		assert.equal(page.status, 200, page.body);
		assert.match(dataBlock(page.body).jid, /^alice@/);
	});
	it(`the program runs as ${form.user}, and ${form.kept ? "goes on" : "ends with its answer"}`, async () => {
		assert.deepEqual([...stand().ranAs], [form.user]);
		if (form.kept)
			assert.ok((await stand().users()).length > 0);
		else
			await until("no process to be left", async () => (await stand().users()).length === 0);
	});
	if (form.bosh === false)
		return;
	it("a long poll is waited for", async () => {
		const answer = await stand().slowPoll;
		assert.equal(answer.status, 200, answer.body);
		assert.equal(answer.body, "<body method='POST'/>");
		assert.equal(answer.headers["x-path"], "/http-bind");
	});
	it("/http-bind with a slash", async () => {
		const answer = await stand().send({ method: "POST", path: `/http-bind/?${BOSH_QUICK}`, body: "<body/>" });
		assert.equal(answer.status, 200, answer.body);
		assert.match(answer.headers["x-path"], /^\/http-bind\/?\?quick$/);
	});
}

/** The cells of one provider. */
function testProvider(provider, stand, it) {
	for (const format of FORMATS) {
		const host = hostOf(provider, format);
		it(`${provider}, ${format}: the page and prebind.json hold a session of alice's`, async () => {
			const visitor = await stand().enter(provider, host);
			const page = await visitor.get("/chat/", { ...NAVIGATION, ...SPOOFED });
			assert.equal(page.status, 200, page.body);
			const sessions = [dataBlock(page.body)];
			assert.match(page.headers["cache-control"], /no-store/);
			for (const method of ["GET", "POST"]) {
				const answer = await visitor.request(method, "/chat/prebind.json", { headers: SCRIPT, body: method === "POST" ? "" : undefined });
				assert.equal(answer.status, 200, answer.body);
				assert.match(answer.headers["content-type"], /^application\/json/);
				sessions.push(JSON.parse(answer.body));
			}
			for (const session of sessions) {
				assert.match(session.jid, /^alice@example\.test\/web-[0-9a-f]+$/);
				assert.match(session.sid, /^[0-9a-f-]{36}$/);
				assert.match(session.rid, /^[0-9]{1,16}$/);
			}
			const asked = stand().peer.requests.slice(-sessions.length);
			assert.deepEqual(asked.map(({ headers }) => headers["content-type"].includes(format)), [true, true, true]);
		});

		it(`${provider}, ${format}: who is not logged in gets no session, whatever headers say`, async () => {
			const { nobody, forged = {} } = PROVIDERS[provider];
			const calls = stand().peer.requests.length;
			for (const headers of [{}, SPOOFED, { ...SPOOFED, ...forged }]) {
				const page = await stand().visitor(host).get("/chat/", { ...NAVIGATION, ...headers });
				assert.equal(page.status, nobody, page.body);
				if (nobody === 303)
					assert.equal(page.headers.location, "/chat/login?next=%2Fchat%2F");
				assert.equal(dataBlock(page.body), null);
			}
			assert.equal((await stand().visitor(host).get("/chat/prebind.json", { ...SCRIPT, ...SPOOFED })).status, 401);
			assert.equal(stand().peer.requests.length, calls, "the XMPP server was not asked");
		});
	}
}

function testAddresses(stand, it) {
	const host = hostOf("login", "json");

	it("the mount point, with and without its slash; what is not there", async () => {
		const get = (file) => stand().visitor(host).get(file);
		assert.deepEqual([(await get("/chat")).status, (await get("/chat")).headers.location], [303, "/chat/"]);
		assert.equal((await get("/chat/")).headers.location, "/chat/login?next=%2Fchat%2F");
		assert.equal((await get("/chatter")).status, 404);
		const ours = await get("/chat/nothing");
		assert.equal(ours.status, 404);
		assert.match(ours.headers["content-security-policy"], /default-src 'none'/);
		assert.equal((await get("/site.txt")).body, "the site");
	});

	it("bodies: a wrong password, one that is too large", async () => {
		const visitor = stand().visitor(host);
		assert.equal((await visitor.login("alice", "wrong", "/chat/login")).status, 401);
		assert.equal((await visitor.post("/chat/login", { user: "alice", password: "x".repeat(20_000) })).status, 413);
	});

	it("behind a mapped port, and by the host's name in full: our own forms are our own", async () => {
		for (const name of [`${host}:8443`, `${host}.`, `${host}.:8443`]) {
			const headers = { Origin: `http://${name}` }; // of an older browser, which says no more
			const visitor = stand().visitor(name);
			const form = await visitor.get("/chat/login", {});
			assert.equal(form.status, 200, `${name}: ${form.body}`);
			const post = (origin) => visitor.post("/chat/login", { ...hiddenFields(form.body), user: "alice", password: PASSWORD }, origin);
			assert.equal((await post({ Origin: "http://other.example.org:8443" })).status, 403, name);
			assert.equal((await post(headers)).status, 303, name);
		}
	});

	it("a site is chosen by one name: the Host, or the whole address in its place", async () => {
		assert.equal((await stand().visitor("unknown.example.org").get("/chat/")).status, 404);
		const answer = await stand().send({ host: "unknown.example.org", path: `http://${host}/chat/`, headers: NAVIGATION });
		assert.ok([303, 400].includes(answer.status), `${answer.status}: of the Host's site, where the server asked was another`);
	});
}

/** Somebody's pages take the place of every error, but for those of ours (Stand.swallowErrors). */
function testErrors(form, stand, it) {
	it("server-wide error pages swallow none of ours", async () => {
		const host = hostOf("login", "json");
		const visitor = stand().visitor(host);
		assert.ok((await stand().send({ host, path: "/nothing-of-ours" })).body.includes(SWALLOWED), "it is switched on outside");
		const page = await visitor.get("/chat/nothing");
		assert.equal(page.status, 404);
		assert.match(page.body, /<code>[0-9a-f]{16}<\/code>/);
		const json = await visitor.get("/chat/prebind.json", SCRIPT);
		assert.equal(json.status, 401);
		assert.equal(JSON.parse(json.body).error, "login_required");
		const refused = await visitor.post("/chat/login", { user: "alice", password: PASSWORD, token: "x" });
		assert.equal(refused.status, 403);
		assert.match(refused.body, /<code>[0-9a-f]{16}<\/code>/);
		const again = await visitor.login("alice", "wrong", "/chat/login");
		assert.equal(again.status, 401);
		assert.match(again.body, /name="password"/);
		const call = await stand().send({ host, path: "/chat/rest/adhoc/bosh@example.test" });
		assert.equal(call.status, 401);
		assert.match(call.headers["www-authenticate"], /^Basic /);
		assert.ok(!call.body.includes(SWALLOWED));
	});
	if (form.bosh === false)
		return;
	it("server-wide error pages swallow none of the BOSH service's", async () => {
		const answer = await stand().send({ method: "POST", path: `/http-bind?${BOSH_REFUSES}`, body: "<body/>" });
		assert.equal(answer.status, 404);
		assert.equal(answer.body, "<body method='POST'/>");
	});
}

/** What is the same for everybody is compressed; what holds a secret never is. */
function testCompression(form, stand, it) {
	const folder = () => form.staticFolder ?? "/usr/local/share/prebind/static";

	it("static files are compressed", { skip: form.encodings?.length === 0 && "this web server has no module for it here" }, async () => {
		const files = fs.readdirSync(stand().ns.path(folder())).filter((name) => /\.(js|css|svg)$/.test(name));
		for (const encoding of form.encodings ?? ["gzip"]) {
			let plain = 0, travelled = 0;
			for (const name of [...files, "vendor/strophe.js", "lang/en.js"]) {
				const answer = await stand().send({ path: `/chat/static/${name}`, headers: { "Accept-Encoding": encoding } });
				assert.equal(answer.status, 200, name);
				plain += fs.statSync(path.join(stand().ns.path(folder()), name)).size;
				travelled += answer.bytes;
				if (answer.headers["content-encoding"] === undefined)
					continue; // a small one
				assert.equal(answer.headers["content-encoding"], encoding, name);
				assert.match(answer.headers.vary, /Accept-Encoding/i, name);
			}
			assert.ok(travelled < 0.35 * plain, `${encoding}: ${plain} bytes travel as ${travelled}`);
		}
	});

	it("pages, JSON and the BOSH service's answers are not compressed", async () => {
		const host = hostOf("token", "json");
		const visitor = await stand().enter("token", host);
		const headers = { "Accept-Encoding": "br, gzip, deflate" };
		for (const [file, more] of [["/chat/", NAVIGATION], ["/chat/prebind.json", SCRIPT], ["/chat/nothing", NAVIGATION]]) {
			const answer = await visitor.get(file, { ...headers, ...more });
			assert.notEqual(answer.status, 303);
			assert.equal(answer.headers["content-encoding"], undefined, file);
		}
		const login = await stand().visitor(hostOf("login", "json")).get("/chat/login", { ...headers, ...NAVIGATION });
		assert.match(login.body, /name="token"/);
		if (form.bosh === false)
			return;
		const poll = await stand().send({ method: "POST", path: `/http-bind?${BOSH_QUICK}`, body: "<body/>", headers });
		assert.equal(poll.body, "<body method='POST'/>");
	});
}

function testFiles(stand, it) {
	const get = (file) => stand().send({ path: file });

	it("static files: type, caching, no guessing", async () => {
		const rows = [["prebind.js", /^text\/javascript/], ["chat.css", /^text\/css/], ["icon.svg", /^image\/svg\+xml/],
			["vendor/strophe.js", /^text\/javascript/], ["lang/de.js", /^text\/javascript/], ["module.mjs", /^text\/javascript/]];
		const folder = stand().form.staticFolder ?? "/usr/local/share/prebind/static";
		await stand().ns.write(`${folder}/module.mjs`, "export default 1;\n");
		for (const [file, type] of rows) {
			const answer = await get(`/chat/static/${file}`);
			assert.equal(answer.status, 200, file);
			assert.match(answer.headers["content-type"], type, file);
			assert.equal(answer.headers["x-content-type-options"], "nosniff", file);
			assert.match(answer.headers["cache-control"], /^public, max-age=\d+$/, file);
			assert.equal(answer.body, fs.readFileSync(stand().ns.path(`${folder}/${file}`), "utf8"), file);
			const again = await stand().send({ path: `/chat/static/${file}`, headers: { "If-None-Match": answer.headers.etag } });
			assert.equal(again.status, 304, file);
		}
	});

	it("what holds secrets is not served", async () => {
		const files = [...SECRETS.map((name) => `/${name}`), "/prebind%2Edb", "/prebind%2edb%2Dwal", "//prebind.conf", "/./prebind.db",
			"/chat/static/", "/chat/static", "/chat/static/vendor/", "/chat/static/vendor/strophe.LICENSE.txt",
			"/chat/static/../templates/chat.html", "/chat/static/%2e%2e/templates/chat.html", "/chat/static/..%2ftemplates/chat.html",
			"/chat/static/../static../templates/chat.html", "/chat/static../templates/chat.html", "/chat/templates/chat.html",
			"/chat/static/../../../../../etc/prebind/prebind.conf", "/chat/prebind.conf", "/etc/prebind.conf", "/data/prebind.db",
			"/bin/prebind.fcgi", "/chat/prebind.fcgi", "/prebind/templates/chat.html", "/.htaccess"];
		for (const file of files) {
			const answer = await get(file);
			assert.ok([303, 400, 403, 404].includes(answer.status), `${file}: ${answer.status}`);
			assert.doesNotMatch(answer.body, /^secret|\[site|\{\{|ELF|Rewrite/, file);
		}
	});
}

function testPrograms(stand, it) {
	for (const format of FORMATS) {
		it(`programs call /rest/adhoc with Basic credentials; Tigase is asked in ${format}`, async () => {
			const call = (headers, request = {}) => stand().send({ host: hostOf("login", format), path: "/chat/rest/adhoc/bosh@example.test",
				headers: { "Content-Type": "application/xml", ...headers }, ...request });
			assert.equal((await call({})).status, 401);
			assert.equal((await call(basic(CALLER.name, "wrong"))).status, 401);
			const list = await call(basic(CALLER.name, CALLER.password));
			assert.equal(list.status, 200, list.body);
			assert.match(list.body, /pre-bind-bosh-session/);
			const session = await call(basic(CALLER.name, CALLER.password), { method: "POST", body: ADHOC });
			assert.equal(session.status, 200, session.body);
			assert.match(session.body, /carol@example\.test\/web1/);
		});
	}
}
