/*
 * Makes the environment of a server whose wall clock is wrong.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { top } from "./place.mjs";

/**
 * @param {import('./place.mjs').Place} place
 * @param {number} seconds positive: its clock is ahead of ours
 * @returns {Record<string, string>}
 */
export function clockOff(place, seconds) {
	place.folder("clock", 0o755);
	const library = place.path("clock", "clock_off.so");
	const output = execFileSync(process.env.CC || "gcc", ["-shared", "-fPIC", "-O1", "-o", library, path.join(top, "tests/lib/clock_off.c")]);
	assert.equal(output.length, 0);
	return { LD_PRELOAD: library, CLOCK_OFF: String(seconds) };
}
