/*
 * Which call of a program is to fail: the file that fail.c maps, and the ways in which each class of calls can fail.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { top } from "../lib/place.mjs";

const { ENOMEM, EIO, EINTR, ECONNRESET, ENOSPC, EPIPE, EMFILE, EACCES, ECONNREFUSED, ETIMEDOUT, ECONNABORTED, ENOSYS, EAGAIN } =
	os.constants.errno;

export const ONCE = 0, FOR_EVER = 1, POWER_CUT = 2;
const MODES = ["once", "for ever", "power cut"];

/**
 * The classes in the order of fail.c, and how their calls fail: an error and its modes. A call that is interrupted for
 * ever is no fault that a program can get over. SQLite waits 10 s for each lock that others keep; rough_weather has that.
 */
const BOTH = [ONCE, FOR_EVER];
export const CLASSES = [
	{ name: "none", ways: [] },
	{ name: "memory", ways: [[ENOMEM, BOTH]] },
	{ name: "read", ways: [[EIO, BOTH], [ECONNRESET, BOTH], [EINTR, [ONCE]]] },
	{ name: "write", ways: [[EIO, BOTH], [EPIPE, BOTH], [EINTR, [ONCE]], [EIO, [POWER_CUT]]] },
	{ name: "open", ways: [[EMFILE, BOTH], [EACCES, BOTH], [EIO, BOTH]] },
	{ name: "sync", ways: [[EIO, BOTH]] },
	{ name: "connect", ways: [[ECONNREFUSED, BOTH], [ETIMEDOUT, BOTH]] },
	{ name: "poll", ways: [[EINTR, [ONCE]], [ENOMEM, BOTH]] },
	{ name: "accept", ways: [[ECONNABORTED, BOTH], [EMFILE, BOTH], [EINTR, [ONCE]]] },
	{ name: "random", ways: [[ENOSYS, BOTH]] },
	{ name: "thread", ways: [[EAGAIN, BOTH]] },
	{ name: "fork", ways: [[EAGAIN, BOTH]] },
	{ name: "socket", ways: [[EMFILE, BOTH]] },
	{ name: "lock", ways: [[EAGAIN, [ONCE]], [EIO, BOTH]] },
	{ name: "map", ways: [[ENOMEM, BOTH]] },
	{ name: "remove", ways: [[EACCES, BOTH]] },
	{ name: "disk", ways: [[ENOSPC, BOTH], [EIO, BOTH], [EIO, [POWER_CUT]]] },
	{ name: "page", ways: [[EIO, BOTH], [EINTR, [ONCE]]] },
];

/** Offsets of struct plan in fail.h, the size of what is before its list, and the list's. */
const FAILED = 16, FD = 20, CLOCK = 24, LISTING = 28, LISTED = 32, CALLS = 64, WHERE = 192, SIZE = 384;
const LIST_SIZE = 65536, LISTED_BYTES = 16;

/**
 * @typedef {object} Fault
 * @property {number} class index in CLASSES
 * @property {number} at the number of the call
 * @property {number} mode
 * @property {number} error
 */

/** "memory call 17 fails once (ENOMEM)" */
export function faultText({ class: index, at, mode, error }) {
	const name = Object.entries(os.constants.errno).find(([, value]) => value === error)?.[0];
	return `${CLASSES[index].name} call ${at} fails: ${MODES[mode]} (${name})`;
}

/** Every fault of these calls: their numbers, by class. @param {number[][]} numbers */
export function faultsAt(numbers) {
	return CLASSES.flatMap(({ ways }, index) => ways.flatMap(([error, modes]) => modes.flatMap((mode) =>
		numbers[index].map((at) => ({ class: index, at, mode, error })))));
}

/** One of the ways in which a call can fail stands for all of them. */
export const isPlain = ({ class: index, mode, error }) => mode === ONCE && error === CLASSES[index].ways[0][0];

/** SQLite tries for 10 s or more to get a lock. */
export const isSlow = ({ class: index, mode }) => CLASSES[index].name === "lock" && mode === FOR_EVER;

/** Every fault of a program that makes so many calls of each class. @param {number[]} calls */
export function faultsOf(calls) {
	return faultsAt(calls.map((count) => Array.from({ length: count }, (_, i) => i + 1)));
}

/**
 * The number of the first call of each place, by class.
 * @param {{ class: number, number: number, place: bigint }[]} list
 * @param {Set<string>} known places that need no more calls; the new ones are added
 */
export function firstOfEach(list, known = new Set()) {
	/** @type {number[][]} */
	const numbers = CLASSES.map(() => []);
	for (const { class: index, number, place } of list) {
		const key = `${index} ${place}`;
		if (!known.has(key))
			numbers[index].push(number);
		known.add(key);
	}
	return numbers;
}

/** Compiles the library into a place; it has to be readable for the place's user. */
export function buildLibrary(place) {
	place.folder("torture", 0o755);
	const library = place.path("torture", "fail.so");
	execFileSync(process.env.CC || "gcc", ["-std=gnu11", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-o", library,
		...["fail.c", "fail_calls.c"].map((file) => path.join(top, "tests/torture", file))]);
	return library;
}

export class Plan {
	/** @param {import('../lib/place.mjs').Place} place */
	constructor(place, library = buildLibrary(place)) {
		const file = place.write("torture/plan", Buffer.alloc(SIZE + LIST_SIZE * LISTED_BYTES));
		this.fd = fs.openSync(file, "r+");
		place.onClose(() => fs.closeSync(this.fd));
		// Ours is before the sanitizer's: a call that is not to fail goes on to that one.
		const options = (name, ...more) => ({ [name]: [process.env[name], ...more].filter(Boolean).join(":") });
		const known = place.copy("tests/torture/leaks", "torture/leaks");
		this.env = {
			LD_PRELOAD: library, TORTURE_PLAN: file,
			...options("ASAN_OPTIONS", "verify_asan_link_order=0", "fast_unwind_on_malloc=0"),
			...options("LSAN_OPTIONS", `suppressions=${known}`, "print_suppressions=0"),
		};
	}

	/** Sets all counts to zero; from now on the calls of this fault fail. @param {Fault | null} fault null: none @param {{ listing?: boolean }} how */
	arm(fault, { listing = false } = {}) {
		const data = Buffer.alloc(SIZE);
		data.writeUInt32LE(Number(listing), LISTING);
		if (fault)
			[fault.class, fault.at, fault.mode, fault.error].forEach((value, i) => data.writeUInt32LE(value, 4 * i));
		fs.writeSync(this.fd, data, 0, SIZE, 0);
	}

	/** All calls of a class fail from now on. @param {string} name @param {number} error */
	failAll(name, error) {
		this.arm({ class: CLASSES.findIndex((row) => row.name === name), at: 1, mode: FOR_EVER, error });
	}

	/** Sets the wall clock ahead, or back. */
	setClock(seconds) {
		const data = Buffer.alloc(4);
		data.writeInt32LE(seconds);
		fs.writeSync(this.fd, data, 0, 4, CLOCK);
	}

	/** From now on no call fails; the counts stay. */
	disarm() {
		fs.writeSync(this.fd, Buffer.alloc(4), 0, 4, 0);
	}

	/** All calls since it was armed with listing: the place is the same for calls that the program makes in the same way. */
	list() {
		const head = Buffer.alloc(4);
		fs.readSync(this.fd, head, 0, 4, LISTED);
		const count = head.readUInt32LE();
		assert.ok(count <= LIST_SIZE, `${count} calls: LIST_SIZE is too small`);
		const data = Buffer.alloc(count * LISTED_BYTES);
		fs.readSync(this.fd, data, 0, data.length, SIZE);
		return Array.from({ length: count }, (_, i) => i * LISTED_BYTES)
			.map((at) => ({ class: data.readUInt32LE(at), number: data.readUInt32LE(at + 4), place: data.readBigUInt64LE(at + 8) }));
	}

	/** failed: calls that failed; fd: of the first of them; calls: by class; where: who made it. */
	read() {
		const data = Buffer.alloc(SIZE);
		fs.readSync(this.fd, data, 0, SIZE, 0);
		return {
			failed: data.readUInt32LE(FAILED),
			fd: data.readInt32LE(FD),
			calls: CLASSES.map((_, i) => data.readUInt32LE(CALLS + 4 * i)),
			where: data.toString("latin1", WHERE).split("\0")[0],
		};
	}
}
