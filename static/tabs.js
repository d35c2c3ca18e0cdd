// The tabs of one site tell each other that a user has logged out, or that a different user has logged in.
// They name users by the site's opaque key only.

/**
 * @typedef {object} Hooks
 * @property {() => void} out called when another tab reports that this user has logged out
 * @property {() => void} other called when another tab reports a different user; the login must then be checked
 */

export class Tabs {
	/** @type {BroadcastChannel | null} */ #channel = null;
	/** @type {Hooks} */ #hooks;
	/** @type {typeof BroadcastChannel | null} */ #Channel;
	#user = "";
	#name;

	/** @param {typeof BroadcastChannel | null} Channel @param {Hooks} hooks @param {string} [base] where the site's program is mounted */
	constructor(Channel, hooks, base = "") {
		this.#name = `prebind ${base}`;
		this.#Channel = Channel;
		this.#hooks = hooks;
	}

	/**
	 * Starts to listen, and tells the other tabs the user of this tab.
	 * @param {string} user the site's opaque key for the user
	 */
	open(user) {
		this.#user = user;
		if (!this.#Channel || !user) return;
		if (!this.#channel) {
			this.#channel = new this.#Channel(this.#name);
			this.#channel.onmessage = (event) => this.#onMessage(event.data);
		}
		this.#channel.postMessage({ type: "here", user });
	}

	/**
	 * Stops listening, because a browser does not keep a page that listens in its back/forward
	 * cache.
	 */
	close() {
		this.#channel?.close();
		this.#channel = null;
	}

	tellOut() {
		this.#channel?.postMessage({ type: "out", user: this.#user });
	}

	/** @param {any} data */
	#onMessage(data) {
		if (data?.type === "out" && data.user === this.#user) this.#hooks.out();
		if (data?.type === "here" && data.user !== this.#user) this.#hooks.other();
	}
}
