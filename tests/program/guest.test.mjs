// Guests against a scripted BOSH service: who becomes one and when, what the cookie is worth, and what guests may ask for.
// Users log in at a scripted Tigase, so a session that comes from the BOSH service is a guest's.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dataBlock, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const DOMAIN = "guests.example.org";
const COOKIE = "prebind-insecure-guest";
const CROSS_SITE = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };

const GUEST = { bind: "required", guest: true, guests: DOMAIN };

let place, tigase, peer, prebind, addresses = 0;

before(async () => {
	place = new Place();
	tigase = await startTigasePeer({ place });
	peer = await BoshPeer.start(place);
	const site = { ...tigase.site(place, { resource: "web1" }), bosh_service: peer.url, identity: "login guest", guest_domain: DOMAIN };
	prebind = new Prebind(place, {
		site: { ...site, hosts: "example.org", limit_guest_ip: "off" },
		sites: {
			other: { ...site, hosts: "other.example.org", limit_guest_ip: "off" },
			few: { ...site, hosts: "few.example.org", limit_guest_ip: "3/1h" },
			none: { ...site, hosts: "none.example.org", identity: "login" },
			sole: { ...site, hosts: "sole.example.org", identity: "guest", limit_guest_ip: "off", login_url: "/wp-login.php" },
			email: { ...site, hosts: "email.example.org", identity: "guest", jid: "{user}@example.org" },
		},
	});
	await prebind.prepare({ alice: PASSWORD });
	for (const name of Object.keys(prebind.databases))
		await prebind.ctlOk(["--site", name, "migrate"]);
	await prebind.start();
});
after(() => place.close({ logs: true }));

/** A browser at an address of its own. */
function browser({ host = "example.org", address = `192.0.2.${++addresses}` } = {}) {
	return new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: host, REMOTE_ADDR: address, HTTPS: "on" } }));
}

/** The BOSH service lets the next guest in, as this JID. */
function letIn(jid) {
	peer.script(say.mechanisms("ANONYMOUS"), say.success(), say.bindOffer(), say.bound(jid));
}

/** A guest opens the chat. */
async function begin(visitor, { jid = `x7@${DOMAIN}/web`, name, headers = SCRIPT } = {}) {
	letIn(jid);
	const answer = await visitor.post("/prebind.json", { bind: "yes", ...(name === undefined ? {} : { name }) }, headers);
	return { ...answer, data: JSON.parse(answer.body) };
}

async function who(visitor) {
	const answer = await visitor.post("/prebind.json", { bind: "no" }, SCRIPT);
	return { status: answer.status, ...JSON.parse(answer.body) };
}

const cookieOf = (visitor) => visitor.jar.cookies.get(COOKIE);

async function logOf(answer) {
	const id = answer.headers["x-request-id"];
	const read = () => prebind.child.stderr.split("\n").filter((line) => line.includes(id) && line.endsWith("}")).map((line) => JSON.parse(line));
	await until("the log's line", () => read().some(({ event }) => event === "request"));
	return read();
}

describe("who becomes a guest", () => {
	test("a page view makes no session and sets no cookie", async () => {
		peer.script();
		for (const headers of [NAVIGATION, CROSS_SITE, {}]) {
			const page = await browser().get("/", headers);
			assert.equal(page.status, 200);
			assert.deepEqual(dataBlock(page.body), GUEST);
			assert.equal(page.headers["set-cookie"], undefined);
		}
		assert.deepEqual(peer.bodies, []);
	});

	test("the script asks, and the session is anonymous on the host for guests", async () => {
		const guest = browser();
		const { status, data } = await begin(guest, { name: "Anna" });
		assert.equal(status, 200);
		assert.equal(data.jid, `x7@${DOMAIN}/web`);
		assert.equal(data.guest, true);
		assert.equal(data.name, "Anna");
		assert.equal(peer.bodies.length, 4);
		assert.match(peer.bodies[0], new RegExp(`\\bto=['"]${DOMAIN}`));
		assert.match(peer.bodies[1], /mechanism=['"]ANONYMOUS/);
		assert.doesNotMatch(peer.bodies.join(), /Anna/, "the XMPP server learns the name from the guest's messages only");
	});

	test("the cookie ends with the browser's session and is not for scripts", async () => {
		const { headers } = await begin(browser());
		const [line] = headers["set-cookie"];
		assert.match(line, new RegExp(`^${COOKIE}=`));
		assert.match(line, /; HttpOnly; SameSite=Lax$/);
		assert.doesNotMatch(line, /Max-Age|Expires|Domain/);
	});

	test("a reload goes on with the same name and key", async () => {
		const guest = browser();
		const first = await begin(guest, { name: "Anna" });
		const page = await guest.get("/");
		assert.deepEqual(dataBlock(page.body), { ...GUEST, name: "Anna" });
		assert.match(page.body, new RegExp(`data-user="${first.data.user}"`));
		assert.match(page.body, /<span id="me">Anna</);
		const again = await begin(guest, { jid: `y8@${DOMAIN}/web` });
		assert.equal(again.data.user, first.data.user);
		assert.equal(again.data.name, "Anna");
		assert.equal(again.headers["set-cookie"], undefined);
	});

	test("a name can be said before there is a session", async () => {
		const guest = browser();
		peer.script();
		assert.match((await guest.get("/")).body, /id="guest-form"/);
		const said = JSON.parse((await guest.post("/prebind.json", { bind: "no", name: "Anna" }, SCRIPT)).body);
		assert.equal(said.name, "Anna");
		assert.deepEqual(peer.bodies, []);
		const page = (await guest.get("/")).body;
		assert.deepEqual(dataBlock(page), { ...GUEST, name: "Anna" });
		assert.doesNotMatch(page, /id="guest-form"/);
		assert.equal((await begin(guest)).data.user, said.user);
	});

	test("a new name keeps the guest", async () => {
		const guest = browser();
		const first = await begin(guest, { name: "Anna" });
		const again = await begin(guest, { name: "Bea" });
		assert.equal(again.status, 200, again.body);
		assert.deepEqual([again.data.user, again.data.name], [first.data.user, "Bea"]);
	});

	test("two guests have two keys", async () => {
		assert.notEqual((await begin(browser())).data.user, (await begin(browser())).data.user);
	});

	test("a site without the provider knows no guests", async () => {
		const answer = await begin(browser({ host: "none.example.org" }));
		assert.deepEqual([answer.status, answer.data.error], [401, "login_required"]);
	});

	test("the page offers the login, at the site or here", async () => {
		assert.match((await browser().get("/")).body, /href="\/chat\/login"/);
		assert.match((await browser({ host: "sole.example.org" }).get("/")).body, /href="\/wp-login\.php"/);
	});
});

describe("guests and users", () => {
	test("a login ends the guest's visit", async () => {
		const visitor = browser();
		await begin(visitor);
		assert.ok(cookieOf(visitor));
		assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
		assert.equal(cookieOf(visitor), undefined);
		const page = await visitor.get("/", CROSS_SITE);
		assert.deepEqual(dataBlock(page.body), { bind: "required", guests: DOMAIN });
	});

	test("a login elsewhere at the site ends it too", async () => {
		const visitor = browser();
		await begin(visitor);
		const cookie = cookieOf(visitor);
		await visitor.login("alice", PASSWORD);
		visitor.jar.cookies.set(COOKIE, cookie);
		const answer = await who(visitor);
		assert.equal(answer.guest, undefined);
		assert.equal(cookieOf(visitor), undefined);
	});

	test("a log-out ends the visit of a guest", async () => {
		const guest = browser();
		await begin(guest);
		const answer = await guest.post("/logout", {});
		assert.equal(answer.status, 303);
		assert.match(answer.headers.location, /\/$/, "to the page, where a guest can begin again");
		assert.equal(cookieOf(guest), undefined);
	});

	test("the log and the counters never call a guest a user", async () => {
		const guest = browser();
		const answer = await begin(guest, { name: "alice" });
		const lines = await logOf(answer);
		const bind = lines.find(({ event }) => event === "bind_ok");
		assert.match(bind.guest, /^[0-9a-f]{16}$/);
		assert.equal(bind.jid, `x7@${DOMAIN}/web`);
		for (const line of lines) assert.equal(line.user, undefined, JSON.stringify(line));
		const metrics = (await prebind.request({ path: "/metrics" })).body;
		assert.match(metrics, /prebind_binds_total\{backend="guest",result="ok"\} [1-9]/);
		const status = JSON.parse((await prebind.request({ path: "/status", headers: { Accept: "application/json" } })).body);
		assert.ok(JSON.stringify(status).includes('"guests"'), "the operator's page counts them");
	});
});

describe("what a guest may not", () => {
	const refused = (answer, status, error) => {
		assert.equal(answer.status, status, answer.body);
		assert.equal(JSON.parse(answer.body).error, error);
	};

	test("a GET makes no session, from our own script or elsewhere", async () => {
		peer.script();
		refused(await browser().get("/prebind.json", SCRIPT), 401, "login_required");
		refused(await browser().get("/prebind.json", CROSS_SITE), 403, "forbidden");
		assert.deepEqual(peer.bodies, []);
	});

	test("another site's page cannot begin one", async () => {
		peer.script();
		const headers = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", Origin: "https://evil.example" };
		refused(await browser().post("/prebind.json", { bind: "yes" }, headers), 403, "forbidden");
		assert.deepEqual(peer.bodies, []);
	});

	for (const [what, change] of [
		["another id", (value) => value.replace(/\.[0-9a-f]{16}\./, ".0123456789abcdef.")],
		["another name", (value) => value.replace(/\.[^.]*\.([^.]*)$/, `.${Buffer.from("alice").toString("base64url")}.$1`)],
		["a later beginning", (value) => value.replace(/^\d+/, (issued) => String(Number(issued) + 86400))],
		["a shorter MAC", (value) => value.slice(0, -1)],
		["no MAC", (value) => value.replace(/[^.]*$/, "")],
		["a MAC of zeros", (value) => value.replace(/[^.]*$/, "A".repeat(43))],
		["anything", () => "x"],
		["nothing but dots", () => "..."],
		["a very long text", () => "1".repeat(4000)],
	])
		test(`a changed cookie, with ${what}, makes a new guest`, async () => {
			const guest = browser();
			const first = await begin(guest, { name: "Anna" });
			guest.jar.cookies.set(COOKIE, change(cookieOf(guest)));
			const page = await guest.get("/");
			assert.deepEqual(dataBlock(page.body), GUEST);
			assert.ok((await logOf(page)).some(({ event }) => event === "guest_cookie_refused"));
			const again = await begin(guest);
			assert.equal(again.status, 200);
			assert.notEqual(again.data.user, first.data.user);
			assert.equal(again.data.name, "");
		});

	test("another site's cookie is worth nothing", async () => {
		const here = browser(), there = browser({ host: "other.example.org" });
		const first = await begin(here, { name: "Anna" });
		there.jar.cookies.set(COOKIE, cookieOf(here));
		assert.deepEqual(dataBlock((await there.get("/")).body), GUEST);
		assert.notEqual((await begin(there)).data.user, first.data.user);
	});

	test("a guest's cookie is no login, and a login's cookie no guest", async () => {
		const guest = browser(), user = browser();
		const first = await begin(guest);
		guest.jar.cookies.set("prebind-insecure", cookieOf(guest));
		assert.deepEqual([(await who(guest)).user, (await who(guest)).guest], [first.data.user, true]);
		await user.login("alice", PASSWORD);
		user.jar.cookies.set(COOKIE, user.jar.cookies.get("prebind-insecure"));
		user.jar.cookies.delete("prebind-insecure");
		const answer = await who(user);
		assert.deepEqual([answer.guest, answer.name], [true, undefined]);
	});

	for (const domain of ["example.org", "guests.example.org.evil.example", "evil.guests.example.org"])
		test(`a session at ${domain} is not handed out`, async () => {
			const { status, body } = await begin(browser(), { jid: `alice@${domain}/web` });
			assert.equal(status, 502);
			assert.doesNotMatch(body, /s-1|alice/);
		});

	test("more sessions from one address than limit_guest_ip", async () => {
		const address = "198.51.100.7", host = "few.example.org";
		const statuses = [];
		for (let i = 0; i < 6; i++) statuses.push((await begin(browser({ host, address }))).status);
		assert.deepEqual(statuses, [200, 200, 200, 429, 429, 429]);
		const elsewhere = await begin(browser({ host }));
		assert.equal(elsewhere.status, 200);
		const visitor = browser({ host, address });
		await prebind.ctlOk(["--site", "few", "user", "add", "bob", "--password-stdin"], { input: `${PASSWORD}\n` });
		await visitor.login("bob", PASSWORD);
		const page = await visitor.get("/");
		assert.ok(dataBlock(page.body).sid, "the users at that address are not counted with them");
		assert.match((await prebind.request({ path: "/metrics" })).body, /prebind_limited_total\{limit="guest_ip"\} 3/);
	});

	for (const [what, name] of [
		["a newline", "a\nb"], ["bidi characters", "\u202enimda"], ["81 bytes", "x".repeat(81)], ["zero-width spaces", "a\u200bb"],
	])
		test(`a name with ${what}`, async () => {
			const answer = await begin(browser(), { name });
			assert.equal(answer.status, 400, answer.body);
			assert.deepEqual(peer.bodies, []);
		});
});
