// How a tab speaks that does not hold the session. What it sends goes to the holder, and what the
// holder receives comes here. The tab also notes what it needs to go on with the session if the
// holder is gone: the requests without an answer, and the next rid.
import { repeatable } from "./repeats.js";

/**
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./repeats.js").Sent} Sent
 *
 * @typedef {object} Batch what this tab sends in one turn of the event loop
 * @property {string} whose the voice's name
 * @property {number} n
 * @property {string[]} stanzas XML
 * @property {string[]} ids of the messages among them that are to be tracked
 *
 * @typedef {object} Question an IQ without an answer
 * @property {(iq: Element) => void} [ok]
 * @property {(iq: Element | null) => void} [failed]
 * @property {any} timer
 *
 * @typedef {object} Parts
 * @property {import("./environment.js").Client} client
 * @property {Pick<import("./environment.js").Environment, "setTimeout" | "clearTimeout">} clock
 * @property {(batch: Batch) => void} say passes a batch to the holder
 */

const UNSENT_MAX = 100; // ids of messages; far more than anybody writes before the server answers

export class Voice {
	/** @type {Parts} */ #parts;
	/** @type {Session} */ #session;
	/** @type {string[]} */ #unsent = []; // ids of messages of all tabs that the server may not have
	/** @type {Batch[]} */ #unsaid = []; // not in a request yet, as far as this tab knows
	/** @type {Batch | null} */ #batch = null; // of this turn of the event loop
	/** @type {Map<string, Question>} */ #questions = new Map();
	passed = false; // the holder has given the session away, and nobody holds it yet
	#batches = 0;
	#ids = 0;
	#name = crypto.randomUUID(); // a tab can speak in several sessions, one after the other

	/** @param {Parts} parts @param {Session} session @param {string[]} unsent */
	constructor(parts, session, unsent) {
		this.#parts = parts;
		this.#session = session;
		this.#unsent = unsent;
	}

	// ---- what Strophe's connection has too ----

	/** The full JID. */
	get jid() {
		return this.#session.jid;
	}

	getUniqueId() {
		return `${this.#name}:${++this.#ids}`;
	}

	/** @param {any} stanza an element, a builder, or several of them */
	send(stanza) {
		for (const each of [stanza].flat()) this.#turn().stanzas.push(this.#parts.client.Strophe.serialize(each.tree?.() ?? each));
	}

	/**
	 * @param {any} iq @param {(iq: Element) => void} [ok] @param {(iq: Element | null) => void} [failed] null: no answer
	 * @param {number} [timeout] milliseconds
	 */
	sendIQ(iq, ok, failed, timeout) {
		const el = iq.tree?.() ?? iq;
		const id = el.getAttribute("id") ?? this.getUniqueId();
		el.setAttribute("id", id);
		const timer = timeout && this.#parts.clock.setTimeout(() => this.#take(id)?.failed?.(null), timeout);
		this.#questions.set(id, { ok, failed, timer });
		this.send(el);
		return id;
	}

	/** All of one turn of the event loop leaves after it. */
	flush() {}

	// ---- what the tab says ----

	/** The server's answer is awaited for this message. @param {string} id */
	track(id) {
		this.#turn().ids.push(id);
	}

	#turn() {
		if (!this.#batch) queueMicrotask(() => this.#endTurn());
		this.#batch ??= { whose: this.#name, n: ++this.#batches, stanzas: [], ids: [] };
		return this.#batch;
	}

	#endTurn() {
		const batch = /** @type {Batch} */ (this.#batch);
		this.#batch = null;
		this.#unsaid.push(batch);
		this.#parts.say(batch);
	}

	/** What the holder may not have heard. */
	get unsaid() {
		return this.#unsaid;
	}

	// ---- what the holder says ----

	/** A request is about to leave. @param {{request: Sent, unsent: string[], said: [string, number][]}} news said: the batches in it */
	onMade({ request, unsent, said }) {
		const { rid } = request;
		const unanswered = repeatable([...(this.#session.unanswered ?? []), request]);
		this.#session = { ...this.#session, rid: Math.max(this.#session.rid, rid + 1), unanswered };
		this.#unsent = unsent.slice(-UNSENT_MAX);
		this.passed = false;
		this.#onSaid(said);
	}

	/** @param {[string, number][]} said */
	#onSaid(said) {
		for (const [id, n] of said) if (id === this.#name) this.#unsaid = this.#unsaid.filter((batch) => batch.n !== n);
	}

	/** The answer to a request has come. @param {number} rid */
	onAnswer(rid) {
		const unanswered = (this.#session.unanswered ?? []).filter((request) => request.rid !== rid);
		this.#session = { ...this.#session, unanswered };
	}

	/** @param {string[]} ids of messages that the server has */
	onSent(ids) {
		this.#unsent = this.#unsent.filter((id) => !ids.includes(id));
	}

	/** The holder gives the session away. @param {Session} session @param {string[]} unsent @param {[string, number][]} said */
	onPass(session, unsent, said) {
		this.#session = session;
		this.#unsent = unsent;
		this.#onSaid(said);
		this.passed = true;
	}

	/** Whether this tab has asked with an IQ of this id. @param {string} id */
	awaits(id) {
		return this.#questions.has(id);
	}

	/** @param {Element} iq */
	answer(iq) {
		const question = this.#take(iq.getAttribute("id") ?? "");
		if (iq.getAttribute("type") === "result") question?.ok?.(iq);
		else question?.failed?.(iq);
	}

	/** @param {string} id */
	#take(id) {
		const question = this.#questions.get(id);
		this.#questions.delete(id);
		if (question?.timer) this.#parts.clock.clearTimeout(question.timer);
		return question;
	}

	// ---- the session goes on here, or is lost ----

	/** The session, as the next holder goes on with it. */
	get session() {
		return this.#session;
	}

	/** The ids of the messages that the server may not have. */
	get unsent() {
		return [...this.#unsent];
	}

	/**
	 * Nobody answers any more. Returns the ids of this tab's messages that the server does not have.
	 */
	end() {
		const ids = this.#unsaid.flatMap((batch) => batch.ids);
		this.#unsaid = [];
		for (const id of [...this.#questions.keys()]) this.#take(id)?.failed?.(null);
		return ids;
	}
}
