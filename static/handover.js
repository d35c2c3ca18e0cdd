// Hands a chat session from one page of the site to the next in the same tab. When the browser leaves a
// page, the page stores its session in sessionStorage, and the next page removes the session from there at once.
// While a page is open, the session is stored only after a navigation has begun, so a duplicated tab does
// not copy it. The key for the user who was online in this tab is always stored. If a tab is duplicated
// between two pages, a lock makes sure that only one of the two tabs gets the session. The stored
// session names the user by the site's opaque key, and is discarded after LIFE_MAX_MS.
import { keep, readKept, tabStorage } from "./storage.js";

const KEY = "prebind-session";
const ONLINE = "prebind-online"; // storage key; the value names the user whose chat was ready in this tab
const LIFE_MAX_MS = 60_000; // a session that was stored longer ago is discarded, because no server keeps an unused session longer than this
const SEEN_MAX_MS = 100; // longest wait for the data of the previous page; 6 ms were measured on a busy machine
const SEEN_STEP_MS = 5;
// matches the keys of our data and of other clients' data in localStorage and sessionStorage
const USER_KEYS = /^(prebind-|strophe-bosh-session$|converse)/;
const OUR_KEYS = /^prebind-/;

/**
 * @typedef {import("./bind.js").Session} Session
 *
 * @typedef {object} Left a session that a page has stored for the next page
 * @property {string} [base] where the site's program is mounted; two sites can have the same origin, but different users
 * @property {string} user the site's opaque key for the user
 * @property {Session} session `session.rid` is the next rid to send
 * @property {any} state what keep() returned in the previous page
 * @property {number} at when the session was stored, in milliseconds
 * @property {string} lock name of the lock that the next page takes
 *
 * @typedef {object} Where
 * @property {string} base
 * @property {Storage | null} storage sessionStorage; null if sessions end with their page
 * @property {LockManager | null} locks
 * @property {() => number} now
 */

/** @param {any} data @returns {data is Left} */
const isWhole = (data) =>
	typeof data?.user === "string" &&
	typeof data.at === "number" &&
	typeof data.lock === "string" &&
	typeof data.session?.sid === "string" &&
	Number.isSafeInteger(data.session.rid) &&
	Array.isArray(data.session.unanswered);

/** Whether a previous page in this tab has stored a session for the next page. */
export const hasLeft = () => readKept(tabStorage(), KEY) !== null;

/**
 * Resolves when it is clear whether the previous page has stored a session. That page's lock can be
 * free some milliseconds before another process of the browser sees the stored session. With the
 * Navigation API there is no wait, because the previous page stores the session when the navigation begins.
 * @param {string} user the site's opaque key for the user; if this user was not online in this tab, there is no wait
 * @param {Pick<import("./environment.js").Environment, "setTimeout" | "storage" | "navigation">} env
 */
export async function leftIsClear(user, { setTimeout, storage = null, navigation }) {
	if (navigation || readKept(storage, ONLINE) !== user) return;
	for (let ms = 0; ms < SEEN_MAX_MS && readKept(storage, KEY) === null; ms += SEEN_STEP_MS)
		await new Promise((resolve) => setTimeout(() => resolve(undefined), SEEN_STEP_MS));
}

/** The site's opaque key for the user who was online in this tab; "" if nobody was. */
export const onlineUser = () => String(readKept(tabStorage(), ONLINE) ?? "");

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

	/**
	 * Stores a session while its page is still open. Call put() or withdraw() later.
	 * @param {Omit<Left, "at" | "lock">} left
	 */
	prepare(left) {
		const { base, storage, now } = this.#where;
		try {
			storage?.setItem(KEY, JSON.stringify({ ...left, base, at: now(), lock: crypto.randomUUID() }));
		} catch {
			// The storage is full or forbidden. The next page asks for a new session.
		}
	}

	/** Stores the session when its page is being left, and releases the page's lock. @param {Omit<Left, "at" | "lock">} left */
	put(left) {
		this.prepare(left);
		this.release();
	}

	/**
	 * Call this when the session is ready, so that the next pages of the site in this tab go online too. Call
	 * it before the page is left, because a page cannot always tell if the next page belongs to the site.
	 * @param {string} user the site's opaque key for the user
	 */
	mark(user) {
		if (user) keep(this.#where.storage, ONLINE, user);
	}

	/** Removes what prepare() has stored. */
	withdraw() {
		try {
			this.#where.storage?.removeItem(KEY);
		} catch {
			// The storage is forbidden, so nothing is stored in it.
		}
	}

	/**
	 * Takes the session that the previous page has stored.
	 * @returns {Promise<Left | null>} null if there is none, or if the session is too old,
	 *   belongs to another site, or was taken by another tab
	 */
	async take() {
		const { base, storage, now } = this.#where;
		try {
			const left = JSON.parse(storage?.getItem(KEY) ?? "null");
			storage?.removeItem(KEY);
			if (!isWhole(left) || left.base !== base || now() - left.at > LIFE_MAX_MS) return null;
			return (await this.#lock(left.lock)) ? left : null;
		} catch {
			return null;
		}
	}

	/**
	 * Takes the lock, which is held until release().
	 * @param {string} name @returns {Promise<boolean>} false if another tab has it
	 */
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

/** Removes a user's data from localStorage and sessionStorage: our own data and the data of other clients. */
export const forgetAll = () => forget(USER_KEYS);

/** Removes our own data from localStorage and sessionStorage. */
export const forgetOurs = () => forget(OUR_KEYS);

/** @param {RegExp} which keys */
function forget(which) {
	for (const kind of ["sessionStorage", "localStorage"]) {
		try {
			/** @type {Storage} */ const storage = /** @type {any} */ (globalThis)[kind];
			const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "");
			for (const key of keys) if (which.test(key)) storage.removeItem(key);
		} catch {
			// The storage is missing or forbidden, so nothing is stored in it.
		}
	}
}
