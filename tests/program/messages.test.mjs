// Sentences of a start: each begins with the place of the key that it is about. And the log lines that name a cure.
import assert from "node:assert/strict";
import fs from "node:fs";
import { describe, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

async function setUp(t, { server, site = () => ({}) } = {}) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, { server, site: { ...peer.site(place), ...site(place) } });
	await prebind.prepare();
	return { place, prebind };
}

const lineOf = (file, key) => fs.readFileSync(file, "utf8").split("\n").findIndex((line) => line.startsWith(`${key} =`)) + 1;

const lines = (prebind, event) => prebind.child.stderr.split("\n").filter((line) => line.startsWith("{"))
	.map((line) => JSON.parse(line)).filter((line) => line.event === event);

const secret = (place, name) => place.write(`etc/${name}`, "x".repeat(40) + "\n", 0o644);
const bosh = { backend: "bosh", bosh_service: "http://127.0.0.1:1/http-bind" };
const api = (name) => ({ ...bosh, provision: "ejabberd", provision_url: "https://127.0.0.1:1/api/register", [`${name}_user`]: "api@example.org" });
const oauth = { ...bosh, bosh_auth: "oauth", bosh_oauth_url: "https://127.0.0.1:1/api/oauth_issue_token" };
const QUERY = "SELECT 'alice' AS user WHERE :sid = 'x'";
const siteDatabase = (place) => place.write("data/site.db", "");
const session = (place) => ({
	identity: "site_session", site_database: siteDatabase(place), site_cookie: "c", site_query: place.write("etc/q.sql", QUERY),
});
function withoutPage(place, page) {
	const folder = place.copy("templates", "other");
	fs.rmSync(`${folder}/${page}`);
	return folder;
}
/** key: what is wrong with it */
const WRONG = {
	tigase_url: () => ({ tigase_url: "http://192.0.2.1/rest/adhoc/bosh@example.test" }),
	tigase_user: () => ({ tigase_user: "admin" }),
	tigase_password_file: () => ({ tigase_password_file: "/nonexistent/password" }),
	tigase_api_key_file: (place) => ({ tigase_api_key_file: secret(place, "api.key") }),
	bosh_service: () => ({ ...bosh, bosh_service: "http://192.0.2.1/http-bind" }),
	bosh_token_key_file: (place) => ({ ...bosh, bosh_auth: "token", bosh_token_key_file: secret(place, "token.key") }),
	bosh_jwt_key_file: () => ({ ...bosh, bosh_auth: "jwt", bosh_jwt_key_file: "/nonexistent/jwt.key" }),
	provision_url: () => ({ ...bosh, provision: "ejabberd", provision_url: "http://192.0.2.1/api/register" }),
	ca_file: () => ({ ca_file: "/nonexistent/ca.pem" }),
	templates: () => ({ templates: "/nonexistent/templates" }),
	token_key_file: () => ({ identity: "token", token_cookie: "t", token_audience: "a", token_key_file: "/nonexistent/keys" }),
	php_session_path: () => ({ identity: "php_session", php_session_user: "user", php_session_path: "/nonexistent/sessions" }),
	site_query: () => ({ identity: "site_session", site_database: "/nonexistent/db", site_cookie: "c", site_query: "/nonexistent/q.sql" }),
	deny_jids: () => ({ deny_jids: "a@b@c" }),
	jid: () => ({ jid: "{user}@exa..mple" }),
	provision_password_file: () => ({ ...api("provision"), provision_password_file: "/nonexistent/password" }),
	bosh_oauth_url: () => ({ ...oauth, bosh_oauth_url: "http://192.0.2.1/api/oauth_issue_token" }),
	bosh_oauth_password_file: () => ({ ...oauth, bosh_oauth_user: "api@example.org", bosh_oauth_password_file: "/nonexistent/password" }),
	bosh_password_query: (place) => ({ ...bosh, site_database: siteDatabase(place), bosh_password_query: "/nonexistent/q.sql" }),
	site_database: (place) => ({ ...session(place), site_database: "/nonexistent/db" }),
	site_profile_query: (place) => ({ ...session(place), site_profile_query: "/nonexistent/q.sql" }),
	login_query: (place) => ({ site_database: siteDatabase(place), login_query: "/nonexistent/q.sql" }),
	site_secret_file: (place) => ({
		...session(place), site_query: place.write("etc/d.sql", "SELECT 'x' AS session_data WHERE :sid = 'x'"), site_result: "django", site_profile_query: place.write("etc/p.sql", "SELECT 'alice' AS user, 'x' AS password WHERE :user = '1'"), site_secret_file: "/nonexistent/secret",
	}),
	language: () => ({ language: "en xx" }),
	client: (place) => ({ client: "converse", templates: withoutPage(place, "converse.html") }),
};
describe("a value that proves wrong when it is used: FILE:LINE: KEY, in check and at the start", () => {
	for (const [key, site] of Object.entries(WRONG))
		test(key, async (t) => {
			const { place, prebind } = await setUp(t, { site });
			const says = new RegExp(`${prebind.conf}:${lineOf(prebind.conf, key)}: ${key}: \\S`);
			const { code, stdout } = await prebind.ctl(["check"]);
			assert.equal(code, 1, stdout);
			assert.match(stdout.match(/^FAIL .*$/m)[0], says);
			const start = await place.run([prebind.program, "-c", prebind.conf]);
			assert.equal(start.code, 1);
			assert.match(start.stderr, says);
		});

	test("the database", async (t) => {
		const { prebind } = await setUp(t);
		fs.rmSync(prebind.place.path("data/prebind.db"));
		const says = (why) => new RegExp(`${prebind.conf}:${lineOf(prebind.conf, "database")}: database: .*${why}`);
		assert.match((await prebind.ctl(["user", "list"])).stderr, says("run prebindctl migrate"));
		assert.match((await prebind.ctl(["check"])).stdout, says("run prebindctl migrate"));
		assert.match((await prebind.place.run([prebind.program, "-c", prebind.conf])).stderr, says("run prebindctl migrate"));
		fs.rmSync(prebind.place.path("data"), { recursive: true });
		assert.match((await prebind.ctl(["migrate"])).stderr, says("cannot create the database"));
	});

	for (const [key, server] of Object.entries({
		listen: { listen: "/nonexistent/prebind.sock" }, peer_users: { peer_users: "nosuchuser" }, socket_group: { socket_group: "nosuchgroup" },
		log: { log: "/nonexistent/log" },
	}))
		test(`[server] ${key}`, async (t) => {
			const { place, prebind } = await setUp(t, { server });
			const start = await place.run([prebind.program, "-c", prebind.conf]);
			assert.equal(start.code, 1);
			assert.match(start.stderr, new RegExp(`${prebind.conf}:${lineOf(prebind.conf, key)}: ${key}: \\S`));
		});
});

test("an unknown Host, and a path that is not below base_path: a warning, but one a minute", async (t) => {
	for (const [keys, request, says] of [
		[{ hosts: "example.org" }, { params: { HTTP_HOST: "www.example.org" } }, /no site has the Host 'www\.example\.org'; add this host to `hosts`/],
		[{ base_path: "/chatt" }, { path: "/health" }, /not below base_path '\/chatt'; set base_path/],
	]) {
		const { prebind } = await setUp(t, { site: () => keys });
		await prebind.start();
		for (let i = 0; i < 20; i++)
			assert.equal((await prebind.request(request)).status, 404);
		await until("all lines", () => lines(prebind, "not_found").length === 20);
		const levels = lines(prebind, "not_found").map(({ level }) => level);
		assert.deepEqual(levels, ["warn", ...Array(19).fill("info")]);
		assert.match(lines(prebind, "not_found")[0].why, says);
	}
});

test("an address that a site does not have is no warning", async (t) => {
	const { prebind } = await setUp(t);
	await prebind.start();
	assert.equal((await prebind.request({ path: "/nothing" })).status, 404);
	await until("the line", () => lines(prebind, "not_found").length === 1);
	assert.equal(lines(prebind, "not_found")[0].level, "info");
});

test("https_required speaks of a proxy in front", async (t) => {
	const { prebind } = await setUp(t, { site: () => ({ allow_http: "off" }) });
	await prebind.start();
	assert.equal((await prebind.request({ path: "/" })).status, 403);
	await until("the line", () => lines(prebind, "https_required").length === 1);
	assert.match(lines(prebind, "https_required")[0].why, /proxy in front .* HTTPS=on/);
});

for (const [name, answer, says] of [
	["404 of a host where BOSH is off", { status: 404 }, /HTTP status 404 .*check the path\. BOSH must be enabled for the host name in the address/],
	["no mechanism at all", say.mechanisms(), /offers none of the mechanisms .*consider_bosh_secure/],
])
	test(`bosh: ${name}`, async (t) => {
		const place = new Place();
		t.after(() => place.close());
		const peer = await BoshPeer.start(place);
		const prebind = new Prebind(place, { site: { backend: "bosh", bosh_service: peer.url } });
		await prebind.prepare({ alice: "correct horse" });
		peer.script(answer);
		const { code, stdout } = await prebind.ctl(["check"]);
		assert.equal(code, 1);
		assert.match(stdout.match(/^FAIL .*$/m)[0], says);
	});
