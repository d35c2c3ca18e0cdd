// A chat session on its way from one page of the site to the next, in this tab: the page that is left puts it into
// sessionStorage, the next one takes it out before anything else. While a page lives nothing is stored, so a duplicated
// tab has nothing to copy; where it copied what lay there between two pages, the lock lets one of them have it.
// What lies there names the user by the site's opaque key, and is nobody's after LIFE_MAX_MS.

const KEY = "prebind-session";
const LIFE_MAX_MS = 60_000; // no server keeps a session longer that nobody asks after
const USER_KEYS = /^(prebind-|strophe-bosh-session$|converse)/; // ours and those of other clients, in both storages

/**
 * @typedef {import("./bind.js").Session} Session
 *
 * @typedef {object} Left a session that was left
 * @property {string} user the site's key of the user
 * @property {Session} session its rid: the next one to send
 * @property {any} state what the user interface wants to find again
 * @property {number} at when, in milliseconds
 * @property {string} lock
 *
 * @typedef {object} Where
 * @property {Storage | null} storage of the tab; null: sessions end with their page
 * @property {LockManager | null} locks
 * @property {() => number} now
 */

/** @param {any} data @returns {data is Left} */
const isWhole = (data) =>
	typeof data?.user === "string" &&
	typeof data.at === "number" &&
	typeof data.lock === "string" &&
	typeof data.session?.sid === "string" &&
	Number.isSafeInteger(data.session.rid);

export class Handover {
	/** @type {Where} */ #where;
	/** @type {(() => void) | null} */ #release = null;

	/** @param {Where} where */
	constructor(where) {
		this.#where = where;
	}

	get possible() {
		return this.#where.storage !== null;
	}

	/** @param {Omit<Left, "at" | "lock">} left */
	put(left) {
		const { storage, now } = this.#where;
		try {
			storage?.setItem(KEY, JSON.stringify({ ...left, at: now(), lock: crypto.randomUUID() }));
		} catch {
			// Full or forbidden: the next page asks for a session of its own.
		}
		this.release();
	}

	/** Takes what the page before left, if it may still live and no other tab has it. @returns {Promise<Left | null>} */
	async take() {
		const { storage, now } = this.#where;
		try {
			const left = JSON.parse(storage?.getItem(KEY) ?? "null");
			storage?.removeItem(KEY);
			if (!isWhole(left) || now() - left.at > LIFE_MAX_MS) return null;
			return (await this.#lock(left.lock)) ? left : null;
		} catch {
			return null;
		}
	}

	/** Held until the page is left. @param {string} name @returns {Promise<boolean>} */
	#lock(name) {
		const { locks } = this.#where;
		if (!locks) return Promise.resolve(true);
		return new Promise((answer) => {
			const hold = (/** @type {Lock | null} */ lock) => {
				answer(lock !== null);
				if (lock) return new Promise((resolve) => (this.#release = () => resolve(undefined)));
			};
			locks.request(`prebind-${name}`, { ifAvailable: true }, hold).catch(() => answer(true));
		});
	}

	release() {
		this.#release?.();
		this.#release = null;
	}
}

/** Nothing of a user remains in the browser, ours or another client's. */
export function forgetAll() {
	for (const kind of ["sessionStorage", "localStorage"]) {
		try {
			/** @type {Storage} */ const storage = /** @type {any} */ (globalThis)[kind];
			const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "");
			for (const key of keys) if (USER_KEYS.test(key)) storage.removeItem(key);
		} catch {
			// Not there, or forbidden: then nothing is stored either.
		}
	}
}
