// When the browser's requests leave (static/spacing.js): a connection that behaves as Strophe.js does, and a clock of the test's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Repeats } from "../../static/repeats.js";
import { Spacing } from "../../static/spacing.js";

/**
 * A connection as Strophe.js has it, as far as requests go: a body is made when it is idle, two are open at most.
 * xhr: makes what a request has besides
 */
function open(xhr = () => ({})) {
	let time = 1000;
	let timers = [];
	const tasks = [];
	const bodies = [];
	const clock = {
		now: () => time,
		setTimeout: (run, ms) => timers.push({ at: time + ms, run }),
		clearTimeout: () => (timers = []),
		soon: (run) => tasks.push(run),
	};
	const proto = {
		rid: 7,
		_requests: [],
		_onIdle() {
			if (this._requests.length >= 2 || connection._data.length === 0) return;
			this._requests.push({ rid: this.rid++, sends: 0, inner: connection._data, data: `<body>${connection._data.join("")}</body>`, ...xhr() });
			connection._data = [];
			this._throttledRequestHandler();
		},
		_throttledRequestHandler() {
			this._requests.slice(0, 2).forEach((_, i) => this._processRequest(i));
		},
		_processRequest(i) {
			const request = this._requests[i];
			if (request.sends > 0) return;
			request.sends = 1;
			bodies.push({ at: time, inner: request.inner.join(" ") });
			spacing.sent();
		},
	};
	const received = [];
	const connection = {
		connected: true, _data: [], _proto: proto, _onIdle: () => proto._onIdle(), _dataRecv: ({ rid }, raw) => received.push(`${rid} ${raw}`),
	};
	const spacing = new Spacing(connection, clock);
	const send = (...stanzas) => {
		for (const stanza of stanzas) {
			connection._data.push(stanza);
			connection.flush();
		}
	};
	/** The end of this turn of the event loop. */
	const turn = () => tasks.splice(0).forEach((run) => run());
	const wait = (ms) => {
		time += ms;
		const due = timers.filter(({ at }) => at <= time);
		timers = timers.filter(({ at }) => at > time);
		due.forEach(({ run }) => run());
	};
	return { bodies, connection, proto, received, spacing, send, turn, wait };
}

test("what is sent in one turn of the event loop is one body", () => {
	const { bodies, send, turn } = open();
	send("roster", "presence", "carbons");
	assert.deepEqual(bodies, []);
	turn();
	assert.deepEqual(bodies, [{ at: 1000, inner: "roster presence carbons" }]);
});

test("a body leaves only when the browser has sent the one before it", () => {
	const { bodies, proto, send, turn, wait } = open(() => ({ xhr: { upload: {} } }));
	send("poll");
	turn();
	send("message");
	turn();
	wait(1000);
	assert.equal(bodies.length, 1, "its connection is not there yet");
	proto._requests[0].xhr.upload.onloadend();
	wait(19);
	assert.equal(bodies.length, 1);
	wait(1);
	assert.deepEqual(bodies.slice(1), [{ at: 2020, inner: "message" }]);
});

test("a browser that never says that it has sent a body holds up the next one for 2 s", () => {
	const { bodies, send, turn, wait } = open(() => ({ xhr: { upload: {} } }));
	send("poll");
	turn();
	send("message");
	turn();
	wait(1999);
	assert.equal(bodies.length, 1);
	wait(1);
	assert.equal(bodies.length, 2);
});

test("an answer releases the next body, whatever is known of the sending", () => {
	const { bodies, proto, send, turn, wait } = open(() => ({ xhr: { upload: {} } }));
	send("poll");
	turn();
	wait(1);
	proto._requests.shift();
	send("message");
	turn();
	assert.equal(bodies.length, 2);
});

test("two bodies are 20 ms apart while the first is unanswered, and what comes meanwhile goes along", () => {
	const { bodies, send, turn, wait } = open();
	send("one");
	turn();
	wait(3);
	send("two");
	turn();
	wait(16);
	send("three");
	turn();
	assert.equal(bodies.length, 1);
	wait(1);
	assert.deepEqual(bodies.slice(1), [{ at: 1020, inner: "two three" }]);
});

test("a body waits for the answer to an <iq/> in the one before it, but not for ever", () => {
	const { bodies, connection, proto, send, turn, wait } = open();
	const receive = () => connection._dataRecv(proto._requests.shift(), "");
	send("<iq type='get' id='roster'/>", "<presence/>");
	turn();
	send("<iq id='bookmarks'/>");
	turn();
	wait(400);
	assert.equal(bodies.length, 1, "a busy server has not answered yet");
	receive();
	wait(0);
	assert.equal(bodies.length, 2, "the answer is there");
	send("<message/>");
	turn();
	wait(999);
	assert.equal(bodies.length, 2);
	wait(1);
	assert.deepEqual(bodies.slice(2), [{ at: 2400, inner: "<message/>" }], "this one takes long");
	receive();
	send("<message>iq</message>");
	turn();
	wait(20);
	assert.equal(bodies.length, 4, "nothing was asked");
});

test("an answer opens the way at once", () => {
	const { bodies, proto, send, turn } = open();
	send("one");
	turn();
	proto._requests.shift();
	send("two");
	turn();
	assert.deepEqual(bodies.map(({ at }) => at), [1000, 1000]);
});

test("a repeated request and a good-bye keep the distance too", () => {
	const { bodies, proto, send, turn, wait } = open();
	send("one");
	turn();
	proto._requests.push({ rid: proto.rid++, sends: 0, inner: ["terminate"] });
	proto._throttledRequestHandler();
	assert.equal(bodies.length, 1);
	wait(20);
	assert.deepEqual(bodies.map(({ at }) => at), [1000, 1020]);
	wait(500);
	for (const request of proto._requests) request.sends = 0; // both failed: both go again
	proto._throttledRequestHandler();
	wait(20);
	wait(20);
	const times = bodies.map(({ at }) => at);
	times.slice(1).forEach((at, i) => assert.ok(at - times[i] >= 20, String(times)));
	assert.equal(bodies.length, 4);
});

test("after the end nothing more leaves", () => {
	const { bodies, connection, send, turn, wait } = open();
	send("one");
	connection.connected = false;
	turn();
	wait(100);
	assert.deepEqual(bodies, []);
});

/** Two requests are open, and the answer to the second one arrives. */
function openTwo() {
	const page = open();
	const [first, second] = page.proto._requests = [{ rid: 1, sends: 1 }, { rid: 2, sends: 1 }];
	const answer = (request, raw) => {
		page.proto._requests.splice(page.proto._requests.indexOf(request), 1);
		page.connection._dataRecv(request, raw);
	};
	answer(second, "b");
	assert.deepEqual(page.received, []);
	return { ...page, answer: (raw) => answer(first, raw) };
}

test("an answer that overtakes another waits for it", () => {
	const { answer, received, wait } = openTwo();
	answer("a");
	assert.deepEqual(received, ["1 a", "2 b"]);
	wait(3000);
	assert.equal(received.length, 2);
});

test("an answer waits 3 s at most for one that may be lost", () => {
	const { answer, received, wait } = openTwo();
	wait(2999);
	assert.deepEqual(received, []);
	wait(1);
	assert.deepEqual(received, ["2 b"]);
	answer("a");
	assert.deepEqual(received, ["2 b", "1 a"]);
});

test("when the page stops to listen, the answers that wait are delivered in order, once", () => {
	const { connection, proto, received, spacing, wait } = open();
	proto._requests = [{ rid: 1, sends: 1 }];
	connection._dataRecv({ rid: 3 }, "c");
	connection._dataRecv({ rid: 2 }, "b");
	assert.deepEqual(received, []);
	spacing.deliverAll();
	assert.deepEqual(received, ["2 b", "3 c"]);
	wait(3000);
	assert.equal(received.length, 2);
});

test("answers wait for the one to a repeated request before them, for three seconds at most", () => {
	for (const [settle, ms] of [[true, 0], [false, 3_000]]) {
		const { connection, received, spacing, wait } = open();
		spacing.expect(6);
		connection._dataRecv({ rid: 7 }, "later");
		assert.deepEqual(received, []);
		if (settle) {
			connection._dataRecv({ rid: 6 }, "repeated");
			spacing.settle(6);
		}
		wait(ms);
		assert.deepEqual(received, settle ? ["6 repeated", "7 later"] : ["7 later"]);
	}
});

test("a body leaves 20 ms after a repeated request without an answer", () => {
	const { bodies, send, spacing, turn, wait } = open();
	spacing.expect(6);
	send("one");
	turn();
	assert.deepEqual(bodies, []);
	wait(20);
	assert.deepEqual(bodies, [{ at: 1020, inner: "one" }]);
});

test("a body waits for the answer to a repeated request two before it, for 1 s at most", () => {
	for (const [what, release, at] of [
		["the repeated request is answered", ({ spacing }) => spacing.settle(6), 1400],
		["the page's own request is answered first", ({ connection, proto }) => connection._dataRecv(proto._requests.shift(), ""), 2020],
		["no answer comes", () => {}, 2020],
	]) {
		const scene = open();
		const { bodies, send, spacing, turn, wait } = scene;
		spacing.expect(6);
		send("poll");
		turn();
		wait(20);
		send("written");
		turn();
		wait(380);
		assert.equal(bodies.length, 1, what);
		release(scene);
		scene.proto._onIdle();
		wait(619);
		wait(1);
		assert.deepEqual(bodies.slice(1), [{ at, inner: "written" }], what);
	}
});

test("a body waits for the answer to the request two before it, also if the one between them was answered first", () => {
	const { bodies, connection, proto, send, turn, wait } = open();
	for (const stanza of ["poll", "one"]) {
		send(stanza);
		turn();
		wait(20);
	}
	connection._dataRecv(proto._requests.pop(), "8");
	send("two");
	turn();
	wait(300);
	assert.equal(bodies.length, 2, "the server would forget the answer to the poll, which is on its way");
	connection._dataRecv(proto._requests.shift(), "7");
	wait(0);
	assert.deepEqual(bodies.slice(2), [{ at: 1340, inner: "two" }]);
});

test("a request that will be repeated later counts already", async () => {
	const { bodies, send, spacing, turn, wait } = open();
	spacing.reserve(6);
	send("poll");
	turn();
	wait(20);
	send("written");
	turn();
	wait(500);
	assert.deepEqual(bodies.map(({ inner }) => inner), ["poll"]);
	const settled = spacing.expect(6);
	wait(500);
	assert.equal(bodies.length, 1);
	spacing.settle(6);
	await settled;
	wait(0);
	assert.equal(bodies.length, 2);
});

test("while two repeated requests are open, nothing else leaves", () => {
	const { bodies, send, spacing, turn, wait } = open();
	spacing.expect(5);
	spacing.expect(6);
	send("poll");
	turn();
	wait(400);
	assert.deepEqual(bodies, []);
	spacing.settle(5);
	wait(0);
	assert.deepEqual(bodies, [{ at: 1400, inner: "poll" }]);
});

/** Repeats requests that another tab left; the page has just taken its session over. */
function repeatAll(rids) {
	const page = open();
	const posted = new Map();
	const env = {
		setTimeout: () => null,
		clearTimeout: () => {},
		fetch: (_url, { body }) => new Promise((resolve) => posted.set(body, () => resolve(new Response("")))),
	};
	const requests = rids.map((rid) => ({ rid, data: String(rid) }));
	const repeats = new Repeats(requests, { env, url: "", spacing: page.spacing, answered: () => {} });
	const settle = () => new Promise((resolve) => setImmediate(resolve));
	const answer = (rid) => {
		posted.get(String(rid))();
		return settle();
	};
	return { ...page, answer, posted: () => [...posted.keys()].map(Number), repeats, settle };
}

test("a request that may never have left is repeated after the answer to the one two before it, which the server would forget", async () => {
	const { answer, bodies, posted, send, turn, wait } = repeatAll([4, 5, 6]);
	assert.deepEqual(posted(), [4, 5]);
	send("poll");
	turn();
	wait(0);
	await answer(5);
	assert.deepEqual([posted(), bodies], [[4, 5], []]);
	await answer(4);
	assert.deepEqual(posted(), [4, 5, 6]);
	wait(20);
	assert.deepEqual(bodies.map(({ inner }) => inner), ["poll"], "after it");
});

test("it does not wait for ever, and not at all for a rid that is not missing", async () => {
	const { posted, settle, wait } = repeatAll([4, 5, 6]);
	wait(2_999);
	await settle();
	assert.deepEqual(posted(), [4, 5]);
	wait(1);
	await settle();
	assert.deepEqual(posted(), [4, 5, 6]);
	assert.deepEqual(repeatAll([5, 6]).posted(), [5, 6]);
});

test("a page that goes before all are repeated still knows them, and sends no more of them", async () => {
	const { answer, posted, repeats } = repeatAll([4, 5, 6]);
	repeats.stop();
	await answer(4);
	assert.deepEqual(posted(), [4, 5]);
	assert.deepEqual(repeats.open.map(({ rid }) => rid), [5, 6]);
});
