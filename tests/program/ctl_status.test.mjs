// prebindctl status at a server that answers as it should not, or that cannot be asked: a sentence, and the next step.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import { after, before, test } from "node:test";
import { answerRecord } from "../lib/cgi.mjs";
import { setKey } from "../lib/check.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";

const LONG_TOKEN = "k9vJ3mZ0".repeat(20);
let place, prebind, server, said, heard;

before(async () => {
	place = new Place();
	prebind = new Prebind(place, { server: { status_token_file: place.write("etc/status.token", `${LONG_TOKEN}\n`, 0o600) },
		site: { tigase_url: "http://127.0.0.1/rest/adhoc/bosh@example.org", tigase_user: "a@example.org", tigase_password_file: place.write("etc/password", "x\n", 0o600) } });
	server = net.createServer((socket) => {
		socket.on("error", () => {});
		socket.once("data", (bytes) => {
			heard = bytes.toString("latin1");
			socket.end(said);
		});
	});
	await new Promise((resolve) => server.listen(prebind.socket, () => resolve(null)));
	fs.chmodSync(prebind.socket, 0o666);
	fs.chmodSync(place.path("run"), 0o755);
});
after(async () => {
	await new Promise((resolve) => server.close(resolve));
	await place.close();
});

const ANSWERS = {
	"nothing": ["", /the server closed the connection without an answer; check that peer_users contains this account/],
	"no head": [answerRecord("hello"), /the server closed the connection without an answer/],
	"half a record": [answerRecord("Status: 200 OK\r\n\r\n{}").subarray(0, 20), /the server closed the connection without an answer/],
	"404": [answerRecord("Status: 404 Not Found\r\n\r\n"), /the server answered 404, because it does not have this page/],
	"500": [answerRecord("Status: 500 Internal Server Error\r\n\r\n"), /the server answered 500; look at the server's log/],
	"no JSON": [answerRecord("Content-Type: text/html\r\n\r\n<html>"), /prebind\.sock does not answer like a prebind server: JSON not accepted/],
};
for (const [what, [bytes, says]] of Object.entries(ANSWERS))
	test(`the answer is ${what}`, async () => {
		said = bytes;
		for (const args of [[], ["--json"]]) {
			const { code, stdout, stderr } = await prebind.ctl(["status", ...args]);
			assert.equal(code, 1);
			assert.match(stderr, says);
			if (args.length > 0)
				assert.deepEqual(Object.keys(JSON.parse(stdout)), ["error", "message"]);
		}
	});

test("an answer of JSON is printed as it is; the token went there whole", async () => {
	said = Buffer.concat([answerRecord("Content-Type: application/json\r\n"), answerRecord('\r\n{"version":"9"}')]);
	assert.equal(await prebind.ctlOk(["status", "--json"]), '{"version":"9"}\n');
	assert.ok(heard.includes(`Bearer ${LONG_TOKEN}`));
	const text = await prebind.ctlOk(["status"]);
	assert.match(text, /^prebind 9$/m);
	assert.match(text, /^The last requests that failed: none$/m);
});

test("a socket that we may not use, one that is not there, and none at all", async () => {
	if (process.getuid() === 0) {
		fs.chmodSync(prebind.socket, 0o600);
		assert.match((await prebind.ctl(["status"])).stderr, /does not answer: Permission denied; run prebindctl as root/);
	}
	setKey(prebind, "listen", place.path("run", "other.sock"));
	assert.match((await prebind.ctl(["status"])).stderr, /other\.sock: the server does not answer: No such file or directory; start prebind \(systemctl start prebind\)/);
	setKey(prebind, "listen", undefined);
	assert.match((await prebind.ctl(["status"])).stderr, /listen in \[server\] is empty.*request \/status through the web server/);
});
