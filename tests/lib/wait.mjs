/*
 * Waits for conditions instead of fixed times, and finds free ports.
 */
import fs from "node:fs";
import net from "node:net";
import path from "node:path";

const POLL_MS = 20;

/**
 * A port of 127.0.0.1 on which nothing listens. Another process could take a free port; this one
 * needs root.
 */
export const DEAD_PORT = 1;

/**
 * Polls until the probe returns a truthy value, and returns it. If the probe throws, it is tried
 * again.
 * @template T
 * @param {string} what for the error's text: "waited 30 s for WHAT"
 * @param {() => T | Promise<T>} probe
 * @param {{ seconds?: number, every?: number, gone?: () => string | null }} [options] every: milliseconds between two probes, for
 *   a probe that costs a lot; gone: returns a reason to give up at once, or null
 * @returns {Promise<T>}
 */
export async function until(what, probe, { seconds = 30, every = POLL_MS, gone = () => null } = {}) {
	const deadline = Date.now() + seconds * 1000;
	let last = "";
	for (;;) {
		try {
			const value = await probe();
			if (value)
				return value;
		} catch (error) {
			last = `: ${error.message}`;
		}
		const reason = gone();
		if (reason)
			throw new Error(`waiting for ${what}: ${reason}`);
		if (Date.now() > deadline)
			throw new Error(`waited ${seconds} s for ${what}${last}`);
		await new Promise((resolve) => setTimeout(resolve, every));
	}
}

/**
 * The range is below Linux's ephemeral ports, so that the kernel uses none of these for an outgoing
 * connection.
 */
const FIRST_PORT = 15000;
const LAST_PORT = 32000;

/**
 * Takes the port for this process. Files that run side by side must not find the same port, because
 * a server listens only some time after its port was found. So each port is given once in a run of
 * tests/run; outside of one there is nothing to share.
 */
function claim(port) {
	if (!process.env.PREBIND_RESULTS)
		return true;
	try {
		fs.writeFileSync(path.join(process.env.PREBIND_RESULTS, "ports", String(port)), "", { flag: "wx" });
		return true;
	} catch (error) {
		if (error.code === "EEXIST")
			return false;
		throw error;
	}
}

/** Listens on the port; null if the port is taken. */
function hold(port) {
	return new Promise((resolve, reject) => {
		const server = net.createServer();
		server.once("error", (error) => (error.code === "EADDRINUSE" ? resolve(null) : reject(error)));
		server.listen(port, "127.0.0.1", () => resolve(server));
	});
}

/**
 * Finds free ports of 127.0.0.1. They are random, so that two runs at the same time rarely collide.
 * Each is held until the last one is found, so that all differ.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
	const servers = [];
	while (servers.length < count) {
		const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
		const server = claim(port) && await hold(port);
		if (server)
			servers.push(server);
	}
	const ports = servers.map((server) => server.address().port);
	await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
	return ports;
}

/**
 * Returns true if a server accepts connections there.
 * @param {number | string} where a port of 127.0.0.1, or a UNIX socket's path
 */
export function accepts(where) {
	return new Promise((resolve) => {
		const socket = typeof where === "number" ? net.connect(where, "127.0.0.1") : net.connect(where);
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
