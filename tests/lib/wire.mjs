/*
 * The network between a browser and a web server: a forwarder on loopback that can be silenced or
 * cut. When it is silent, nothing is refused and nothing arrives, as in a tunnel. When it is cut,
 * open and new connections break, as when the interface is down. A browser's own offline switch
 * does not affect open connections.
 */
import net from "node:net";

export class Wire {
	/** @type {Set<net.Socket>} */ #sockets = new Set();
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
	 * Delivers nothing in either direction. As with TCP, data that is under way arrives after
	 * mend().
	 */
	silence() {
		this.#silent = true;
		for (const socket of this.#sockets)
			socket.pause();
	}

	/** Breaks all connections, and each new one. */
	cut() {
		this.#cut = true;
		for (const socket of this.#sockets)
			socket.resetAndDestroy();
	}

	mend() {
		this.#silent = this.#cut = false;
		for (const socket of this.#sockets)
			socket.resume();
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
		from.on("data", (chunk) => to.write(chunk));
		from.on("end", () => to.end());
		from.on("error", () => to.destroy());
		from.on("close", () => {
			this.#sockets.delete(from);
			to.destroy();
		});
		if (this.#silent)
			from.pause();
	}
}
