/*
 * The network between a browser and a web server: a forwarder on loopback that can go silent (nothing is refused, nothing
 * arrives: a tunnel, a dead access point) or be cut (connections break, new ones too: the interface is down). What a
 * browser's own offline switch does not do: it leaves open connections alone.
 */
import net from "node:net";

export class Wire {
	/** @type {Set<net.Socket>} */ #sockets = new Set();
	#silent = false;
	#cut = false;

	/**
	 * @param {import('./place.mjs').Place} place closes it when it closes
	 * @param {number} to port of 127.0.0.1
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

	/** Nothing arrives any more, in either direction; what is under way arrives when it is mended, as TCP has it. */
	silence() {
		this.#silent = true;
		for (const socket of this.#sockets)
			socket.pause();
	}

	/** Every connection breaks, and each new one. */
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
