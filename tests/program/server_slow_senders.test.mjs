// Bodies that come slowly, or never: nobody else waits with them.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, test } from "node:test";
import { FORM, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const THREADS = 4;
const WAITING_MAX = 400;
const SENDERS = WAITING_MAX / 2; // what bodies may have
const UNWANTED = { path: "/nothing", bytes: 60_000 };
const WANTED = { path: "/login", bytes: 4_000 }; // before anybody is known

let place, prebind;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	prebind = new Prebind(place, {
		server: { threads: THREADS, waiting_max: WAITING_MAX },
		site: { ...peer.site(place), timeout: "60s" },
	});
	await prebind.prepare({ alice: PASSWORD });
	await prebind.start();
});
after(() => place.close({ logs: true }));

const newVisitor = () => new Visitor((request) => prebind.request(request));

/** /health is answered while so many others are still there. */
async function healthBeside(count) {
	assert.equal((await newVisitor().get("/health")).status, 200);
	assert.ok(prebind.connections() >= count, `${prebind.connections()} of ${count} are there`);
}

/** So many requests with half a body; `finish` sends the rest. */
function halfSent(count, { path, bytes, length = String(bytes) }) {
	let finish;
	const rest = new Promise((resolve) => (finish = resolve));
	const pieces = async function* () {
		yield "x".repeat(bytes / 2);
		await rest;
		yield "x".repeat(bytes / 2);
	};
	const headers = { ...FORM, "Content-Type": "application/x-www-form-urlencoded" };
	const answers = Array.from({ length: count }, () => prebind.request({
		method: "POST", path, headers, pieces: pieces(), params: { CONTENT_LENGTH: length },
	}));
	return { answers, finish };
}

for (const [what, body, statuses] of [["that nobody wants", UNWANTED, [404]], ["that is wanted", WANTED, [400, 403]]]) {
	test(`${SENDERS} half-sent bodies, of a kind ${what}: others are served`, async () => {
		const { answers, finish } = halfSent(SENDERS, body);
		await until("all of them to be there", () => prebind.connections() >= SENDERS, { seconds: 30 });
		const began = Date.now();
		for (let i = 0; i < 20; i++)
			assert.equal((await newVisitor().get("/health")).status, 200);
		console.log(`# 20 times /health beside them: ${Date.now() - began} ms`);
		finish();
		for (const answer of await Promise.all(answers))
			assert.ok(statuses.includes(answer.status), String(answer.status));
		await until("the connections to end", () => prebind.connections() === 0, { seconds: 30 });
	});
}

for (const [what, body, status] of [["that nobody wants", UNWANTED, 404], ["that is wanted", WANTED, 400]])
	test(`${SENDERS} half-sent bodies without CONTENT_LENGTH, of a kind ${what}: others are served`, async () => {
		const { answers, finish } = halfSent(SENDERS, { ...body, length: undefined });
		await until("all of them to be there", () => prebind.connections() >= SENDERS, { seconds: 30 });
		await healthBeside(SENDERS);
		finish();
		for (const answer of await Promise.all(answers))
			assert.equal(answer.status, status);
	});

for (const [what, body, status] of [["that nobody wants", UNWANTED, 404], ["that is wanted", WANTED, 400]])
	for (const length of [String(body.bytes), undefined])
		test(`a body that stops, of a kind ${what}, ${length ? "with" : "without"} CONTENT_LENGTH: its wait has an end`, async () => {
			const { answers: [answer], finish } = halfSent(1, { ...body, length });
			assert.equal((await answer).status, status);
			await until("the connection to end, with the sender still there", () => prebind.connections() === 0, { seconds: 30 });
			finish();
		});

const BEGIN = Buffer.from([1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
for (const [what, bytes] of [["say nothing", Buffer.alloc(0)], ["send half a record", BEGIN.subarray(0, 4)], ["send no parameters", BEGIN]])
	test(`${SENDERS} peers that ${what}: others are served`, async () => {
		const sockets = Array.from({ length: SENDERS }, () => net.connect(prebind.socket).on("error", () => {}));
		for (const socket of sockets)
			socket.write(bytes);
		await until("all of them to be there", () => prebind.connections() >= SENDERS, { seconds: 30 });
		await healthBeside(SENDERS);
		for (const socket of sockets)
			socket.destroy();
		await until("the connections to end", () => prebind.connections() === 0, { seconds: 30 });
	});

test("more half-sent bodies than may wait: 503 at once, and others are served", async () => {
	const { answers, finish } = halfSent(SENDERS + 50, WANTED);
	const refused = [];
	for (const answer of answers)
		answer.then((came) => came.status === 503 && refused.push(came));
	await until("those for whom there is no place", () => refused.length === 50, { seconds: 30 });
	assert.match(refused[0].headers["retry-after"], /^[1-9]\d*$/);
	assert.equal((await newVisitor().get("/health")).status, 200);
	finish();
	await Promise.all(answers);
});

test("a NUL in a parameter is a 400, wherever it stands", async () => {
	const visitor = newVisitor();
	await visitor.get("/login");
	const cookie = Object.values(visitor.jar.headers)[0];
	for (const [what, request] of [
		["cookie", { headers: { Cookie: `${cookie}\0x` } }],
		["cookie, behind many bytes", { headers: { Cookie: `a=${"x".repeat(6000)}; b=\0` } }],
		["header", { headers: { "User-Agent": "a\0b" } }],
		["query", { params: { QUERY_STRING: "a=\0" } }],
		["path", { params: { PATH_INFO: "/login\0x" } }],
		["host", { params: { HTTP_HOST: "example.org\0.evil" } }],
		["address", { params: { REMOTE_ADDR: "127.0.0.1\0" } }],
		["name", { params: { "HTTP_X\0": "1" } }],
		["last byte of the last", { params: { ZZZ: "\0" } }],
	]) {
		const answer = await prebind.request({ path: "/login", ...request });
		assert.equal(answer.status, 400, what);
	}
	for (const value of ["", "x".repeat(127), "x".repeat(128), "x".repeat(70_000)]) {
		const answer = await prebind.request({ path: "/health", params: { X_LONG: value } });
		assert.notEqual(answer.status, 400, `${value.length} bytes`);
	}
});
