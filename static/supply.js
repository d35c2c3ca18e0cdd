// The sessions with which a page can begin: the previous page's session, the session that came with the
// page ("spare"), and the session that was requested while the code was being loaded ("ahead"). A session
// that is not used is ended.
import { askForSession, askWho } from "./bind.js";
import { discard } from "./lastwords.js";

/**
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./bind.js").BindAnswer} BindAnswer
 * @typedef {import("./handover.js").Left} Left
 */

export class Supply {
	/** @type {Left | null} */ left = null; // the previous page's session
	/** @type {Session | null} */ spare = null; // the session that came with the page; kept while the previous page's session is tried
	/** @type {Promise<BindAnswer> | null} */ #ahead;
	/** @type {import("./environment.js").Environment} */ #env;
	#base;

	/** @param {import("./environment.js").Environment} env @param {string} base @param {Promise<BindAnswer>} [ahead] */
	constructor(env, base, ahead) {
		this.#env = env;
		this.#base = base;
		this.#ahead = ahead ?? null;
	}

	/** Whether a session was requested while the code was being loaded. */
	get hasAhead() {
		return this.#ahead !== null;
	}

	#how() {
		const { window, fetch, now } = this.#env;
		return { url: `${this.#base}/prebind.json`, page: window.location.href, fetch, now };
	}

	/** Asks who is logged in. */
	who() {
		return askWho(this.#how());
	}

	/** Asks for a session, unless one was requested while the code was being loaded. @returns {Promise<BindAnswer>} */
	ask() {
		const ahead = this.#ahead;
		this.#ahead = null;
		return ahead ?? askForSession(this.#how());
	}

	/** Returns the spare session, and removes it here. */
	takeSpare() {
		const { spare } = this;
		this.spare = null;
		return spare;
	}

	/** Returns the session of the previous page, and removes it here. */
	takeLeft() {
		const { left } = this;
		this.left = null;
		return left;
	}

	/** @param {BindAnswer} answer an answer that comes too late */
	drop(answer) {
		if (answer.kind === "session") discard(this.#env, answer.session);
	}

	dropAhead() {
		this.#ahead?.then((answer) => this.drop(answer));
		this.#ahead = null;
	}

	dropSpare() {
		if (this.spare) discard(this.#env, this.spare);
		this.spare = null;
	}

	/** Call this when none of these sessions is needed any more. */
	dropAll() {
		this.dropSpare();
		this.dropAhead();
		this.left = null;
	}
}
