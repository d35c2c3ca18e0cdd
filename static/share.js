// This tab's part in the one session of all tabs of a user. The holder sends the other tabs a copy of each request
// before sending the request, and a copy of each answer before reading the answer. So another tab can continue
// the session at any moment. holder.js decides which tab is the holder; the other tabs use voice.js.
import { Circle } from "./holder.js";
import { parseXml } from "./parse.js";
import { Voice } from "./voice.js";

const PASS_WAIT_MS = 100; // how long a new holder waits for the message with the session. The lock can arrive before this message.

/**
 * @typedef {import("./environment.js").Environment} Environment
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./repeats.js").Sent} Sent
 *
 * @typedef {object} Passed a session that another tab held
 * @property {Session} session
 * @property {string[]} unsent ids of messages that the server might not have
 *
 * @typedef {object} News
 * @property {"ready" | "lost" | "connecting"} name
 * @property {Session | null} session
 * @property {string[]} unsent ids of messages that the server might not have
 * @property {any} kept what keep() of the holder's page returns
 * @property {any} detail the details of the event `lost`
 *
 * @typedef {object} Hooks
 * @property {() => News} news
 * @property {(passed: Passed | null) => void} hold called when this tab becomes the holder; passed: null if there is no session yet
 * @property {() => void} stolen called when another tab has taken over the session
 * @property {(news: News, welcome: boolean) => void} follow called when the holder reports the session's state; welcome: true if
 *   this tab has just joined
 * @property {(stanzas: Element[], ids: string[]) => void} submit called in the holder, to send stanzas for another tab
 * @property {(stanza: Element) => void} deliver
 * @property {(stanza: Element) => void} overhear called when any tab, including this one, has sent the stanza
 * @property {(iq: Element) => void} greeted
 * @property {(ids: string[]) => void} sent
 * @property {() => void} retry
 * @property {(type: string, detail: any) => void} stopped
 */

/** Splits an answer into its stanzas, so that a tab parses only the stanzas that are for it. @param {Element} body */
function takeApart(body) {
	const serializer = new XMLSerializer();
	return Array.from(body.children, (el) => [el.localName, el.getAttribute("type"), el.getAttribute("id"), serializer.serializeToString(el)]);
}

export class Share {
	/** @type {Environment} */ #env;
	/** @type {Hooks} */ #hooks;
	/** @type {Circle | null} */ #circle;
	/** @type {Voice | null} */ #voice = null;
	/** @type {[string, number][]} */ #accepted = []; // batches that are not in a request yet, as [name of their Voice, number]
	/** @type {any} */ #passTimer = null;
	/** @type {import("./environment.js").Client | null} */ #client = null;
	/** @type {{rid: number | undefined, body: Element} | null} */ #latest = null; // the answer that is being read, or the last one
	#ended = () => {};

	/** @param {Environment} env @param {Hooks} hooks */
	constructor(env, hooks) {
		this.#env = env;
		this.#hooks = hooks;
		const { locks, Channel } = env;
		const own = { held: () => this.#onHeld(), stolen: () => hooks.stolen(), hear: (/** @type {any} */ data) => this.#hear(data) };
		this.#circle = locks && Channel ? new Circle({ locks, Channel, clock: env, hooks: own }) : null;
	}

	/** Whether this browser can share a session between tabs. */
	get possible() {
		return this.#circle !== null;
	}

	get joined() {
		return this.#circle?.joined ?? false;
	}

	/** Whether this tab holds its session. Also true if the session is not shared. */
	get holds() {
		return !this.#circle?.joined || this.#circle.holds;
	}

	/** Whether another tab can continue the session. */
	get hasOthers() {
		return this.#circle?.hasOthers ?? false;
	}

	/** Sends stanzas through the holder; null if this tab does not use another tab's session. */
	get voice() {
		return this.#voice;
	}

	/** @param {import("./environment.js").Client} client @param {string} base @param {string} user */
	join(client, base, user) {
		this.#client = client;
		this.#circle?.join(base, user);
	}

	/** Leaves the other tabs, so that one of them can become the holder. */
	leave() {
		this.#env.clearTimeout(this.#passTimer);
		this.#passTimer = null;
		this.#circle?.leave();
		this.fail();
	}

	/** Takes the session from the tab that holds it. */
	steal() {
		this.#circle?.steal();
	}

	/** Checks whether the holder answers; see Circle. */
	probe() {
		this.#circle?.probe();
	}

	/** Call this when the session is lost. Returns the ids of this tab's messages that no tab has sent. */
	fail() {
		const voice = this.#voice;
		this.#voice = null;
		this.#accepted = [];
		this.#latest = null;
		return voice?.end() ?? [];
	}

	// ---- the holder ----

	/** @param {any} data JSON for all tabs */
	spread(data) {
		this.#circle?.spread(data);
	}

	/** Tells the other tabs that the session's state has changed. */
	spreadNews() {
		if (this.#circle?.isShared && this.#circle.holds) this.spread({ ...this.#hooks.news(), type: "news" });
	}

	/**
	 * Tells the other tabs that a new session has answered for the first time. These tabs ignored the stanzas of that answer,
	 * because they had no session yet. So they get the answer a second time.
	 */
	spreadFirst() {
		this.spreadNews();
		if (this.#latest) this.arrived(this.#latest.rid, this.#latest.body);
	}

	/** Returns a promise if this tab must wait before it sends a request; see Circle. */
	makeSure() {
		return this.#circle?.makeSure() ?? null;
	}

	/** Call this when a request is about to be sent. @param {Sent} request @param {string[]} unsent */
	made(request, unsent) {
		const said = this.#accepted;
		this.#accepted = [];
		this.spread({ type: "made", request, unsent, said });
		this.#voice?.onMade({ request, unsent, said });
	}

	/** Call this when an answer is about to be read. @param {number | undefined} rid @param {Element} body */
	arrived(rid, body) {
		this.#latest = { rid, body };
		if (this.#circle?.isShared && this.#circle.holds) this.spread({ type: "arrived", rid, stanzas: takeApart(body) });
	}

	/** @param {Element} iq the answer to the greeting of a new session */
	greeted(iq) {
		if (this.#circle?.isShared && this.#circle.holds) this.spread({ type: "greeted", iq: new XMLSerializer().serializeToString(iq) });
	}

	/** Sends the session to the other tabs, so that the next holder can continue it. @param {Passed} passed */
	pass({ session, unsent }) {
		this.spread({ type: "pass", session, unsent, said: this.#accepted });
	}

	/** Tells the tab in which the user has logged out that the server has ended the session. */
	tellEnded() {
		this.#circle?.tell({ type: "ended" });
	}

	async #onHeld() {
		const voice = this.#voice;
		if (!voice) {
			this.#circle?.tell({ type: "holder", sid: "" });
			this.#hooks.hold(null);
		} else if (voice.passed) {
			this.#goOn();
		} else {
			this.#passTimer = this.#env.setTimeout(() => this.#goOn(), PASS_WAIT_MS);
		}
	}

	#goOn() {
		this.#env.clearTimeout(this.#passTimer);
		this.#passTimer = null;
		const voice = this.#voice;
		if (!voice || !this.#circle?.holds) return;
		const { session, unsent } = voice;
		this.#circle.tell({ type: "holder", sid: session.sid });
		this.#hooks.hold({ session, unsent });
		for (const batch of voice.unsaid) this.#accept({ ...batch, from: this.#circle.id });
	}

	/** @param {{from: string, whose: string, n: number, stanzas: string[], ids: string[]}} batch */
	#accept({ from, whose, n, stanzas, ids }) {
		const elements = stanzas.map(parseXml);
		this.#accepted.push([whose, n]);
		this.#hooks.submit(elements, ids);
		if (from !== this.#circle?.id) for (const el of elements) this.#hooks.overhear(el);
	}

	// ---- the other tabs ----

	/** Sends a request to the holder. @param {any} data */
	ask(data) {
		this.#circle?.ask(data);
	}

	/** Resolves when the holder has ended the session. */
	heardEnded() {
		return new Promise((resolve) => (this.#ended = () => resolve(undefined)));
	}

	/** @param {any} data */
	#hear(data) {
		// A new holder still reads the previous holder's messages until it continues the session itself.
		if (this.#circle?.holds && this.#passTimer === null) this.#hearTab(data);
		else this.#hearHolder(data);
	}

	/** Handles a message from another tab to the holder. @param {any} data */
	#hearTab(data) {
		if (data.type === "hello") this.#circle?.welcome(data.from, this.#hooks.news());
		if (data.type === "say") this.#accept(data);
		if (data.type === "retry") this.#hooks.retry();
	}

	/** Handles a message from the holder. @param {any} data */
	#hearHolder(data) {
		const { type } = data;
		const voice = this.#voice;
		if (type === "welcome" || type === "news") this.#follow(data);
		if (type === "holder") this.#meetHolder(data.sid);
		if (type === "made") this.#onMade(data);
		if (type === "arrived") this.#onArrived(data);
		if (type === "greeted" && voice) this.#hooks.greeted(parseXml(data.iq));
		if (type === "sent") voice?.onSent(data.ids);
		if (type === "sent") this.#hooks.sent(data.ids);
		if (type === "pass") this.#onPass(data);
		if (type === "ended") this.#ended();
		if (type === "stopped") this.#hooks.stopped(data.why, data.detail);
	}

	/** @param {News & {type: string}} news */
	#follow(news) {
		const { session, unsent, name, type } = news;
		if (name === "ready" && session && this.#client && this.#circle) {
			this.#voice?.end();
			const say = (/** @type {import("./voice.js").Batch} */ batch) => this.#say(batch);
			this.#voice = new Voice({ client: this.#client, clock: this.#env, say }, session, unsent);
		}
		this.#hooks.follow(news, type === "welcome");
	}

	/** @param {import("./voice.js").Batch} batch */
	#say(batch) {
		if (this.#circle?.holds && this.#passTimer === null) this.#accept({ ...batch, from: this.#circle.id });
		else this.#circle?.ask({ ...batch, type: "say" });
	}

	/** Called when another tab has become the holder. @param {string} sid the sid of that tab's session */
	#meetHolder(sid) {
		if (!this.#voice || this.#voice.session.sid !== sid) {
			this.#circle?.tell({ type: "hello" });
			return;
		}
		this.#circle?.tell({ type: "here" });
		for (const batch of this.#voice.unsaid) this.#say(batch);
	}

	/** @param {{request: Sent, unsent: string[], said: [string, number][]}} made */
	#onMade(made) {
		this.#voice?.onMade(made);
		if (!/<(presence|message)/.test(made.request.data)) return;
		for (const el of Array.from(parseXml(made.request.data).children)) this.#hooks.overhear(el);
	}

	/** @param {{rid: number | undefined, stanzas: [string, string | null, string | null, string][]}} arrived */
	#onArrived({ rid, stanzas }) {
		if (rid !== undefined) this.#voice?.onAnswer(rid);
		for (const [name, type, id, xml] of stanzas) {
			const voice = this.#voice;
			if (!voice) return;
			const answers = name === "iq" && (type === "result" || type === "error");
			if (answers && voice.awaits(id ?? "")) voice.answer(parseXml(xml));
			else if (!answers && (name !== "iq" || type === "set")) this.#hooks.deliver(parseXml(xml));
		}
	}

	/** @param {Passed & {said: [string, number][]}} passed */
	#onPass({ session, unsent, said }) {
		this.#voice?.onPass(session, unsent, said);
		if (this.#passTimer !== null) this.#goOn();
	}
}
