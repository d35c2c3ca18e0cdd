// When may the next session be asked for? Whatever the servers do, a page asks a handful of times a minute at most:
// a client that binds again at once after each failure sends hundreds of calls in seconds. Pure arithmetic; it holds
// no timer and sends nothing.

const MIN_GAP_MS = 5_000; // between two sessions that nobody asked for by hand
const BACKOFF_MAX_MS = 60_000; // a person who waits for chat looks again within a minute
const JITTER = 0.25; // of the back-off: the pages of one site do not come back in step
const SPREAD_MS = 1_000; // after the loss of a good session, for the same reason
const WINDOW_MS = 60_000;
const WINDOW_BINDS = 5; // in any window, the one the page came with included
const GOOD_AFTER_MS = 30_000; // a session that lived so long makes the failures before it forgotten
const RETRY_AFTER_MAX_MS = 3_600_000; // a longer Retry-After is a mistake somewhere

/**
 * The time a Retry-After header asks for, in milliseconds; 0 without one (RFC 9110, section 10.2.3).
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
	#orderedUntil = 0; // by the server
	#now;
	#random;

	/** @param {{now: () => number, random: () => number}} clock milliseconds; 0 … 1 */
	constructor({ now, random }) {
		this.#now = now;
		this.#random = random;
	}

	/** A session was asked for, or came with the page (`given`: the gap does not count from it). */
	bound(given = false) {
		const now = this.#now();
		this.#binds = this.#binds.filter((time) => time > now - WINDOW_MS);
		this.#binds.push(now);
		if (!given) this.#gapUntil = now + MIN_GAP_MS;
	}

	/** No session came, or the one that came never worked. @param {number} [orderedMs] from Retry-After */
	failed(orderedMs = 0) {
		const now = this.#now();
		const backoff = Math.min(MIN_GAP_MS * 2 ** this.#failures, BACKOFF_MAX_MS);
		this.#failures += 1;
		this.#backoffUntil = now + backoff * (1 + JITTER * this.#random());
		this.#orderedUntil = Math.max(this.#orderedUntil, now + orderedMs);
	}

	/** A working session ended. @param {number} livedMs @param {boolean} alone only this page lost its session */
	ended(livedMs, alone) {
		if (livedMs < GOOD_AFTER_MS && !alone) {
			this.failed();
			return;
		}
		this.#failures = 0;
		this.#backoffUntil = this.#now() + (alone ? 0 : SPREAD_MS * this.#random());
	}

	/** Milliseconds until a session may be asked for. @param {boolean} [eager] a person asked, or the network is back: no back-off */
	wait(eager = false) {
		const now = this.#now();
		const recent = this.#binds.filter((time) => time > now - WINDOW_MS);
		const windowUntil = recent.length < WINDOW_BINDS ? 0 : recent[recent.length - WINDOW_BINDS] + WINDOW_MS;
		const backoffUntil = eager ? 0 : this.#backoffUntil;
		return Math.max(0, this.#gapUntil - now, this.#orderedUntil - now, windowUntil - now, backoffUntil - now);
	}
}
