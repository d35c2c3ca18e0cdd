/*
 * The processes of a server under test: which there are, and signals to them.
 */
import fs from "node:fs";

/** The PIDs of a process's children. */
export function childrenOf(pid) {
	return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

/** A process and its children. */
export const pidsOf = (pid) => [pid, ...childrenOf(pid)];

/** Sends a signal to each process. One may end by itself before its turn comes, as a killed server's children do. */
export function signalAll(pids, name) {
	for (const pid of pids) {
		try {
			process.kill(pid, name);
		} catch (error) {
			if (error.code !== "ESRCH")
				throw error;
		}
	}
}
