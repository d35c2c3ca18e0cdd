/*
 * Counts what a browser asks for, and how many round trips that takes one after the other. A request is a round trip, and
 * so is a connection that it has to wait for; with TLS 1.3 a connection takes two. A step is what goes at the same time.
 */

/**
 * @typedef {object} Asked
 * @property {string} name method and path
 * @property {string} body of the request
 * @property {boolean} opened a connection was set up for it
 */

export class Trips {
	/** @type {Map<string, Asked>} */ #asked = new Map();
	#setUp; // round trips of a new connection

	/** @param {number} setUp */
	constructor(setUp) {
		this.#setUp = setUp;
	}

	/** @param {import('playwright-core').Page} page @param {boolean} secure the site has TLS */
	static async watch(page, secure) {
		const trips = new Trips(secure ? 2 : 1);
		const session = await page.context().newCDPSession(page);
		session.on("Network.requestWillBeSent", ({ requestId, request, type }) => trips.#onRequest(requestId, request, type));
		session.on("Network.responseReceived", ({ requestId, response }) => trips.#onResponse(requestId, response));
		await session.send("Network.enable");
		return trips;
	}

	begin() {
		this.#asked.clear();
	}

	/** All requests since begin(), in their order. @returns {Asked[]} */
	get asked() {
		return [...this.#asked.values()];
	}

	get names() {
		return this.asked.map(({ name }) => name);
	}

	/**
	 * The round trips of these steps, each of which needs the one before.
	 * @param {RegExp[][]} steps names of requests; each must be there
	 */
	count(steps) {
		return steps.reduce((sum, step) => sum + Math.max(...step.map((name) => this.#cost(name))), 0);
	}

	#cost(name) {
		const found = this.asked.find((asked) => name.test(asked.name));
		if (!found)
			throw new Error(`no request ${name}; there are ${this.names.join(", ")}`);
		return found.opened ? 1 + this.#setUp : 1;
	}

	/** A page begins in a fresh browser: its connection counts, although Chromium may have opened it a moment before. */
	#onRequest(id, { method, url, postData = "" }, type) {
		if (!url.startsWith("http"))
			return;
		this.#asked.set(id, { name: `${method} ${new URL(url).pathname}`, body: postData, opened: type === "Document" });
	}

	#onResponse(id, { connectionReused, timing }) {
		const asked = this.#asked.get(id);
		if (asked && (!connectionReused || timing?.connectStart >= 0))
			asked.opened = true;
	}
}
