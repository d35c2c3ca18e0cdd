// Decides which of a user's tabs holds the one chat session of the site. The holder has a lock (Web
// Locks). The browser gives the lock to the next tab when the holder releases it, is closed or
// crashes. The tabs send each other messages over a channel (BroadcastChannel). The names of lock
// and channel contain the site's mount point and the site's opaque key for the user. So the tabs of different
// sites or users never share a lock or channel. share.js decides which messages the tabs send about the session.

const HANG_MS = 5_000; // after this silence a holder counts as hung: for example, its page shows a dialog, or the system has suspended it
const SURE_MS = HANG_MS / 2; // for this long after a check, the holder surely still has the session, so it does not check again

/** @param {string} base @param {string} [user] */
const sessionName = (base, user = "") => `prebind-session ${base} ${user}`;

/**
 * Whether a tab holds a session of this site.
 * @param {LockManager | null | undefined} locks @param {string} base
 */
export async function isHeld(locks, base) {
	try {
		const { held = [] } = (await locks?.query()) ?? {};
		return held.some(({ name }) => name?.startsWith(sessionName(base)));
	} catch {
		return false;
	}
}

/**
 * @typedef {object} Hooks
 * @property {() => void} held called when this tab becomes the holder
 * @property {() => void} stolen called when another tab has taken over the session, because this tab was silent
 * @property {(data: any) => void} hear called with each message; the holder hears all tabs, any other tab hears only the holder
 *
 * @typedef {object} Parts
 * @property {LockManager} locks
 * @property {typeof BroadcastChannel} Channel
 * @property {Pick<import("./environment.js").Environment, "setTimeout" | "clearTimeout" | "now">} clock
 * @property {Hooks} hooks
 */

export class Circle {
	/** @type {Parts} */ #parts;
	/** @type {BroadcastChannel | null} */ #channel = null;
	/** @type {Set<string>} */ #others = new Set(); // ids of the other tabs
	#left = new AbortController();
	#release = () => {};
	#name = "";
	#id = "";
	#holder = ""; // id of the tab that holds the session
	#shared = false;
	#sureAt = -Infinity; // when this tab last asked the browser and learned that it holds the session
	/** @type {Promise<void> | null} */ #checking = null;
	/** @type {any} */ #probeTimer = null;

	/** @param {Parts} parts */
	constructor(parts) {
		this.#parts = parts;
	}

	/** This tab's id; "" before join() and after leave(). */
	get id() {
		return this.#id;
	}

	get joined() {
		return this.#id !== "";
	}

	get holds() {
		return this.#id !== "" && this.#holder === this.#id;
	}

	/** Whether another tab could continue the session. */
	get hasOthers() {
		return this.#others.size > 0;
	}

	/** Whether another tab might be listening. If not, no messages need to be sent. */
	get isShared() {
		return this.#shared;
	}

	/**
	 * Joins the tabs of this user. After that, either hooks.held is called, or the holder sends its welcome.
	 * @param {string} base @param {string} user
	 */
	async join(base, user) {
		const { Channel, locks } = this.#parts;
		this.#name = sessionName(base, user);
		const id = (this.#id = crypto.randomUUID());
		const { signal } = (this.#left = new AbortController());
		this.#channel = new Channel(this.#name);
		this.#channel.onmessage = ({ data }) => this.#onMessage(data);
		// this lock shows the other tabs that this tab is open
		await new Promise((resolve) => {
			const here = () => {
				resolve(undefined);
				return this.#untilLeft(signal);
			};
			locks.request(tabLock(id), here).catch(resolve);
		});
		if (signal.aborted) return;
		this.#request({ signal });
		this.tell({ type: "hello" });
		this.probe();
	}

	/** @param {AbortSignal} signal */
	#untilLeft(signal) {
		if (signal.aborted) return;
		return new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
	}

	/** @param {LockOptions} options */
	#request(options) {
		const { locks, hooks } = this.#parts;
		const { signal } = this.#left;
		const hold = () => {
			if (signal.aborted || this.holds) return;
			this.#holder = this.#id;
			this.#sureAt = this.#parts.clock.now();
			this.#stopProbe();
			for (const other of this.#others) this.#watch(other);
			hooks.held();
			return new Promise((resolve) => (this.#release = () => resolve(undefined)));
		};
		locks.request(this.#name, options, hold).catch(() => {
			if (signal.aborted || !this.holds) return;
			this.#holder = "";
			hooks.stolen();
			this.#request({ signal });
			// The new holder announced itself when it took the session. This tab was still the holder then,
			// so this tab ignored the announcement. Now this tab sends a hello, which the new holder answers.
			this.tell({ type: "hello" });
			this.probe();
		});
	}

	/**
	 * Makes sure that this tab still holds the session. If this tab has hung, another tab can have taken the session
	 * unnoticed. Without this check both tabs could use the same rid.
	 * @returns {Promise<void> | null} null if there is nothing to check; otherwise wait for the promise and call this again
	 */
	makeSure() {
		if (!this.holds || this.#parts.clock.now() - this.#sureAt < SURE_MS) return null;
		this.#checking ??= this.#check().finally(() => (this.#checking = null));
		return this.#checking;
	}

	async #check() {
		const { locks, clock } = this.#parts;
		const asked = clock.now();
		const { held = [] } = await locks.query().catch(() => ({ held: undefined }));
		const ownerOf = (/** @type {string} */ lock) => held.find(({ name }) => name === lock)?.clientId;
		// If the browser does not answer, this tab assumes that it still holds the session, because the
		// browser reports a stolen lock.
		if (held.length === 0 || ownerOf(this.#name) === ownerOf(tabLock(this.#id))) this.#sureAt = asked;
	}

	/** Takes over from a holder that does not answer, or whose session is younger than this tab's. */
	steal() {
		this.#request({ steal: true });
	}

	/** Checks whether the holder answers. If it does not, this tab takes over the session. */
	probe() {
		if (!this.joined || this.holds || this.#probeTimer !== null) return;
		this.tell({ type: "ping" });
		this.#probeTimer = this.#parts.clock.setTimeout(() => {
			this.#probeTimer = null;
			this.steal();
		}, HANG_MS);
	}

	#stopProbe() {
		this.#parts.clock.clearTimeout(this.#probeTimer);
		this.#probeTimer = null;
	}

	/** Leaves the tabs of this user, so that another tab can hold the session. Call join() to come back. */
	leave() {
		if (!this.joined) return;
		this.tell({ type: "bye" });
		this.#stopProbe();
		this.#left.abort();
		this.#release();
		this.#channel?.close();
		this.#channel = null;
		this.#others.clear();
		this.#id = this.#holder = "";
		this.#shared = false;
	}

	/** @param {any} data any JSON object; only the tab whose id is in the member `to` reads it, or all tabs if there is no `to` */
	tell(data) {
		this.#channel?.postMessage({ ...data, from: this.#id });
	}

	/** Sends something to all other tabs, if this tab is the holder. @param {any} data */
	spread(data) {
		if (this.holds && this.#shared) this.tell(data);
	}

	/** Sends something to the holder. @param {any} data */
	ask(data) {
		this.tell({ ...data, to: this.#holder });
	}

	/** Forgets another tab when its lock is free, because then the tab is gone. @param {string} other */
	#watch(other) {
		const { signal } = this.#left;
		const gone = () => {
			this.#others.delete(other);
		};
		this.#parts.locks.request(tabLock(other), { signal }, gone).catch(() => {});
	}

	/** @param {any} data */
	#onMessage(data) {
		const { type, from, to, others } = data ?? {};
		if (typeof from !== "string" || (to && to !== this.#id)) return;
		this.#shared = true;
		if (type === "bye") this.#others.delete(from);
		else this.#meet(from);
		if (type === "welcome") for (const other of others) if (other !== this.#id) this.#others.add(other);
		if (type === "ping" && this.holds) this.tell({ type: "pong", to: from });
		if ((type === "welcome" || type === "holder") && !this.holds) this.#holder = from;
		if (from === this.#holder) this.#stopProbe();
		if (this.holds || from === this.#holder) this.#parts.hooks.hear(data);
	}

	/** @param {string} other */
	#meet(other) {
		if (this.#others.has(other)) return;
		this.#others.add(other);
		if (this.holds) this.#watch(other);
	}

	/** Welcomes a tab. @param {string} to @param {any} news the session's state, for the tab `to` */
	welcome(to, news) {
		this.tell({ ...news, type: "welcome", to, others: [...this.#others] });
	}
}

/** @param {string} id */
const tabLock = (id) => `prebind-tab ${id}`;
