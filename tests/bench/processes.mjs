/*
 * What a program and its workers cost, as Linux counts it (proc(5)): CPU time and memory.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";

const TICKS = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })); // a second; 100 nearly everywhere

/** CPU time of the children that have ended and were waited for, and of theirs; seconds. */
export function endedSeconds(pid) {
	const [user, system] = stat(pid).slice(13, 15).map(Number);
	return (user + system) / TICKS;
}

/** The fields of /proc/PID/stat after the name, which may hold blanks: [0] is the third one, the state. */
function stat(pid) {
	const text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
	return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

export function children(pid) {
	const all = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
	return all.filter((other) => {
		try {
			return Number(stat(other)[1]) === pid;
		} catch {
			return false; // it has just ended
		}
	});
}

export class Processes {
	/** @param {number} pid the parent; its workers are those it has now */
	constructor(pid) {
		this.pids = [pid, ...children(pid)];
	}

	/**
	 * The memory of all of them together, KiB: what they share is counted once, in parts. null: another user's, or a
	 * program that lets nobody look but root (PR_SET_DUMPABLE).
	 */
	pss() {
		try {
			const one = (pid) => Number(/^Pss:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]);
			return this.pids.map(one).reduce((sum, kib) => sum + kib, 0);
		} catch {
			return null;
		}
	}

	/** VmRSS of each, KiB. What they share is counted in each. */
	memory() {
		return this.pids.map((pid) => Number(/^VmRSS:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]));
	}
}
