/*
 * A long way between a browser and a web server: a forwarder on loopback that delays every byte, and counts connections
 * and bytes. To set up a connection takes a round trip too: the client's first bytes wait so much longer.
 */
import net from "node:net";

export class Far {
	/** @type {Set<net.Socket>} */ #sockets = new Set();
	#delay = 0;
	connections = 0;
	up = 0;
	down = 0;

	/**
	 * @param {import('./place.mjs').Place} place closes the forwarder when it closes
	 * @param {number} to a port of 127.0.0.1
	 * @returns {Promise<Far>}
	 */
	static async lay(place, to) {
		const far = new Far();
		const server = net.createServer((near) => far.#join(near, to));
		await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", () => resolve()));
		far.port = /** @type {net.AddressInfo} */ (server.address()).port;
		place.onClose(() => {
			for (const socket of far.#sockets)
				socket.destroy();
			return new Promise((resolve) => server.close(resolve));
		});
		return far;
	}

	/** Starts to count from zero. @param {number} delay of each way, in milliseconds */
	begin(delay) {
		this.#delay = delay;
		this.connections = this.up = this.down = 0;
	}

	#join(near, to) {
		this.connections++;
		const openAt = performance.now() + 2 * this.#delay;
		const away = net.connect(to, "127.0.0.1");
		this.#pass(near, away, openAt, (bytes) => (this.up += bytes));
		this.#pass(away, near, 0, (bytes) => (this.down += bytes));
	}

	/** Bytes arrive after the delay, in their order, and not before a time. */
	#pass(from, to, notBefore, count) {
		this.#sockets.add(from);
		const queue = []; // another delay, or two timers of the same millisecond, must not change the order
		const later = (run) => {
			const now = performance.now();
			queue.push(run);
			setTimeout(() => queue.shift()(), Math.max(now, notBefore) + this.#delay - now);
		};
		from.setNoDelay(true);
		from.on("data", (bytes) => {
			count(bytes.length);
			later(() => to.destroyed || to.write(bytes));
		});
		from.on("end", () => later(() => to.end()));
		from.on("error", () => to.destroy());
		from.on("close", () => {
			this.#sockets.delete(from);
			later(() => to.destroy());
		});
	}
}
