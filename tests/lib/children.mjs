/*
 * The processes of a server under test: which there are, and signals to them.
 */
import fs from "node:fs";
import { until } from "./wait.mjs";

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

/** The states of a process's threads, as proc(5) names them; none: it has ended. */
function threadStates(pid) {
	try {
		return fs.readdirSync(`/proc/${pid}/task`).map((thread) => /\) (\S)/.exec(fs.readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"))[1]);
	} catch {
		return [];
	}
}

/** Stops processes for a time: SIGCONT ends it. A thread goes on for a moment after the signal, so this waits for each of them. */
export async function freeze(pids) {
	signalAll(pids, "SIGSTOP");
	for (const pid of pids)
		await until(`process ${pid} to stand still`, () => threadStates(pid).every((state) => !"RSD".includes(state)));
}
