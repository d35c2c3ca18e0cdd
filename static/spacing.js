// When Strophe.js may send its next request. Everything that is sent in one turn of the event loop goes in one body, and
// two bodies leave at least GAP_MS apart while one is unanswered: Tigase keys a session's open requests by the
// millisecond, never answers one of two in the same one, and then ends the session.

const GAP_MS = 20; // at 0 ms half of the sessions died, at 20 ms none

/** @typedef {Pick<import("./life.js").Environment, "now" | "setTimeout" | "clearTimeout" | "soon" | "hold">} Clock */

export class Spacing {
	/** @type {any} */ #connection;
	/** @type {Clock} */ #clock;
	/** @type {any} */ #timer = null;
	/** @type {() => void} */ #idle; // makes a body of what waits
	#flushing = false;
	#sentAt = -Infinity;

	/** @param {any} connection Strophe's; its sending is changed in place @param {Clock} clock */
	constructor(connection, clock) {
		this.#connection = connection;
		this.#clock = clock;
		const proto = connection._proto;
		this.#idle = proto._onIdle;
		const post = proto._processRequest;
		connection.flush = () => this.#flushSoon();
		proto._onIdle = () => {
			// A request that was passed over has lost its answer. Strophe asks again after some seconds, but looks only when
			// something else happens: meanwhile no request is free, and what is written waits.
			if (proto._requests[0]?.dead) proto._throttledRequestHandler();
			if (this.#left() > 0) this.#later();
			else this.#idle.call(proto);
		};
		proto._processRequest = (/** @type {number} */ i) => {
			if (this.#left() > 0) this.#later();
			else post.call(proto, i);
		};
	}

	/** A body leaves now. */
	sent() {
		this.#sentAt = this.#clock.now();
	}

	/** What waits to be sent is made a body of its own, which leaves as soon as one may. */
	sendWaiting() {
		if (this.#connection._data.length > 0) this.#idle.call(this.#connection._proto);
	}

	/** A page that goes away has no timers any more: the gap is waited for in place. */
	holdStill() {
		const since = this.#clock.now() - this.#sentAt;
		if (since >= 0 && since < GAP_MS) this.#clock.hold?.(GAP_MS - since);
	}

	stop() {
		this.#clock.clearTimeout(this.#timer);
		this.#timer = null;
	}

	/** Milliseconds until a body may leave. A clock that was set back closes nothing. */
	#left() {
		const since = this.#clock.now() - this.#sentAt;
		const open = this.#connection._proto._requests.some((/** @type {any} */ request) => request.sends > 0);
		return open && since >= 0 && since < GAP_MS ? GAP_MS - since : 0;
	}

	#later() {
		this.#timer ??= this.#clock.setTimeout(() => {
			this.#timer = null;
			this.#connection._proto._throttledRequestHandler();
			if (this.#connection.connected) this.#connection._onIdle();
		}, this.#left());
	}

	/** Once at the end of this turn, however often it is asked for. */
	#flushSoon() {
		if (this.#flushing) return;
		this.#flushing = true;
		const run = () => {
			this.#flushing = false;
			if (this.#connection.connected) this.#connection._onIdle();
		};
		if (this.#clock.soon) this.#clock.soon(run);
		else this.#clock.setTimeout(run, 0);
	}
}
