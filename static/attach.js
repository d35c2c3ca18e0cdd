// One BOSH session on one Strophe.js connection. This module attaches to the session, proves that the session
// is alive, and notices its loss. It ends the session or hands it over to the next page. The owner (session.js)
// interprets the stanzas and decides what to do after a loss.
import { discard, openRequests, sendAgain, bodyText, postLast, waitingStanzas } from "./lastwords.js";
import { Repeats, repeatable } from "./repeats.js";
import { Spacing } from "./spacing.js";
import { child, jidDomain } from "./stanza.js";

// How long the first and the second IQ wait for an answer. On a reused connection the first answer can get lost.
const PING_TIMEOUTS_MS = [4_000, 6_000];
const EARLY_MS = 1_000; // a session younger than this is tried again if the server does not know it, because it might not exist yet
const EARLY_RETRY_MS = 150; // delay before a young session is tried again; Tigase needs time to bind a session; 50 ms was always enough
const TROUBLE_MAX_MS = 20_000; // the session counts as lost if all requests fail for this time
const UNREADABLE_MAX = 3; // the session counts as lost after more than this many answers in a row that are not BOSH
const QUIET_MARGIN_S = 15; // check() pings the server if the server was silent for longer than the session's `wait` plus this time
const DISCONNECT_MS = 3_000; // how long to wait for the server's answer to our terminate request
const HTTP_TROUBLE = [0, 429, 500, 502, 503, 504];
const HTTP_GONE = [400, 401, 403, 404];

const NS_PING = "urn:xmpp:ping";

/**
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./repeats.js").Sent} Sent
 * @typedef {import("strophe.js")} StropheModule
 * @typedef {InstanceType<StropheModule["Strophe"]["Connection"]>} Connection
 * @typedef {Pick<StropheModule, "Strophe" | "$iq" | "$msg" | "$pres" | "$build">} Client
 * @typedef {import("./prebind.js").Environment} Environment
 *
 * @typedef {object} Owner
 * @property {() => any[]} greeting returns the first stanzas; the first is an IQ, and any answer to it proves that the session is alive
 * @property {(iq: Element) => void} greeted gets the result of the first IQ of the greeting
 * @property {() => void} alive is called once, when the session first proves that it is alive
 * @property {(reason: string) => void} lost is called once; after that, no function of the owner is called
 * @property {(ids: string[]) => void} sent is called when the server has these messages
 * @property {(stanza: Element) => void} message
 * @property {(stanza: Element) => void} presence
 * @property {(stanza: Element) => void} rosterPush
 * @property {(iq: Element) => void} answer gets each answer to an IQ
 * @property {() => Promise<void> | null} makeSure a request waits for the returned promise before it is sent; null if it need not wait
 * @property {(request: Sent) => void} made is called when a request is about to be sent for the first time
 * @property {(rid: number | undefined, body: Element) => void} arrived is called when the answer to a request is about to be read
 */

export class Attachment {
	/** @type {Client} */ #client;
	/** @type {Session} */ #session;
	/** @type {Environment} */ #env;
	/** @type {Owner | null} */ #owner;
	/** @type {Connection | null} */ #connection = null;
	/** @type {Spacing | null} */ #spacing = null;
	/** @type {Repeats | null} */ #repeats = null; // repeats the requests of the previous page
	/** @type {(() => void) | null} */ #ended = null; // set while the session is being ended; called when the server has ended it
	/** @type {any} */ #pingTimer = null;
	/** @type {any} */ #troubleTimer = null;
	/** @type {Set<string>} */ #unsent = new Set(); // ids of messages that the server might not have
	/** @type {any} */ #ending = null; // the connection that end() waits for
	#alive = false;
	#resumed = false;
	#proven = false; // true if another tab was using the session until a moment ago, so the session is alive
	#greeted = false; // true after the greeting was answered, or was sent a second time
	#retried = false;
	#openedAt = 0;
	#heardAt = 0;
	#lastRid = 0;
	#httpStatus = 0;
	#condition = "";
	#unreadable = 0;

	/** @param {Client} client @param {Session} session @param {Environment} env @param {Owner} owner */
	constructor(client, session, env, owner) {
		this.#client = client;
		this.#session = session;
		this.#env = env;
		this.#owner = owner;
	}

	/** Strophe's connection; null before open() and after the session was ended or lost. */
	get connection() {
		return this.#connection;
	}

	/** The ids of messages that the server might not have. */
	get unsent() {
		return [...this.#unsent];
	}

	/**
	 * @param {boolean} [resumed] true if this page continues the previous page's session. Then open() sends the
	 *   previous page's last request again, which is empty.
	 * @param {boolean} [proven] true if another tab was using the session until a moment ago
	 */
	open(resumed = false, proven = false) {
		const { Strophe } = this.#client;
		const session = this.#session;
		this.#resumed = resumed;
		this.#proven = proven;
		const connection = new Strophe.Connection(session.url, { keepalive: false });
		this.#connection = connection;
		const owner = () => (connection === this.#connection ? this.#owner : null);
		this.#spacing = new Spacing(connection, this.#env, { made: (request) => owner()?.made(request), makeSure: () => owner()?.makeSure() ?? null });
		this.#openedAt = this.#env.now();
		this.#lastRid = session.rid - 1;
		this.#httpStatus = 0;
		// Strophe's connect() sets this time-out, but its attach() does not. Without this time-out a
		// disconnect never finishes if its request is lost.
		/** @type {any} */ (connection).disconnection_timeout = DISCONNECT_MS;
		this.#listen(connection);
		const onStatus = (/** @type {number} */ status, /** @type {any} */ condition) => {
			if (connection === this.#connection) this.#onStatus(status, condition);
		};
		connection.attach(session.jid, session.sid, session.rid, onStatus, session.wait, session.hold);
	}

	/**
	 * Call this after a message was sent. Remembers the message until the server has it. A ping follows the
	 * message in the same body, and the answer to the ping proves that the server has both. An HTTP answer alone
	 * does not prove this, because it can be the answer to an earlier request that the server held. The server
	 * answers the message's own request only when the server has something to send.
	 * @param {string} id
	 */
	track(id) {
		this.#unsent.add(id);
		const arrived = () => this.settle([id]);
		this.#connection?.sendIQ(this.#ping(), arrived, arrived);
	}

	/** Remembers messages that another tab has sent in this session. @param {string[]} ids */
	expect(ids) {
		for (const id of ids) this.#unsent.add(id);
	}

	/** Forgets these messages and reports them as sent. Call this when the server has them. @param {string[]} ids */
	settle(ids) {
		const sent = ids.filter((id) => this.#unsent.delete(id));
		if (sent.length > 0) this.#owner?.sent(sent);
	}

	/**
	 * Call this after sleep or a change of network. Pings the server if the server has been
	 * silent too long.
	 */
	check() {
		const quiet = this.#env.now() - this.#heardAt;
		if (this.#alive && quiet > (this.#session.wait + QUIET_MARGIN_S) * 1000) this.#prove(0);
	}

	/**
	 * Ends the session with a terminate request. Resolves when the server has ended it: after any
	 * answer that ends the session, or after an HTTP error. Tigase answers only the request
	 * that it holds; it closes the connection of the terminate request without an answer.
	 */
	end() {
		this.#spacing?.deliverAll();
		const connection = this.#connection;
		this.#forget();
		if (!connection) return Promise.resolve();
		const { DISCONNECTED } = this.#client.Strophe.Status;
		return new Promise((resolve) => {
			this.#ended = () => {
				this.#ended = null;
				resolve(undefined);
			};
			connection.connect_callback = (status) => {
				if (status === DISCONNECTED) this.#ended?.();
			};
			const onBody = (/** @type {Element} */ body) => {
				if (body.getAttribute("type") === "terminate") queueMicrotask(() => this.#ended?.());
			};
			connection.xmlInput = onBody;
			for (let code = 400; code < 600; code++) connection.addProtocolErrorHandler("HTTP", code, () => this.#ended?.());
			this.#ending = connection;
			this.#spacing?.sendWaiting(); // waiting stanzas must be sent before the terminate request
			connection.disconnect("");
			this.#sendWithLast(connection);
		});
	}

	/**
	 * Puts the stanzas that still wait into the terminate request. Stanzas wait only while two requests are
	 * open, and then the terminate request waits too.
	 * @param {any} connection
	 */
	#sendWithLast(connection) {
		const last = connection._proto._requests.at(-1);
		const waiting = waitingStanzas(connection);
		if (!last || last.sends > 0 || waiting.length === 0) return;
		last.xmlData.prepend(...waiting);
		last.data = this.#client.Strophe.serialize(last.xmlData);
		connection._data = [];
	}

	/**
	 * Call this when end() has taken too long. Sends the unanswered requests again in such a
	 * way that they outlive the page.
	 */
	endNow() {
		const connection = this.#ending;
		this.#ending = null;
		if (!connection || !this.#ended) return;
		this.#sendAgain(connection);
		this.#abandon(connection);
		this.#ended();
	}

	/**
	 * Ends the session when its page goes away. Otherwise contacts would see the user online
	 * until the server notices that the page is gone, and messages to the user would be lost.
	 */
	leave() {
		this.#spacing?.deliverAll(); // an answer can end the connection
		const connection = this.#connection;
		if (!connection) return;
		this.#sendAgain(connection);
		this.#abandon(connection);
		this.#spacing?.holdStill();
		discard(this.#env, this.#session, this.#lastRid + 1);
	}

	/** The session in the state in which the next page would continue it; null if the session has not answered yet. */
	get asLeft() {
		const connection = this.#connection;
		if (!connection || !(this.#alive || this.#proven)) return null;
		const unanswered = this.#unanswered(connection);
		this.#lastRid = Math.max(this.#lastRid, ...unanswered.map(({ rid }) => rid)); // includes requests that are about to be sent
		return this.#toLeave(unanswered);
	}

	/** @param {Sent[]} unanswered @returns {Session} */
	#toLeave(unanswered) {
		const sent = unanswered.filter(({ rid }) => rid <= this.#lastRid);
		return { ...this.#session, rid: this.#lastRid + 1, unanswered: repeatable(sent) };
	}

	/** The unanswered requests, oldest first. @param {any} connection @returns {Sent[]} */
	#unanswered(connection) {
		return [...(this.#repeats?.open ?? []), ...openRequests(connection)];
	}

	/**
	 * Hands the session over to the next page, which repeats the unanswered requests, so no answer is lost.
	 * This page's last request keeps the session alive. It contains the waiting stanzas, or is empty if there
	 * are none. Only one request is sent, because the server drops an old answer with each new request.
	 * @param {boolean} [toTab] true if another tab continues at once; then nothing is sent, because the answer would come to this page
	 * @returns {Session | null} the session for the next page; null if the session has ended or has never answered
	 */
	handOver(toTab = false) {
		this.#spacing?.deliverAll();
		const connection = this.#connection;
		if (!connection || !(this.#alive || this.#proven)) return null;
		const { added, unanswered } = this.#sendAgain(connection, toTab);
		const left = this.#toLeave(unanswered);
		this.#abandon(connection);
		this.#unsent.clear();
		if (toTab) return { ...left, unanswered };
		if (added.length > 0) return left;
		this.#spacing?.holdStill();
		postLast(this.#env, left, bodyText(left, left.rid));
		return left;
	}

	/** @param {any} connection @param {boolean} [silent] @returns added: as in lastwords.js; unanswered: all open requests */
	#sendAgain(connection, silent = false) {
		const serialize = (/** @type {Element} */ stanza) => this.#client.Strophe.serialize(stanza);
		const repeated = this.#repeats?.open ?? [];
		const line = { env: this.#env, session: this.#session, connection, spacing: this.#spacing, repeated, serialize };
		const { lastRid, added } = sendAgain(line, this.#lastRid, silent);
		this.#lastRid = lastRid;
		return { added, unanswered: [...this.#unanswered(connection), ...added] };
	}

	/**
	 * Stops and sends nothing to the server, because another tab has taken over the session or is ending it.
	 * @returns {Session | null} the session as it was; null if the session has ended or has never answered
	 */
	drop() {
		const left = this.asLeft;
		if (this.#connection) this.#abandon(this.#connection);
		return left;
	}

	/**
	 * Sends nothing more, and aborts the open requests, because a browser does not keep a page
	 * with open requests in its back/forward cache.
	 * @param {any} connection
	 */
	#abandon(connection) {
		this.#forget();
		this.#spacing?.stop();
		connection.pause();
		connection._proto._abortAllRequests();
	}

	#forget() {
		this.#connection = null;
		this.#owner = null;
		this.#repeats?.stop();
		this.#env.clearTimeout(this.#pingTimer);
		this.#env.clearTimeout(this.#troubleTimer);
	}

	/**
	 * @param {string} reason
	 * @param {boolean} [closed] true if the connection has ended; then no terminate request is sent
	 */
	#lose(reason, closed = false) {
		if (!closed) this.#spacing?.deliverAll(); // deliverAll() can itself report the loss; then #owner is null
		const owner = this.#owner;
		if (closed) this.#forget();
		else this.end();
		owner?.lost(reason);
	}

	/** @param {Connection} connection */
	#listen(connection) {
		/** @param {(arg: any) => void} run @returns {(arg: any) => true} returns true, so that Strophe keeps the handler */
		const mine = (run) => (arg) => {
			try {
				if (connection === this.#connection) run(arg);
			} catch {
				// Errors are ignored, because Strophe removes a handler that
				// throws. One stanza that cannot be read must not stop the others.
			}
			return true;
		};
		connection.xmlOutput = (/** @type {Element} */ body) => {
			this.#spacing?.sent();
			mine((/** @type {Element} */ el) => this.#onOutput(el))(body);
		};
		connection.xmlInput = mine((/** @type {Element} */ body) => this.#onInput(body));
		connection.nextValidRid = mine(() => this.#onAnswer());
		for (const code of [...HTTP_TROUBLE, ...HTTP_GONE])
			connection.addProtocolErrorHandler("HTTP", code, mine(() => this.#onHttpError(code)));
		/** @param {string} name @param {any} ns @param {any} type @param {(stanza: Element) => void} run */
		const handle = (name, ns, type, run) => connection.addHandler(mine(run), ns, name, type);
		/** @param {(stanza: Element) => void} run */
		const first = (run) => (/** @type {Element} */ stanza) => {
			// Offline messages and presence can come before the roster. They also
			// prove that the session is alive.
			if (stanza.getAttribute("type") !== "error") this.#setAlive();
			run(stanza);
		};
		handle("message", null, null, first((stanza) => this.#owner?.message(stanza)));
		handle("presence", null, null, first((stanza) => this.#owner?.presence(stanza)));
		handle("iq", "jabber:iq:roster", "set", first((stanza) => this.#owner?.rosterPush(stanza)));
		for (const type of ["result", "error"]) handle("iq", null, type, (stanza) => this.#owner?.answer(stanza));
	}

	/** @param {number} status @param {string | null} condition */
	#onStatus(status, condition) {
		const { Status } = this.#client.Strophe;
		if (status === Status.ATTACHED) this.#begin();
		if (status === Status.CONNFAIL && condition) this.#condition = condition;
		if (status === Status.DISCONNECTED) this.#onDisconnected();
	}

	#begin() {
		const connection = /** @type {any} */ (this.#connection);
		if (this.#resumed) {
			this.#repeat(connection);
			connection._data.push(null); // Strophe's marker for an empty request
			this.#spacing?.sendWaiting(); // these stanzas need a body of their own, because the repeated request was empty and must stay empty
		}
		this.#prove(0, true);
	}

	/** Repeats the unanswered requests of the previous page, except the last one, which is empty. @param {any} connection */
	#repeat(connection) {
		const { url, unanswered = [] } = this.#session;
		const answered = (/** @type {number} */ rid, /** @type {Element} */ body) => {
			// Strophe reads only these members of a request
			if (connection === this.#connection) connection._dataRecv({ rid, getResponse: () => body });
		};
		const spacing = /** @type {Spacing} */ (this.#spacing);
		this.#repeats = new Repeats(unanswered, { env: this.#env, url, spacing, answered });
	}

	/**
	 * Sends an IQ, because only an answer from the server proves that the session is alive;
	 * Strophe's status ATTACHED does not. The first IQ belongs to the greeting, because the
	 * greeting's answer is needed in any case. Later IQs, including those after a silence, are pings (XEP-0199),
	 * because a ping's answer is short and arrives soon even on a slow line.
	 * @param {number} attempt @param {boolean} [greet]
	 */
	#prove(attempt, greet = false) {
		const connection = this.#connection;
		if (!connection) return;
		const [question = this.#ping(), ...others] = (greet && this.#owner?.greeting()) || [];
		let answered = false;
		const answer = (/** @type {Element | null} */ error) => {
			if (answered || connection !== this.#connection) return;
			answered = true;
			this.#greeted ||= greet;
			this.#env.clearTimeout(this.#pingTimer);
			this.#onAnswered(attempt, child(error, "error"));
		};
		this.#env.clearTimeout(this.#pingTimer);
		this.#pingTimer = this.#env.setTimeout(() => {
			if (attempt + 1 < PING_TIMEOUTS_MS.length) this.#prove(attempt + 1);
			else this.#lose("silent");
		}, PING_TIMEOUTS_MS[attempt]);
		const onResult = (/** @type {Element} */ iq) => {
			answer(null);
			if (greet && connection === this.#connection) this.#owner?.greeted(iq);
		};
		connection.sendIQ(question, onResult, answer);
		for (const stanza of others) connection.send(stanza);
		connection.flush();
	}

	#ping() {
		const iq = this.#client.$iq({ type: "get", to: jidDomain(this.#session.jid) });
		return iq.c("ping", { xmlns: NS_PING });
	}

	/**
	 * An error is an answer too, so it proves that the session is alive. The exceptions are two
	 * errors that Tigase sends before a new session is bound. After one of these the greeting
	 * is sent once more. If not-authorized comes again, the session belongs to no account.
	 * @param {number} attempt @param {Element | null} error
	 */
	#onAnswered(attempt, error) {
		const code = error?.getAttribute("code");
		const denied = child(error, "not-authorized") !== null || code === "401";
		const early = denied || child(error, "service-unavailable") !== null || code === "503";
		if (!this.#alive && early && attempt === 0) {
			this.#pingTimer = this.#env.setTimeout(() => this.#prove(1, true), EARLY_RETRY_MS);
		} else if (denied) {
			this.#lose("not-authorized");
		} else {
			this.#setAlive();
			if (this.#resumed) this.#greetAgain();
		}
	}

	/**
	 * Sends the greeting once more if a ping was answered first. In Firefox the previous page can have used a
	 * rid that this page believes to be free, and a server can confuse two requests with the same rid. So the
	 * answer to the first greeting can have gone to the previous page.
	 */
	#greetAgain() {
		const [question] = (!this.#greeted && this.#owner?.greeting()) || [];
		const connection = this.#connection;
		this.#greeted = true;
		if (!question || !connection) return;
		connection.sendIQ(question, (iq) => {
			if (connection === this.#connection) this.#owner?.greeted(iq);
		});
		connection.flush();
	}

	#setAlive() {
		if (this.#alive) return;
		this.#alive = true;
		this.#owner?.alive();
	}

	/** @param {Element} body */
	#onOutput(body) {
		this.#lastRid = Math.max(this.#lastRid, Number(body.getAttribute("rid")));
	}

	/** @param {Element} body */
	#onInput(body) {
		this.#owner?.arrived(this.#spacing?.reading, body);
		this.#heardAt = this.#env.now();
		this.#unreadable = 0;
		this.#env.clearTimeout(this.#troubleTimer);
		this.#troubleTimer = null;
	}

	/**
	 * Called when an HTTP 200 has arrived and is not parsed yet. Counts these answers until #onInput() resets
	 * the count, because Strophe sends ten requests a second if the answers are not XML.
	 */
	#onAnswer() {
		this.#unreadable += 1;
		if (this.#unreadable > UNREADABLE_MAX) this.#lose("unreadable");
	}

	/** @param {number} code */
	#onHttpError(code) {
		this.#httpStatus = code;
		if (HTTP_GONE.includes(code)) return; // Strophe disconnects by itself
		this.#troubleTimer ??= this.#env.setTimeout(() => this.#lose("unreachable"), TROUBLE_MAX_MS);
	}

	#onDisconnected() {
		const gone = HTTP_GONE.includes(this.#httpStatus);
		const young = this.#env.now() - this.#openedAt < EARLY_MS;
		if (!gone || !young || this.#alive || this.#retried || this.#resumed) {
			this.#lose(this.#condition || (gone ? "gone" : "unreachable"), true);
			return;
		}
		this.#retried = true;
		this.#connection = null;
		this.#env.clearTimeout(this.#pingTimer);
		this.#pingTimer = this.#env.setTimeout(() => this.open(), EARLY_RETRY_MS);
	}
}
