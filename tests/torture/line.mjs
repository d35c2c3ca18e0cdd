/*
 * The line between the program and a database: a forwarder on loopback that can break at a chosen byte of a chosen
 * direction. It cuts, stalls, delays or garbles. On a line without TLS it knows where messages begin and which bytes are
 * values: nothing but TLS could notice that one of them has changed.
 */
import net from "node:net";
import { cutPostgresql, cutMariadb, maskMariadb, maskPostgresql, PLAIN, TEXT, VALUE } from "./line_messages.mjs";

const DELAY_MS = 150, DRIP_MS = 60;
const BLOCK_MAX = 40;
const NOTHING_VALID = 0xff; // in no UTF-8 text

/**
 * @typedef {object} Fault
 * @property {string} kind one of KINDS
 * @property {"up" | "down"} direction up: from the program to the database
 * @property {number} at of the bytes that a connection carries after arm(): which one
 * @property {boolean} again the next connections have it too
 * @property {number} number more randomness for the kind
 */
/** @typedef {{ edit: (message: import('./line_messages.mjs').Message, direction: "up" | "down") => Buffer | null }} Edit what
 *   becomes of each message; null: it stays */

export const BREAKS = ["cut", "reset", "stall", "delay", "drip"];
export const GARBLES = ["flip", "byte", "repeat", "drop", "length"];

/** A length that no answer has: at the place of a message's length, or of the 32-bit number around the byte. */
function hugeLength(message, at, protocol, number) {
	const place = protocol === "mariadb" ? 0 : message.typed ? 1 : 0;
	const bytes = Buffer.from(message.bytes);
	if (protocol === "mariadb" && number % 2 === 0)
		bytes.fill(0xff, 0, 3);
	else if (protocol === "postgresql" && number % 2 === 0)
		bytes.writeUInt32BE([0x7fffffff, 0x3fffffff, 0xffffffff][number % 3], place);
	else
		return null;
	return bytes;
}

/** The message with one change at a byte, or near it; null: there is no byte that may change. */
function garbled(message, fault, { protocol, values }) {
	const { bytes } = message;
	const mask = protocol === "mariadb" ? maskMariadb(message, values) : protocol === "postgresql" ? maskPostgresql(message) : Buffer.alloc(bytes.length, PLAIN);
	let at = fault.index;
	for (let i = 0; i < bytes.length && mask[at] === VALUE; i++)
		at = (at + 1) % bytes.length;
	if (mask[at] === VALUE)
		return null;
	let end = at + 1;
	while (end < bytes.length && end - at < 1 + fault.number % BLOCK_MAX && mask[end] !== VALUE)
		end++;
	const changed = Buffer.from(bytes);
	switch (fault.kind) {
	case "repeat":
		return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
	case "drop":
		return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
	case "length": {
		const huge = protocol ? hugeLength(message, at, protocol, fault.number) : null;
		if (huge)
			return huge;
		for (let i = at; i < Math.min(at + 4, bytes.length) && mask[i] === PLAIN; i++)
			changed[i] = i === at ? 0xfe : 0x7f;
		break;
	}
	case "flip":
		changed[at] ^= 1 << fault.number % 8;
		break;
	default:
		changed[at] ^= 1 + fault.number % 255;
	}
	if (mask[at] === TEXT)
		changed[at] = NOTHING_VALID;
	return changed;
}

class Connection {
	/** @param {Line} line @param {net.Socket} near */
	constructor(line, near) {
		this.line = line;
		this.near = near;
		this.far = net.connect(line.to, "127.0.0.1");
		this.passed = { up: 0, down: 0 };
		this.rest = { up: Buffer.alloc(0), down: Buffer.alloc(0) };
		this.started = { up: false, down: true }; // whether messages have a type, in PostgreSQL
		this.stuck = false;
		this.queue = { up: Promise.resolve(), down: Promise.resolve() };
		this.drips = { up: false, down: false };
		near.setNoDelay(true);
		this.far.setNoDelay(true);
		for (const [direction, from, to] of [["up", near, this.far], ["down", this.far, near]]) {
			from.on("data", (bytes) => this.take(direction, bytes));
			from.on("end", () => this.later(direction, () => to.end()));
			from.on("error", () => this.later(direction, () => to.destroy()));
			from.on("close", () => this.later(direction, () => to.destroy()));
		}
	}

	/** In the order of what came before. */
	later(direction, act) {
		this.queue[direction] = this.queue[direction].then(() => this.stuck ? null : act());
	}

	destroy() {
		this.stuck = true;
		this.near.destroy();
		this.far.destroy();
	}

	take(direction, bytes) {
		const { protocol } = this.line;
		if (this.stuck)
			return;
		if (!protocol) {
			this.pass(direction, { bytes });
			return;
		}
		const cut = protocol === "mariadb" ? cutMariadb : cutPostgresql;
		const { messages, rest } = cut(Buffer.concat([this.rest[direction], bytes]), this.started[direction]);
		this.rest[direction] = rest;
		for (const message of messages) {
			if (message.asksForTls) {
				this.near.write("N"); // this line has none
				continue;
			}
			if (protocol === "postgresql" && direction === "up")
				this.started.up = true;
			this.pass(direction, message);
		}
	}

	/** Forwards a message, with the fault if it is its turn. */
	pass(direction, message) {
		const start = this.passed[direction];
		this.passed[direction] += message.bytes.length;
		this.line.seen[direction] = Math.max(this.line.seen[direction], this.passed[direction]);
		const { fault } = this.line;
		if (fault?.edit) {
			this.write(direction, fault.edit(message, direction) ?? message.bytes);
			return;
		}
		const isDue = fault && fault.direction === direction && fault.at >= start && fault.at < this.passed[direction] && (fault.again || fault.hits === 0);
		if (!isDue) {
			this.write(direction, message.bytes);
			return;
		}
		const index = fault.at - start;
		this.hit(direction, message, { ...fault, index });
	}

	hit(direction, message, fault) {
		const { bytes } = message;
		if (GARBLES.includes(fault.kind)) {
			const changed = garbled(message, fault, this.line);
			if (changed)
				this.line.note(message);
			this.write(direction, changed ?? bytes);
			return;
		}
		this.line.note(message);
		this.write(direction, bytes.subarray(0, fault.index));
		if (fault.kind === "delay")
			this.later(direction, () => new Promise((resolve) => setTimeout(resolve, DELAY_MS)));
		if (fault.kind === "drip")
			this.drips[direction] = true;
		if (fault.kind === "delay" || fault.kind === "drip") {
			this.write(direction, bytes.subarray(fault.index));
			return;
		}
		this.later(direction, () => {
			this.stuck = true;
			if (fault.kind === "stall")
				return; // until clear()
			this.far.destroy();
			if (fault.kind === "reset")
				this.near.resetAndDestroy();
			else
				this.near.end();
		});
	}

	write(direction, bytes) {
		const to = direction === "up" ? this.far : this.near;
		if (!this.drips[direction]) {
			this.later(direction, () => to.destroyed || to.write(bytes));
			return;
		}
		for (const byte of bytes)
			this.later(direction, () => to.destroyed || new Promise((resolve) => {
				to.write(Buffer.from([byte]));
				setTimeout(resolve, DRIP_MS);
			}));
	}
}

export class Line {
	/** @type {Set<Connection>} */ #connections = new Set();
	/** @type {(Fault & { hits: number, where: string }) | null} */ fault = null;
	seen = { up: 0, down: 0 };

	/**
	 * @param {import('../lib/place.mjs').Place} place closes the line when it closes
	 * @param {{ to: number, protocol: "mariadb" | "postgresql" | null, values: string[] }} options to: a port of 127.0.0.1;
	 *   protocol: null if it is TLS; values: texts that no garbling may touch
	 */
	static async lay(place, options) {
		const line = new Line();
		Object.assign(line, options);
		const server = net.createServer({ allowHalfOpen: false }, (near) => {
			const connection = new Connection(line, near);
			line.#connections.add(connection);
			near.on("close", () => line.#connections.delete(connection));
		});
		await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", () => resolve()));
		line.port = /** @type {net.AddressInfo} */ (server.address()).port;
		place.onClose(() => {
			line.clear();
			return new Promise((resolve) => server.close(resolve));
		});
		return line;
	}

	/**
	 * From now on the bytes of each connection are counted, and the fault waits for its byte.
	 * @param {Fault | Edit | null} fault null: none
	 */
	arm(fault) {
		this.fault = fault && { ...fault, hits: 0, where: "" };
		this.seen = { up: 0, down: 0 };
		for (const connection of this.#connections)
			connection.passed = { up: 0, down: 0 };
	}

	note(message) {
		this.fault.hits++;
		this.fault.where ||= message.name ?? "";
	}

	/** Ends all connections. */
	clear() {
		for (const connection of this.#connections)
			connection.destroy();
	}
}
