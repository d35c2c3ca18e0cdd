// Replaces Strophe's connection in a tab that does not hold the session. It passes stanzas to the
// holder, and gets what the holder receives. It also stores what this tab needs to continue the
// session if the holder is gone: the unanswered requests and the next rid.
import { repeatable } from "./repeats.js";

/**
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./repeats.js").Sent} Sent
 *
 * @typedef {object} Batch what this tab sends in one turn of the event loop
 * @property {string} whose the name of the Voice that sends this batch
 * @property {number} n the batch's number
 * @property {string[]} stanzas XML
 * @property {string[]} ids the ids of those messages in the batch that are to be tracked
 *
 * @typedef {object} Question an IQ that has no answer yet
 * @property {(iq: Element) => void} [ok]
 * @property {(iq: Element | null) => void} [failed]
 * @property {any} timer
 *
 * @typedef {object} Parts
 * @property {import("./environment.js").Client} client
 * @property {Pick<import("./environment.js").Environment, "setTimeout" | "clearTimeout">} clock
 * @property {(batch: Batch) => void} say passes a batch to the holder
 */

const UNSENT_MAX = 100; // largest number of ids in #unsent; nobody writes this many messages before the server answers

export class Voice {
	/** @type {Parts} */ #parts;
	/** @type {Session} */ #session;
	/** @type {string[]} */ #unsent = []; // ids of messages of all tabs that the server might not have
	/** @type {Batch[]} */ #unsaid = []; // batches that are not in a request yet, as far as this tab knows
	/** @type {Batch | null} */ #batch = null; // the batch of this turn of the event loop
	/** @type {Map<string, Question>} */ #questions = new Map();
	passed = false; // true after the holder has passed on the session, until a tab holds it
	#batches = 0;
	#ids = 0;
	#name = crypto.randomUUID(); // a new name for each session, because a tab can use several sessions, one after the other

	/** @param {Parts} parts @param {Session} session @param {string[]} unsent */
	constructor(parts, session, unsent) {
		this.#parts = parts;
		this.#session = session;
		this.#unsent = unsent;
	}

	// ---- members that Strophe's connection also has ----

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
	 * @param {any} iq @param {(iq: Element) => void} [ok] @param {(iq: Element | null) => void} [failed] gets null if no answer comes
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

	/** Does nothing, because all stanzas of a turn of the event loop are sent after that turn. */
	flush() {}

	// ---- what the tab sends ----

	/** Asks the holder to report when the server has this message. @param {string} id */
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

	/** The batches that the holder might not have received. */
	get unsaid() {
		return this.#unsaid;
	}

	// ---- what the holder reports ----

	/**
	 * Called when the holder is about to send a request.
	 * @param {{request: Sent, unsent: string[], said: [string, number][]}} news said: the batches in the request
	 */
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

	/** Called when the answer to a request has arrived. @param {number} rid */
	onAnswer(rid) {
		const unanswered = (this.#session.unanswered ?? []).filter((request) => request.rid !== rid);
		this.#session = { ...this.#session, unanswered };
	}

	/** @param {string[]} ids the ids of messages that the server has */
	onSent(ids) {
		this.#unsent = this.#unsent.filter((id) => !ids.includes(id));
	}

	/**
	 * Called when the holder passes on the session.
	 * @param {Session} session @param {string[]} unsent @param {[string, number][]} said
	 */
	onPass(session, unsent, said) {
		this.#session = session;
		this.#unsent = unsent;
		this.#onSaid(said);
		this.passed = true;
	}

	/** Whether this tab waits for the answer to an IQ with this id. @param {string} id */
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

	// ---- the session continues here, or is lost ----

	/** The session as the next holder needs it to continue. */
	get session() {
		return this.#session;
	}

	/** The ids of the messages that the server might not have. */
	get unsent() {
		return [...this.#unsent];
	}

	/**
	 * Call this when no answers can come any more. Returns the ids of this tab's messages that are
	 * not in a request yet.
	 */
	end() {
		const ids = this.#unsaid.flatMap((batch) => batch.ids);
		this.#unsaid = [];
		for (const id of [...this.#questions.keys()]) this.#take(id)?.failed?.(null);
		return ids;
	}
}
