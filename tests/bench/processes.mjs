/*
 * What a program and its workers cost, as Linux counts it (proc(5)): CPU time and memory.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";

const TICKS = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })); // a second; 100 nearly everywhere

/** The fields of /proc/PID/stat after the name, which may hold blanks: [0] is the third one, the state. */
function stat(pid) {
	const text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
	return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function children(pid) {
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

	/** User and system time of all of them. */
	cpuSeconds() {
		const ticks = this.pids.map((pid) => stat(pid).slice(11, 13).map(Number));
		return ticks.flat().reduce((sum, n) => sum + n, 0) / TICKS;
	}

	/** VmRSS of each, KiB. What they share is counted in each. */
	memory() {
		return this.pids.map((pid) => Number(/^VmRSS:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))[1]));
	}
}
