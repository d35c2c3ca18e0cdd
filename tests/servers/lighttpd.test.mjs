// Behind lighttpd with the shipped snippets, as FastCGI and as CGI.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { dataBlock, httpRequest, NAVIGATION, Visitor } from "../lib/http.mjs";
import { lighttpdCgi, lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { Place, top } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const REQUESTS = 200;
const AT_ONCE = 16;

let place, peer, prebind, fastcgiPort, cgiPort;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { site: peer.site(place, { resource: "web1" }) });
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
	[fastcgiPort, cgiPort] = await freePorts(2);
	// a site that keeps everything in one folder
	for (const name of ["prebind.conf", "prebind.db", "prebind.db-wal", "prebind.db.limits", "001.sql", "tigase.password", "PREBIND.DB"])
		place.write(path.join("htdocs", name), "secret", 0o644);
	place.write("htdocs/index.html", "the site", 0o644);
	fs.chmodSync(place.path("htdocs"), 0o755);
	await lighttpdFastcgi(place, { port: fastcgiPort, socket: prebind.socket, boshPort: peer.port });
	// as an operator has it: the configuration in etc/ beside bin/
	await lighttpdCgi(place, { port: cgiPort, program: prebind.program, boshPort: peer.port });
});
after(() => place.close({ logs: true }));

const get = (port, file) => httpRequest({ port, path: file, headers: NAVIGATION });

function newVisitor(port) {
	return new Visitor(({ path: file, ...request }) => httpRequest({ port, path: `/chat${file}`, ...request }));
}

async function loggedIn(port) {
	const visitor = newVisitor(port);
	const answer = await visitor.login("alice", PASSWORD);
	assert.equal(answer.status, 303, answer.body);
	assert.equal(answer.headers.location, "/chat/");
	return visitor;
}

for (const [way, portOf] of [["FastCGI", () => fastcgiPort], ["CGI", () => cgiPort]]) {
	test(`${way}: the way in`, async () => {
		const visitor = await loggedIn(portOf());
		const page = await visitor.get("/");
		assert.equal(page.status, 200);
		assert.equal(dataBlock(page.body).rid, "791633");
	});

	test(`${way}: the mount point, with and without its slash`, async () => {
		const answer = await get(portOf(), "/chat");
		assert.equal(answer.status, 303);
		assert.equal(answer.headers.location, "/chat/");
		assert.equal((await get(portOf(), "/chat/")).headers.location, "/chat/login?next=%2Fchat%2F");
		assert.equal((await get(portOf(), "/chatter")).status, 404);
	});

	test(`${way}: static files come from the web server, with their type`, async () => {
		for (const [file, type] of [["prebind.js", /^text\/javascript/], ["chat.css", /^text\/css/], ["vendor/strophe.js", /^text\/javascript/]]) {
			const answer = await get(portOf(), `/chat/static/${file}`);
			assert.equal(answer.status, 200, file);
			assert.match(answer.headers["content-type"], type);
			assert.equal(answer.headers["x-content-type-options"], "nosniff");
			assert.equal(answer.body, fs.readFileSync(path.join(top, "static", file), "utf8"));
		}
	});

	test(`${way}: what holds secrets is not served`, async () => {
		assert.equal((await get(portOf(), "/index.html")).body, "the site");
		for (const file of ["/prebind.conf", "/prebind.db", "/prebind.db-wal", "/prebind.db.limits", "/001.sql", "/tigase.password",
			"/PREBIND.DB", "/prebind%2Edb", "/chat/static/", "/chat/static/../etc/prebind.conf", "/chat/static/%2e%2e/etc/prebind.conf",
			"/chat/templates/chat.html", "/chat/static/../templates/chat.html", "/bin/prebind.fcgi"]) {
			const answer = await get(portOf(), file);
			assert.ok([400, 403, 404].includes(answer.status), `${file}: ${answer.status}`);
			assert.doesNotMatch(answer.body, /secret|\[site|\{\{/);
		}
	});
}

test(`${REQUESTS} requests, ${AT_ONCE} at a time: no failure`, async () => {
	const visitor = await loggedIn(fastcgiPort);
	const kinds = [["/", 200], ["/login", 200], ["/health", 200], ["/nothing", 404]];
	let sent = 0;
	const worker = async () => {
		while (sent < REQUESTS) {
			const [file, status] = kinds[sent++ % kinds.length];
			const answer = await visitor.get(file);
			assert.equal(answer.status, status, `${file}: ${answer.body.slice(0, 200)}`);
			assert.equal(Number(answer.headers["content-length"] ?? answer.body.length), Buffer.byteLength(answer.body));
		}
	};
	const calls = peer.requests.length;
	await Promise.all(Array.from({ length: AT_ONCE }, worker));
	assert.equal(sent, REQUESTS);
	assert.equal(peer.requests.length - calls, REQUESTS / kinds.length, "a session for each page, and no more");
});

test("a body that is too large is a 413, not a hung connection", async () => {
	const answer = await newVisitor(fastcgiPort).post("/login", { user: "alice", password: "x".repeat(20_000) });
	assert.equal(answer.status, 413);
});
