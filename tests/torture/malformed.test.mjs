// A slice of the malformed requests of `make torture`, and what would be wrong with an answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { complaint, sendMalformed } from "./malformed.mjs";
import { MARK } from "./malformed_requests.mjs";

test("malformed requests over lighttpd, Apache and nginx: no 5xx, nothing comes back as markup, no header is injected", async () => {
	const { requests, statuses, complaints } = await sendMalformed({ requests: 300, seed: 19, progress: () => {} });
	assert.deepEqual(complaints, []);
	assert.ok(requests >= 300 && statuses[400] > 50, JSON.stringify(statuses));
});

test("what is wrong with an answer is said", () => {
	const say = (status, lines, body = "") => complaint({ status, lines, body });
	const OURS = "X-Request-Id: 0123456789abcdef";
	assert.equal(say(400, [OURS, "Location: /chat/login", "Set-Cookie: prebind-insecure-login=x; Path=/"], `&lt;${MARK}`), null);
	assert.equal(say(501, ["Server: x"]), null);
	assert.match(say(501, [OURS]), /a 501/);
	assert.match(say(502, ["Server: x"]), /a 502/);
	assert.match(say(200, [OURS], `<p><${MARK}>`), /as markup/);
	assert.match(say(200, [OURS, "x-injected: 1"]), /a header of the client's/);
	assert.match(say(200, [OURS, "Set-Cookie: evil=1"]), /not ours/);
	assert.match(say(303, [OURS, "Location: //evil.example"]), /to elsewhere/);
});
