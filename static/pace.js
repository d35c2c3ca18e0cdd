// Decides when a page is allowed to ask for the next session: only a few times a minute, even if the
// servers fail. A client that asks again immediately after each failure would send hundreds of calls within
// seconds. This module only calculates: it has no timer and sends nothing.

const MIN_GAP_MS = 5_000; // shortest time between two requests for a session; also the first back-off
const BACKOFF_MAX_MS = 60_000; // longest back-off, without jitter; someone who waits for chat looks again within a minute
// a random time, up to this share of the back-off, is added to the back-off, so that not all pages ask at once
const JITTER = 0.25;
const SPREAD_MS = 1_000; // longest delay after the loss of a working session; the delay is random, so that not all pages ask at once
const WINDOW_MS = 60_000;
const WINDOW_BINDS = 5; // largest number of sessions in any period of WINDOW_MS, including the session that came with the page
const GOOD_AFTER_MS = 30_000; // a session that lived this long resets the count of failures
const RETRY_AFTER_MAX_MS = 3_600_000; // a longer Retry-After is a mistake, and is cut to this

/**
 * Returns the time of a Retry-After header in milliseconds; 0 if the header is missing or wrong (RFC 9110,
 * section 10.2.3).
 * @param {string | null | undefined} value seconds, or an HTTP date
 * @param {number} now milliseconds, wall clock
 */
export function retryAfterMs(value, now) {
	if (!value) return 0;
	const text = value.trim();
	const ms = /^[0-9]{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
	return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS) : 0;
}

export class BindPace {
	/** @type {number[]} */ #binds = [];
	#failures = 0;
	#gapUntil = 0;
	#backoffUntil = 0;
	#orderedUntil = 0; // the page must not ask before this time, because the server has sent a Retry-After
	#now;
	#random;

	/** @param {{now: () => number, random: () => number}} clock now returns milliseconds; random returns a number from 0 to 1 */
	constructor({ now, random }) {
		this.#now = now;
		this.#random = random;
	}

	/**
	 * Records that the page has asked for a session or, if `given` is true, that the session came
	 * with the page. A session that came with the page does not delay the next request by MIN_GAP_MS.
	 */
	bound(given = false) {
		const now = this.#now();
		this.#binds = this.#binds.filter((time) => time > now - WINDOW_MS);
		this.#binds.push(now);
		if (!given) this.#gapUntil = now + MIN_GAP_MS;
	}

	/**
	 * Records that the page got no session, or that the session never worked.
	 * @param {number} [orderedMs] the time in the Retry-After header
	 */
	failed(orderedMs = 0) {
		const now = this.#now();
		const backoff = Math.min(MIN_GAP_MS * 2 ** this.#failures, BACKOFF_MAX_MS);
		this.#failures += 1;
		this.#backoffUntil = now + backoff * (1 + JITTER * this.#random());
		this.#orderedUntil = Math.max(this.#orderedUntil, now + orderedMs);
	}

	/**
	 * Records that a working session ended.
	 * @param {number} livedMs @param {boolean} alone true if only this page lost its session
	 */
	ended(livedMs, alone) {
		if (livedMs < GOOD_AFTER_MS && !alone) {
			this.failed();
			return;
		}
		this.#failures = 0;
		this.#backoffUntil = this.#now() + (alone ? 0 : SPREAD_MS * this.#random());
	}

	/**
	 * Returns the milliseconds until the page is allowed to ask for a session.
	 * @param {boolean} [eager] true to skip the back-off, because the user asked or the network is back
	 */
	wait(eager = false) {
		const now = this.#now();
		const recent = this.#binds.filter((time) => time > now - WINDOW_MS);
		const windowUntil = recent.length < WINDOW_BINDS ? 0 : recent[recent.length - WINDOW_BINDS] + WINDOW_MS;
		const backoffUntil = eager ? 0 : this.#backoffUntil;
		return Math.max(0, this.#gapUntil - now, this.#orderedUntil - now, windowUntil - now, backoffUntil - now);
	}
}
