/*
 * Kills a node while a balancer has requests for it, and judges which of them may fail.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { signalAll } from "./children.mjs";
import { httpRequest } from "./http.mjs";
import { until } from "./wait.mjs";

const GETTING = 6; // clients that send GETs
const POSTING = 2;

/** True if no thread of the process is left, so the kernel has closed its sockets. A zombie has its first thread only. */
function isGone(pid) {
	try {
		const threads = fs.readdirSync(`/proc/${pid}/task`);
		return threads.length === 1 && /\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
	} catch (error) {
		if (error.code === "ENOENT" || error.code === "ESRCH")
			return true;
		throw error;
	}
}

/** Clients that send requests one after the other until `stop`; `done` has how each ended. */
function startLoad(port) {
	const done = [];
	let running = true;
	const client = async (method) => {
		while (running) {
			const began = performance.now();
			const request = method === "GET" ? { port, method, path: "/chat/health" } // reads the database
				: { port, method, path: "/chat/login", body: "", headers: { "Content-Type": "application/x-www-form-urlencoded" } };
			const answer = await httpRequest(request)
				.then(({ status: code, headers }) => ({ code, node: headers["x-node"] }), (error) => ({ code: error.message }));
			done.push({ method, began, ...answer });
		}
	};
	const clients = [...Array(GETTING).fill("GET"), ...Array(POSTING).fill("POST")].map(client);
	return { done, stop: () => Promise.all([(running = false), ...clients]) };
}

/**
 * Kills these processes under load: no GET may fail, and a POST only if it began before they were gone.
 * @param {{ port: number, pids: number[], nodes: number }} what the balancer's port; how many different X-Node its answers have
 */
export async function killUnderLoad({ port, pids, nodes }) {
	const { done, stop } = startLoad(port);
	let gone;
	try {
		await until("all nodes to answer", () => new Set(done.map(({ node }) => node).filter(Boolean)).size >= nodes, { seconds: 60 });
		signalAll(pids, "SIGKILL");
		await until("the node's processes to end", () => pids.every(isGone));
		gone = performance.now();
		const from = done.length;
		await until("many more answers", () => done.length > from + 300, { seconds: 120 });
	} finally {
		await stop(); // else the clients keep the test from ending
	}
	const failed = done.filter(({ method, code }) => code !== (method === "GET" ? 200 : 403));
	assert.ok(failed.length <= POSTING, JSON.stringify(failed));
	for (const { method, began, code } of failed)
		assert.ok(method === "POST" && began < gone, `${method} that began ${began - gone} ms after the node's end: ${code}`);
	console.error(`# ${done.length} requests, ${failed.length} failed: POSTs that the node was answering`);
}
