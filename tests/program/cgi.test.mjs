// The program as plain CGI: one process for each request, everything by environment and standard input.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, test } from "node:test";
import { cgiParams, parseAnswer } from "../lib/cgi.mjs";
import { dataBlock, FORM, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
let place, peer, prebind;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { server: { listen: "" }, site: peer.site(place, { resource: "web1" }) });
	await prebind.prepare({ alice: PASSWORD });
});
after(() => place.close());

const newVisitor = () => new Visitor((request) => prebind.cgi(request));

test("a stranger is sent to the login form", async () => {
	const answer = await newVisitor().get("/");
	assert.equal(answer.status, 303);
	assert.match(answer.headers.location, /^\/chat\/login\?next=/);
	assert.equal(answer.rawHeaders[0], "Status");
	assert.equal(Number(answer.headers["content-length"]), Buffer.byteLength(answer.body));
});

test("the way in: form, password, page with a session", async () => {
	const visitor = newVisitor();
	const calls = peer.requests.length;
	const welcome = await visitor.login("alice", PASSWORD);
	assert.equal(welcome.status, 303);
	assert.equal(welcome.headers.location, "/chat/");

	const page = await visitor.get("/");
	assert.equal(page.status, 200);
	assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
	assert.equal(page.headers["cache-control"], "no-store");
	assert.match(page.headers["content-security-policy"], /^default-src 'none'; script-src 'nonce-[\w-]{22,}/);
	const { jid, rid, sid } = dataBlock(page.body);
	assert.equal(jid, "alice@example.test/web1");
	assert.equal(rid, "791633", "the recorded 791632 is already used");
	assert.equal(sid, "bfcd28f4-24c8-4378-8d23-af11354dff74");
	assert.equal(peer.requests.length, calls + 1, "one page, one session");
});

test("a wrong password and an unknown user look the same", async () => {
	const wrong = await newVisitor().login("alice", "wrong");
	const unknown = await newVisitor().login("nobody", "wrong");
	assert.equal(wrong.status, 401);
	assert.equal(unknown.status, 401);
	const plain = ({ body }, name) => body.replaceAll(/value="[^"]*"/g, "").replaceAll(/nonce="[^"]*"/g, "").replaceAll(name, "");
	assert.equal(plain(wrong, "alice"), plain(unknown, "nobody"));
});

test("a page that another site leads to gets no session", async () => {
	const visitor = newVisitor();
	await visitor.login("alice", PASSWORD);
	const calls = peer.requests.length;
	const page = await visitor.get("/", { ...NAVIGATION, "Sec-Fetch-Site": "cross-site" });
	assert.deepEqual(dataBlock(page.body), { bind: "required" });
	assert.equal(peer.requests.length, calls);
});

test("script gets the session as JSON", async () => {
	const visitor = newVisitor();
	assert.deepEqual(JSON.parse((await visitor.get("/prebind.json", SCRIPT)).body).error, "login_required");
	await visitor.login("alice", PASSWORD);
	const answer = await visitor.get("/prebind.json", SCRIPT);
	assert.equal(answer.status, 200);
	assert.equal(answer.headers["content-type"], "application/json; charset=utf-8");
	const session = JSON.parse(answer.body);
	assert.equal(session.rid, "791633");
	assert.equal(session.bosh_url, "/http-bind");
	assert.deepEqual([session.hold, session.wait, session.expires_in], [1, 60, 10]);
});

test("logging out ends the session on the server", async () => {
	const visitor = newVisitor();
	await visitor.login("alice", PASSWORD);
	const cookies = new Map(visitor.jar.cookies);
	const page = await visitor.get("/");
	const token = /name="token"[^>]*value="([^"]+)"/.exec(page.body)?.[1] ?? /value="([^"]+)"[^>]*name="token"/.exec(page.body)[1];
	assert.equal((await visitor.post("/logout", { token })).status, 303);
	visitor.jar.cookies = cookies; // what a thief kept
	assert.equal((await visitor.get("/")).status, 303);
});

for (const [method, path, allow] of [
	["POST", "/", "GET, HEAD"],
	["PUT", "/", "GET, HEAD"],
	["TRACE", "/", "GET, HEAD"],
	["HEAD", "/login", "GET, POST"],
	["DELETE", "/login", "GET, POST"],
	["GET", "/logout", "POST"],
	["PUT", "/prebind.json", "GET, POST"],
	["POST", "/health", "GET"],
]) {
	test(`${method} ${path} is refused with Allow: ${allow}`, async () => {
		const answer = await newVisitor().request(method, path, { headers: FORM });
		assert.equal(answer.status, 405);
		assert.equal(answer.headers.allow, allow);
	});
}

test("HEAD has the headers of GET and no body, and binds nothing", async () => {
	const visitor = newVisitor();
	await visitor.login("alice", PASSWORD);
	const calls = peer.requests.length;
	const answer = await visitor.request("HEAD", "/", { headers: NAVIGATION });
	assert.equal(answer.status, 200);
	assert.equal(answer.body, "");
	assert.ok(Number(answer.headers["content-length"]) > 0);
	assert.equal(peer.requests.length, calls);
});

test("an address that does not exist is a 404", async () => {
	for (const path of ["/nothing", "/login/", "/LOGIN", "/prebind.json/x", "/static/chat.js"])
		assert.equal((await newVisitor().get(path)).status, 404, path);
});

test("the mount point without its slash leads to the page", async () => {
	const answer = await prebind.cgi({ params: { PATH_INFO: undefined } });
	assert.equal(answer.status, 303);
	assert.equal(answer.headers.location, "/chat/");
});

test("a form from another site is refused", async () => {
	const visitor = newVisitor();
	const form = await visitor.get("/login");
	const token = /value="([^"]+)"/.exec(/<input[^>]*name="token"[^>]*>/.exec(form.body)[0])[1];
	for (const headers of [{ "Sec-Fetch-Site": "cross-site" }, { Origin: "http://evil.example" }, { Origin: "null" }]) {
		const answer = await visitor.post("/login", { user: "alice", password: PASSWORD, token }, headers);
		assert.equal(answer.status, 403, JSON.stringify(headers));
	}
});

test("health is told without a login", async () => {
	const answer = await newVisitor().get("/health");
	assert.equal(answer.status, 200);
	assert.equal(JSON.parse(answer.body).status, "ok");
});

test("plain http is for loopback", async () => {
	const answer = await prebind.cgi({ params: { REMOTE_ADDR: "192.0.2.1" } });
	assert.equal(answer.status, 403);
});

test("the answer to a body that is too large arrives, where stdin and stdout are one socket (mod_cgid)", async () => {
	const body = `user=alice&password=${"x".repeat(200_000)}`;
	const headers = { ...FORM, "Content-Type": "application/x-www-form-urlencoded" };
	const env = { PREBIND_CONF: prebind.conf, ...cgiParams({ method: "POST", path: "/login", headers, body }) };
	const text = await new Promise((resolve, reject) => {
		const server = net.createServer({ pauseOnConnect: true }, (socket) => {
			const child = place.start("prebind.fcgi", [prebind.program], { env, stdio: [socket, socket, "pipe"] });
			child.process.once("spawn", () => socket.destroy()); // the program's end is the only one
			server.close();
		});
		server.listen(place.path("cgid.sock"), () => {
			const web = net.connect(place.path("cgid.sock"));
			let got = "";
			web.setEncoding("utf8").on("data", (chunk) => (got += chunk));
			web.once("end", () => resolve(got));
			web.once("error", reject);
			web.write(body);
		});
	});
	assert.equal(parseAnswer(text).status, 413);
});

test("arguments are ignored: a query must not become options (RFC 3875 4.4)", async () => {
	const env = { PREBIND_CONF: prebind.conf, GATEWAY_INTERFACE: "CGI/1.1", REQUEST_METHOD: "GET", SCRIPT_NAME: "/chat",
		PATH_INFO: "/health", HTTP_HOST: "example.org", REMOTE_ADDR: "127.0.0.1", SERVER_NAME: "example.org" };
	const { code, stdout } = await place.run([prebind.program, "-c", "/etc/passwd", "--help"], { env, input: "" });
	assert.equal(code, 0);
	assert.match(stdout, /^Status: 200/);
});
