// Fetches messages from the server's archive (XEP-0313). For one conversation it fetches earlier
// messages, one page at a time, the newest page first. It also fetches the messages after a known
// message, in all conversations at once.
import { bareJid, child } from "./stanza.js";

const NS_MAM = "urn:xmpp:mam:2";
const NS_RSM = "http://jabber.org/protocol/rsm";
const PAGE = 30;
const WORDS_MIN = 10; // fetch() reads further pages until it has this many messages, because a page can consist mostly of receipts
const TRIES_MAX = 4;
const NEWS_PAGE = 100;
const NEWS_PAGES_MAX = 10; // since() fetches at most this many pages; messages beyond these are fetched when their conversation is opened

/** @type {Page} */
const NOTHING = { messages: [], first: "", last: "", complete: false };

/**
 * @typedef {import("./stanza.js").Message} Message
 * @typedef {{messages: Message[], first: string, last: string, complete: boolean}} Page first, last: the archive's ids of the page's
 *   first and last message; pass `first` as `before` to get the next older page
 *
 * @typedef {object} Asker
 * @property {(iq: any) => Promise<Element | null>} ask sends an IQ; returns the result or the error; null if no answer or no session
 * @property {() => import("./attach.js").Client | null} build returns Strophe.js's builders of stanzas; null without a session
 */

export class Archive {
	/** @type {Asker} */ #asker;
	// the messages that have arrived for each open query, by query id; room: the group chat that is queried,
	// "" for the user's own archive
	/** @type {Map<string, {room: string, messages: Message[]}>} */ #open = new Map();
	// random, so that an answer to a query of the previous page is not taken for an answer to a query of this page
	#name = `history-${Math.random().toString(36).slice(2)}`;
	#queries = 0;

	/** @param {Asker} asker */
	constructor(asker) {
		this.#asker = asker;
	}

	/**
	 * Fetches the messages that are older than `before`, or the newest messages if `before` is "".
	 * @param {string} peer @param {string} [before] @param {boolean} [room] true if the peer is a group chat, which has an
	 *   archive of its own
	 * @returns {Promise<Page | null>} null if there is no archive, no answer or no session
	 */
	async fetch(peer, before = "", room = false) {
		const older = async (/** @type {string} */ id) => {
			const page = await this.#fetchPage({ max: PAGE, peer, room, before: id });
			return page?.gone ? null : page;
		};
		let all = await older(before);
		for (let i = 1; i < TRIES_MAX && all && !all.complete && all.messages.length < WORDS_MIN; i++) {
			const page = await older(all.first);
			if (!page) break;
			all = { ...page, messages: [...page.messages, ...all.messages] };
		}
		return all;
	}

	/**
	 * Fetches the messages after a known message, oldest first, in all conversations.
	 * @param {string | null} after the archive's id of the known message. With "" this fetches
	 * from the beginning, with null only the newest page.
	 * @returns {Promise<{messages: Message[], last: string, complete: boolean} | null>} last:
	 *   the archive's id of the last message, "" if there is none; complete: true if the archive has no later messages.
	 *   Null if there is no archive, no answer or no session.
	 */
	async since(after) {
		if (after === null) {
			const newest = await this.#fetchPage({ max: NEWS_PAGE, before: "" });
			return newest && !newest.gone ? { ...newest, complete: true } : null;
		}
		let page = await this.#fetchPage({ max: NEWS_PAGE, after });
		if (page?.gone && after) return this.since(null);
		if (!page || page.gone) return null;
		const messages = page.messages;
		for (let i = 1; i < NEWS_PAGES_MAX && page && !page.complete; i++) {
			const next = await this.#fetchPage({ max: NEWS_PAGE, after: page.last });
			if (!next || next.gone) break;
			page = { ...next, last: next.last || page.last };
			messages.push(...page.messages);
		}
		return { messages, last: page.last, complete: page.complete };
	}

	/**
	 * @param {{max: number, peer?: string, room?: boolean, before?: string, after?: string}} which peer: fetch only this conversation
	 * @returns {Promise<(Page & {gone?: boolean}) | null>} gone: true if the archive does not have the message `before` or
	 *   `after` (XEP-0313, section 4.3.1). Null if there is no archive, no answer or no session, or after any
	 *   other error, which can be temporary.
	 */
	async #fetchPage({ max, peer, room, before, after }) {
		const client = this.#asker.build();
		if (!client) return null;
		const id = `${this.#name}-${++this.#queries}`;
		/** @type {Message[]} */ const messages = [];
		this.#open.set(id, { room: (room && peer) || "", messages });
		const iq = client.$iq({ type: "set", ...(room ? { to: peer } : {}) }).c("query", { xmlns: NS_MAM, queryid: id });
		iq.c("x", { xmlns: "jabber:x:data", type: "submit" });
		iq.c("field", { var: "FORM_TYPE", type: "hidden" }).c("value").t(NS_MAM).up().up();
		if (peer && !room) iq.c("field", { var: "with" }).c("value").t(bareJid(peer)).up().up();
		iq.up().c("set", { xmlns: NS_RSM }).c("max").t(String(max)).up();
		if (after) iq.c("after").t(after);
		if (before !== undefined) iq.c("before").t(before);
		const answer = await this.#asker.ask(iq);
		this.#open.delete(id);
		const fin = child(answer, "fin", NS_MAM);
		if (!fin) return child(child(answer, "error"), "item-not-found") ? { ...NOTHING, gone: true } : null;
		const end = (/** @type {string} */ name) => child(child(fin, "set", NS_RSM), name)?.textContent ?? "";
		const first = end("first");
		return { messages, first, last: end("last"), complete: fin.getAttribute("complete") === "true" || first === "" };
	}

	/** @param {{query: string, message: Message | null}} archived */
	onMessage({ query, message }) {
		const asked = this.#open.get(query);
		if (message && asked?.room === (message.kind === "room" ? message.peer : "")) asked.messages.push(message);
	}
}
