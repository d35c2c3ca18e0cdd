// Decides when Strophe.js can send its next request, and puts the answers in order. All stanzas of
// one turn of the event loop go into one body. While a request is unanswered, the next body is sent
// only when the browser has sent that request, and at least GAP_MS later, for two reasons:
// - Tigase identifies the open requests of a session by the millisecond. If two requests have the
//   same millisecond, Tigase never answers one of them, and then ends the session.
// - A request that needs a new connection can be overtaken by a request on an open connection. ejabberd
//   (23.01) then answers neither of them until `wait` is over, and ends the session if either is repeated.
//   On a busy server GAP_MS is too short. So a body also waits for the answer to the previous body
//   if the previous body contains an <iq/>, because servers answer an <iq/> at once.
// A server stores as many answers as requests can be open (hold + 1). With the next request the server
// drops the oldest answer. If the dropped answer is lost, or its page is closed before the answer arrives,
// no page can fetch that answer any more. So a body waits for the answer to the request OPEN_MAX requests
// earlier. It waits even if a later request was answered first, or if the earlier request is a repeated one.

// How long an answer waits for an earlier answer. If the earlier answer is lost, Strophe.js sends
// its request again, and that answer comes late.
const ORDER_MS = 3_000;
const GAP_MS = 20; // shortest time between two requests; measured: with 0 ms half of the sessions were lost, with 20 ms none
const ANSWER_MAX_MS = 1_000; // longest wait for the answer to an <iq/>, or to the request that was sent OPEN_MAX requests ago; limited because an answer can be lost
export const OPEN_MAX = 2; // largest number of open requests: hold + 1, and hold is 1
const UPLOAD_MAX_MS = 2_000; // longest wait if a browser does not report that it has sent a request

/**
 * @typedef {Pick<import("./life.js").Environment, "now" | "setTimeout" | "clearTimeout" | "soon" | "hold">} Clock
 *
 * @typedef {object} Hooks
 * @property {(request: import("./repeats.js").Sent) => void} made is called before a new request is sent
 * @property {() => Promise<void> | null} makeSure a request waits for the returned promise before it is sent; null if it need not wait
 */

export class Spacing {
	/** @type {any} */ #connection;
	/** @type {Clock} */ #clock;
	/** @type {any} */ #timer = null;
	/** @type {() => void} */ #idle; // Strophe's function that puts the waiting stanzas into a body
	/** @type {{req: any, deliver: () => void}[]} */ #early = []; // answers that wait for an earlier one, in the order of their rids
	// for each open request that is not Strophe's, by rid: the function that resolves the promise of expect()
	/** @type {Map<number, () => void>} */ #repeated = new Map();
	#flushing = false;
	#newest = 0; // the highest rid of all requests that were made
	/** @type {number | undefined} */ reading; // rid of the request whose answer is being delivered
	#sentAt = -Infinity;
	/** @type {any} */ #uploading = null; // the XMLHttpRequest that the browser has not sent yet
	#waiting = 0; // rid of the body that waits for the timer
	#asking = false; // true if the last body contained an <iq/> and no answer has arrived since

	/**
	 * @param {any} connection Strophe's connection; its functions for sending are replaced
	 * @param {Clock} clock
	 * @param {Hooks} [hooks]
	 */
	constructor(connection, clock, hooks) {
		this.#connection = connection;
		this.#clock = clock;
		const proto = connection._proto;
		this.#idle = proto._onIdle;
		const post = proto._processRequest;
		connection.flush = () => this.#flushSoon();
		proto._onIdle = () => {
			// If a later request was answered first, the answer to the oldest request is lost.
			// Strophe repeats that request after some seconds, but only when some other event
			// makes Strophe check. Until then Strophe opens no new request, and new stanzas wait.
			if (proto._requests[0]?.dead) proto._throttledRequestHandler();
			if (this.#left(proto.rid) > 0) this.#later(proto.rid);
			else this.#idle.call(proto);
		};
		proto._processRequest = (/** @type {number} */ i) => {
			const request = proto._requests[i];
			this.#note(request, hooks?.made);
			if (this.#left(request?.rid) > 0) {
				this.#later(request?.rid);
				return;
			}
			const sure = request?.sends > 0 ? null : hooks?.makeSure();
			if (sure) {
				sure.then(() => this.#sendOn());
				return;
			}
			this.#asks(request);
			this.#watch(request);
			post.call(proto, i);
		};
		const receive = connection._dataRecv;
		connection._dataRecv = (/** @type {any[]} */ ...args) => {
			this.#answered();
			this.#inOrder(args[0], () => receive.apply(connection, args));
		};
	}

	/** @param {any} request of Strophe @param {((request: import("./repeats.js").Sent) => void)} [made] */
	#note(request, made) {
		if (!(request?.rid > this.#newest)) return;
		this.#newest = request.rid;
		made?.({ rid: request.rid, data: request.data });
	}

	/**
	 * Delivers an answer after the answers to earlier requests. With several connections,
	 * answers can arrive in another order.
	 * @param {any} req @param {() => void} deliver
	 */
	#inOrder(req, deliver) {
		this.#early.push({ req, deliver });
		this.#early.sort((a, b) => a.req.rid - b.req.rid);
		this.#deliverReady();
		if (this.#early.length > 0) this.#clock.setTimeout(() => this.#deliverReady(req.rid), ORDER_MS);
	}

	/**
	 * Delivers the answers that still wait. Call this before the page stops listening, because
	 * the server does not send an answer again.
	 */
	deliverAll() {
		this.#deliverReady(Infinity);
	}

	/**
	 * Announces a request that will be sent without Strophe. Call this before Strophe makes its next request, and
	 * call expect() when the announced request is sent.
	 * @param {number} rid
	 */
	reserve(rid) {
		this.#repeated.set(rid, () => {});
	}

	/**
	 * Call this when a request is sent without Strophe. Later answers wait for its answer.
	 * @param {number} rid @returns {Promise<void>} resolves when later answers no longer wait for this request's answer
	 */
	expect(rid) {
		this.sent();
		this.#clock.setTimeout(() => this.settle(rid), ORDER_MS);
		return new Promise((resolve) => this.#repeated.set(rid, resolve));
	}

	/** Call this when later answers no longer have to wait for this request's answer. @param {number} rid */
	settle(rid) {
		const settled = this.#repeated.get(rid);
		if (!settled) return;
		this.#repeated.delete(rid);
		settled();
		this.#deliverReady();
		this.#lookAgain();
	}

	/** @param {number} [until] answers up to this rid have waited long enough */
	#deliverReady(until = 0) {
		for (let next; (next = this.#early[0]) && (next.req.rid <= until || !this.#isOpenBefore(next.req.rid)); ) {
			this.#early.shift();
			this.reading = next.req.rid;
			next.deliver();
		}
	}

	/** Whether a request with a lower rid still has no answer. @param {number} rid */
	#isOpenBefore(rid) {
		const own = this.#connection._proto._requests.map((/** @type {any} */ request) => request.rid);
		return [...own, ...this.#repeated.keys()].some((other) => other < rid);
	}

	/** Call this when a body is sent. */
	sent() {
		this.#sentAt = this.#clock.now();
	}

	/**
	 * Puts the waiting stanzas into a body of their own, which is sent as soon as GAP_MS allows.
	 */
	sendWaiting() {
		if (this.#connection._data.length > 0) this.#idle.call(this.#connection._proto);
	}

	/** Blocks until GAP_MS have passed since the last body, because timers no longer run in a page that is being left. */
	holdStill() {
		this.#asking = false; // the next body no longer waits for the answer to an <iq/>
		const since = this.#clock.now() - this.#sentAt;
		if (since >= 0 && since < GAP_MS) this.#clock.hold?.(GAP_MS - since);
	}

	stop() {
		this.#clock.clearTimeout(this.#timer);
		this.#timer = null;
	}

	/** Notes whether a new body contains an <iq/>. @param {any} request Strophe's request that is about to be sent */
	#asks(request) {
		if (request && !(request.sends > 0)) this.#asking = /<iq\b/.test(request.data ?? "");
	}

	#answered() {
		this.#asking = false;
		this.#lookAgain();
	}

	/** Sets the timer of the waiting body again, because it might now be possible to send the body earlier. */
	#lookAgain() {
		if (this.#timer === null) return;
		this.stop();
		this.#later(this.#waiting);
	}

	/**
	 * Called when Strophe is about to send a request. Notes when the browser has sent that request.
	 * @param {any} request Strophe's request
	 */
	#watch(request) {
		const xhr = request?.xhr;
		if (!xhr?.upload || request.sends > 0) return;
		this.#uploading = xhr;
		this.sent();
		// also called if the request fails
		xhr.upload.onloadend = () => {
			if (this.#uploading !== xhr) return;
			this.#uploading = null;
			this.sent();
			this.#lookAgain();
		};
	}

	/** Returns the milliseconds until a body can be sent; 0 if the clock was set back. @param {number} rid the body's rid */
	#left(rid) {
		const since = this.#clock.now() - this.#sentAt;
		const open = this.#connection._proto._requests.filter((/** @type {any} */ request) => request.sends > 0).length;
		const unanswered = open + this.#repeated.size;
		const full = this.#isOpenBefore(rid - OPEN_MAX + 1);
		const gap = this.#uploading ? UPLOAD_MAX_MS : this.#asking || full ? ANSWER_MAX_MS : GAP_MS;
		return unanswered > 0 && since >= 0 && since < gap ? gap - since : 0;
	}

	/** @param {number} rid the rid of the waiting body; a later body waits at least as long */
	#later(rid) {
		if (this.#timer !== null && this.#waiting <= rid) return;
		this.stop();
		this.#waiting = rid;
		this.#timer = this.#clock.setTimeout(() => {
			this.#timer = null;
			this.#sendOn();
		}, this.#left(rid));
	}

	#sendOn() {
		this.#connection._proto._throttledRequestHandler();
		if (this.#connection.connected) this.#connection._onIdle();
	}

	/** Lets Strophe send the waiting stanzas after this turn of the event loop, once for all calls in the turn. */
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
