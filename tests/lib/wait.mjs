/*
 * Waiting for something to become true, never for time to pass; and ports that are free right now.
 */
import net from "node:net";

const POLL_MS = 20;

/** A port of 127.0.0.1 where nobody is: a free one may be somebody's a moment later, this one takes root. */
export const DEAD_PORT = 1;

/**
 * Polls until the probe returns something truthy, and returns that. A probe that throws has not succeeded yet.
 * @template T
 * @param {string} what for the error's text: "waited 10 s for WHAT"
 * @param {() => T | Promise<T>} probe
 * @param {{ seconds?: number, gone?: () => string | null }} [options] gone: a reason to give up at once
 * @returns {Promise<T>}
 */
export async function until(what, probe, { seconds = 10, gone = () => null } = {}) {
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
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
}

/** Below Linux's ephemeral ports: what the kernel gives to an outgoing connection is never one of these. */
const FIRST_PORT = 15000;
const LAST_PORT = 32000;

/** Holds the port; null where somebody has it. */
function hold(port) {
	return new Promise((resolve, reject) => {
		const server = net.createServer();
		server.once("error", (error) => (error.code === "EADDRINUSE" ? resolve(null) : reject(error)));
		server.listen(port, "127.0.0.1", () => resolve(server));
	});
}

/**
 * Ports of 127.0.0.1 that nobody listens on, picked at random: test files that run at a time do not meet. All are held
 * until the last is found, so they differ.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
	const servers = [];
	while (servers.length < count) {
		const server = await hold(FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT)));
		if (server)
			servers.push(server);
	}
	const ports = servers.map((server) => server.address().port);
	await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
	return ports;
}

/**
 * True when somebody accepts connections there.
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
