// `upload_origins`: what the page and /prebind.json say, what the page's policy allows, and which hosts are refused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataBlock, FORM, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const ORIGINS = ["https://upload.example.test", "https://files.example.test:5281"];
let place, prebind;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const keys = (name, more) => ({ ...peer.site(place), hosts: `${name}.test`, ...more });
	prebind = new Prebind(place, { site: keys("on", { upload_origins: ORIGINS.join(" ") }), sites: { off: keys("off", {}) } });
	await prebind.prepare({ alice: PASSWORD });
	await prebind.spread();
	await prebind.start();
});
after(() => place.close({ logs: true }));

/** The page and the answer of /prebind.json. */
async function said(site) {
	const visitor = new Visitor((request) => prebind.request({ ...request, params: { HTTP_HOST: `${site}.test`, SERVER_NAME: `${site}.test` } }));
	assert.equal((await visitor.login("alice", PASSWORD)).status, 303);
	const page = await visitor.get("/", NAVIGATION);
	const answer = await visitor.post("/prebind.json", "bind=yes", { ...FORM, ...SCRIPT });
	assert.deepEqual([page.status, answer.status], [200, 200]);
	const policy = new Map(page.headers["content-security-policy"].split("; ").map((part) => [part.split(" ")[0], part.split(" ").slice(1)]));
	return { upload: [dataBlock(page.body).upload, JSON.parse(answer.body).upload], policy };
}

test("the page and /prebind.json name the origins, and the policy allows requests to them and pictures of them, and nothing else", async () => {
	const [on, off] = [await said("on"), await said("off")];
	assert.deepEqual(on.upload, [ORIGINS, ORIGINS]);
	assert.deepEqual(off.upload, [undefined, undefined]);
	for (const [name, sources] of on.policy) {
		const more = ["img-src", "connect-src"].includes(name) ? ORIGINS : [];
		const usual = name === "script-src" ? sources : off.policy.get(name);
		assert.deepEqual(sources, [...usual, ...more], name);
	}
});

for (const [hosts, origins, refused] of [
	["a.test www.a.test", "https://www.a.test", true],
	["a.test www.a.test", "https://www.a.test:5281", true],
	["a.test", "https://upload.a.test https://a.test", true],
	["a.test", "https://upload.a.test", false],
	["upload.a.test.example", "https://upload.a.test", false],
	["a.test.example", "https://a.test", false],
]) {
	test(`hosts = ${hosts}, upload_origins = ${origins}: ${refused ? "refused" : "accepted"}`, async () => {
		const own = new Place();
		try {
			const peer = await startTigasePeer({ place: own });
			const other = new Prebind(own, { site: { ...peer.site(own), hosts, upload_origins: origins } });
			const { code, stderr } = await other.ctl(["conf"]);
			assert.equal(code, refused ? 1 : 0, stderr);
			if (refused)
				assert.match(stderr, /prebind\.conf:\d+: upload_origins: "https:\/\/\S*a\.test\S*" is also in `hosts`.*separate host name/);
		} finally {
			await own.close();
		}
	});
}
