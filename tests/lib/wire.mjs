/*
 * The network between a browser and a web server: a forwarder on loopback that can be silenced or
 * cut. When it is silent, nothing is refused and nothing arrives, as in a tunnel. When it is cut,
 * open and new connections break, as when the interface is down. A browser's own offline switch
 * does not affect open connections.
 */
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const APART_MS = 20; // between two that leave after a silence: a line carries one after the other

export class Wire {
	/** @type {Set<net.Socket>} */ #sockets = new Set();
	/** @type {(() => void)[]} */ #held = []; // what a silence keeps back, in the order in which it was sent
	#silent = false;
	#cut = false;

	/**
	 * @param {import('./place.mjs').Place} place closes the forwarder when it closes
	 * @param {number} to a port of 127.0.0.1
	 * @returns {Promise<Wire>}
	 */
	static async lay(place, to) {
		const wire = new Wire();
		const server = net.createServer((socket) => wire.#join(socket, to));
		await new Promise((resolve, reject) => {
			server.once("error", reject);
			server.listen(0, "127.0.0.1", () => resolve());
		});
		wire.port = /** @type {net.AddressInfo} */ (server.address()).port;
		place.onClose(() => {
			wire.cut();
			return new Promise((resolve) => server.close(resolve));
		});
		return wire;
	}

	/**
	 * Delivers nothing in either direction. Data that is under way arrives after mend(), in the
	 * order in which it was sent, whatever its connection.
	 */
	silence() {
		this.#silent = true;
	}

	/** Breaks all connections, and each new one. */
	cut() {
		this.#cut = true;
		this.#silent = false;
		this.#held = [];
		for (const socket of this.#sockets)
			socket.resetAndDestroy();
	}

	mend() {
		this.#cut = false;
		if (this.#silent)
			this.#release();
	}

	/** What comes meanwhile waits for its turn. */
	async #release() {
		while (this.#silent && this.#held.length > 0) {
			this.#held.shift()();
			await pause(APART_MS);
		}
		this.#silent = false;
	}

	#deliver(act) {
		if (this.#silent)
			this.#held.push(act);
		else
			act();
	}

	#join(near, to) {
		if (this.#cut) {
			near.resetAndDestroy();
			return;
		}
		const far = net.connect(to, "127.0.0.1");
		this.#pass(near, far);
		this.#pass(far, near);
	}

	#pass(from, to) {
		this.#sockets.add(from);
		from.on("data", (chunk) => this.#deliver(() => to.write(chunk)));
		from.on("end", () => this.#deliver(() => to.end()));
		from.on("error", () => this.#deliver(() => to.destroy()));
		from.on("close", () => {
			this.#sockets.delete(from);
			this.#deliver(() => to.destroy());
		});
	}
}
