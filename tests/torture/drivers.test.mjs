// A slice of the lines to databases that break in `make torture`, and some garblings that once were believed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { breakLines, judge } from "./drivers.mjs";
import { MariadbStand, PostgresqlStand, Servers, StoreStand } from "./drivers_stand.mjs";

const FAULTS = 12;
const STANDS = ["mariadb", "postgresql", "store"];

/** @type {Servers} */
let servers;

before(async () => {
	servers = await Servers.start();
});
after(() => servers.close());

test("lines that break at any byte: no crash, nobody let in, nobody is somebody else, and it works again", async () => {
	const tallies = await breakLines(servers, { faults: FAULTS, seed: 19, stands: STANDS, progress: () => {} });
	for (const tally of Object.values(tallies)) {
		assert.deepEqual(tally.complaints, []);
		assert.ok(tally.faults > 0, tally.text());
	}
});

/** Replaces bytes of a message; null: they are not in it. */
function replaced(bytes, from, to) {
	const at = bytes.indexOf(from, 0, "latin1");
	return at < 0 ? null : Buffer.concat([bytes.subarray(0, at), Buffer.from(to, "latin1"), bytes.subarray(at + from.length)]);
}

/** The definition of a column ends with its type, two bytes of flags, one of decimals, and two zeros. */
function otherType(bytes) {
	const changed = Buffer.from(bytes);
	changed[changed.length - 6] = 200;
	return bytes.indexOf("\x03def", 0, "latin1") === 4 ? changed : null;
}

/** The end of the columns in the answer to COM_STMT_EXECUTE, with flags that no answer has together, such as a cursor. */
function otherFlags() {
	let executes = false;
	return ({ bytes }, direction) => {
		if (direction === "up")
			executes = bytes[4] === 23;
		const ends = executes && direction === "down" && bytes.length === 9 && bytes[4] === 0xfe;
		executes &&= !ends;
		return ends ? Buffer.concat([bytes.subarray(0, 5), Buffer.from([0x7f, 0x7f, 0x7f, 0])]) : null;
	};
}

const notice = (text) => {
	const fields = Buffer.from(`SWARNING\0M${text}\0\0`);
	const head = Buffer.from("N\0\0\0\0");
	head.writeUInt32BE(fields.length + 4, 1);
	return Buffer.concat([head, fields]);
};

/** The server's time does not come: no row is in the answer to what asks for it. */
function withoutClock() {
	let asked = false;
	return ({ bytes, name }, direction) => {
		if (direction === "up")
			asked = name === "Q" && bytes.includes("clock_timestamp");
		return asked && direction === "down" && name === "D" ? Buffer.alloc(0) : null;
	};
}

/** The last value of a user's row (five columns) has a length below zero. */
function withoutEnd(bytes) {
	if (bytes[0] !== 0x44 || bytes.readInt16BE(5) !== 5)
		return null;
	const changed = Buffer.from(bytes);
	changed.writeInt32BE(-25198721, bytes.length - 12); // of a number of eight bytes
	return changed;
}

const down = (edit) => ({ bytes }, direction) => (direction === "down" ? edit(bytes) : null);

const GARBLINGS = [
	{ what: "MariaDB: the length of a name is too small", Stand: MariadbStand, scene: "page", edit: down((bytes) => replaced(bytes, "\x05alice", "\x04alice")), status: 503 },
	{ what: "MariaDB: the length of a name is huge", Stand: MariadbStand, scene: "json", edit: down((bytes) => replaced(bytes, "\x05alice", "\xf0alice")), status: 503 },
	{ what: "MariaDB: the type of a column does not exist", Stand: MariadbStand, scene: "page", edit: down(otherType), status: 503 },
	{ what: "MariaDB: the flags of an answer are wrong", Stand: MariadbStand, scene: "wrong password", edit: otherFlags(), status: 401 },
	{ what: "PostgreSQL: a name as a truth value", Stand: PostgresqlStand, scene: "page", status: 401, // not the user 1
		edit: down((bytes) => replaced(bytes, "\0\0\x04\x13", "\0\0\0\x10") ?? replaced(bytes, "alice", "thief")) },
	{ what: "PostgreSQL: a notice is not in the log", Stand: PostgresqlStand, scene: "page", status: 200,
		edit: ({ bytes, name }, direction) => (direction === "down" && name === "D" ? Buffer.concat([notice("forged"), bytes]) : null) },
	{ what: "own store: a text that is not UTF-8 is not the visitor's fault", Stand: StoreStand, scene: "page", status: 503,
		edit: ({ bytes, name }, direction) => (direction === "up" && name === "P" ? replaced(bytes, "SELECT", "SELEC\xff") : null) },
	{ what: "own store: a row that is malformed at its end is not a row that is not there", Stand: StoreStand, scene: "page", status: 503, edit: down(withoutEnd) },
	{ what: "own store: the server's time is missing", Stand: StoreStand, scene: "login", edit: withoutClock(), status: 503 },
];

for (const Stand of new Set(GARBLINGS.map((row) => row.Stand)))
	test(`${Stand.title}: what is garbled is not believed`, async (t) => {
		const stand = await Stand.start(servers);
		try {
			for (const { what, scene: name, edit, status } of GARBLINGS.filter((row) => row.Stand === Stand))
				await t.test(what, async () => {
					const scene = stand.scenes.find((one) => one.name === name);
					const ready = await scene.prepare?.(stand);
					stand.line.clear();
					stand.line.arm({ edit });
					const answer = await stand.ask(scene.request(stand, ready));
					assert.equal(answer.status, status, answer.body);
					judge(scene, answer, "byte");
					await stand.assertSound();
				});
		} finally {
			await stand.close();
		}
	});

test("what is wrong with an answer is said", () => {
	const json = (status, body) => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
	const scene = { name: "json", status: 200, check: ({ body }) => assert.equal(JSON.parse(body).jid, "alice@example.org/web") };
	const stranger = { name: "stranger", status: 401, stranger: true, check: () => {} };
	assert.equal(judge(scene, json(200, { jid: "alice@example.org/web" }), "cut"), "as without it");
	assert.equal(judge(scene, json(503, {}), "cut"), "refused");
	assert.equal(judge(scene, json(401, {}), "flip"), "turned away");
	assert.throws(() => judge(scene, json(401, {}), "cut"));
	assert.throws(() => judge(scene, json(200, { jid: "blice@example.org/web" }), "flip"));
	assert.throws(() => judge(scene, json(500, {}), "flip"));
	assert.throws(() => judge(stranger, json(401, { sid: "x" }), "flip"));
	assert.throws(() => judge(stranger, json(200, {}), "flip"));
	assert.throws(() => judge(scene, { ...json(200, {}), body: "{" }, "flip"));
});
