// The site's tabs tell each other what concerns all of them: somebody logged out, somebody else logged in. They name
// users by the site's opaque key only, and believe nothing but that a look at the login is due.

const CHANNEL = "prebind";

/**
 * @typedef {object} Hooks
 * @property {() => void} out this user has logged out
 * @property {() => void} other another user is logged in
 */

export class Tabs {
	/** @type {BroadcastChannel | null} */ #channel = null;
	/** @type {Hooks} */ #hooks;
	/** @type {typeof BroadcastChannel | null} */ #Channel;
	#user = "";

	/** @param {typeof BroadcastChannel | null} Channel @param {Hooks} hooks */
	constructor(Channel, hooks) {
		this.#Channel = Channel;
		this.#hooks = hooks;
	}

	/** Listens from now on, and tells the others who is here. @param {string} user the site's key */
	open(user) {
		this.#user = user;
		if (!this.#Channel || !user) return;
		if (!this.#channel) {
			this.#channel = new this.#Channel(CHANNEL);
			this.#channel.onmessage = (event) => this.#onMessage(event.data);
		}
		this.#channel.postMessage({ type: "here", user });
	}

	/** A page that is left must not listen: it could not be kept for the way back. */
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
