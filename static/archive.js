// Fetches earlier messages from the server's archive (XEP-0313): one page of a conversation at a
// time, newest page first.
import { bareJid, child } from "./stanza.js";

const NS_MAM = "urn:xmpp:mam:2";
const NS_RSM = "http://jabber.org/protocol/rsm";
const PAGE = 30;
const WORDS_MIN = 10; // fewer messages: fetch another page, because much of a page can be receipts
const TRIES_MAX = 4;

/**
 * @typedef {import("./stanza.js").Message} Message
 * @typedef {{messages: Message[], first: string, complete: boolean}} Page first: what to pass as `before` for the next older page
 *
 * @typedef {object} Asker
 * @property {(iq: any) => Promise<Element | null>} ask
 * @property {() => import("./attach.js").Client | null} build
 */

export class Archive {
	/** @type {Asker} */ #asker;
	/** @type {Map<string, Message[]>} */ #open = new Map(); // by query id: the messages that have arrived
	#queries = 0;

	/** @param {Asker} asker */
	constructor(asker) {
		this.#asker = asker;
	}

	/**
	 * Fetches the messages that are older than `before`; "": the newest.
	 * @param {string} peer @param {string} [before]
	 * @returns {Promise<Page | null>} null: no archive, no answer or no session
	 */
	async fetch(peer, before = "") {
		let all = await this.#fetchPage(peer, before);
		for (let i = 1; i < TRIES_MAX && all && !all.complete && all.messages.length < WORDS_MIN; i++) {
			const page = await this.#fetchPage(peer, all.first);
			if (!page) break;
			all = { ...page, messages: [...page.messages, ...all.messages] };
		}
		return all;
	}

	/** @param {string} peer @param {string} before @returns {Promise<Page | null>} */
	async #fetchPage(peer, before) {
		const client = this.#asker.build();
		if (!client) return null;
		const id = `history-${++this.#queries}`;
		/** @type {Message[]} */ const messages = [];
		this.#open.set(id, messages);
		const iq = client.$iq({ type: "set" }).c("query", { xmlns: NS_MAM, queryid: id });
		iq.c("x", { xmlns: "jabber:x:data", type: "submit" });
		iq.c("field", { var: "FORM_TYPE", type: "hidden" }).c("value").t(NS_MAM).up().up();
		iq.c("field", { var: "with" }).c("value").t(bareJid(peer)).up().up().up();
		iq.c("set", { xmlns: NS_RSM }).c("max").t(String(PAGE)).up();
		iq.c("before").t(before);
		const answer = await this.#asker.ask(iq);
		this.#open.delete(id);
		const fin = child(answer, "fin", NS_MAM);
		if (!fin) return null;
		const first = child(child(fin, "set", NS_RSM), "first")?.textContent ?? "";
		return { messages, first, complete: fin.getAttribute("complete") === "true" || first === "" };
	}

	/** @param {{query: string, message: Message | null}} archived */
	onMessage({ query, message }) {
		if (message) this.#open.get(query)?.push(message);
	}
}
