// Adds and removes contacts, and blocks people (XEP-0191).
import { child } from "./stanza.js";

const NS_ROSTER = "jabber:iq:roster";
const NS_BLOCKING = "urn:xmpp:blocking";

/** @typedef {Pick<import("./prebind.js").Prebind, "build" | "ask" | "sees" | "sendPresence">} Own */

export class People {
	/** @type {Own} */ #chat;

	/** @param {Own} chat */
	constructor(chat) {
		this.#chat = chat;
	}

	/**
	 * Adds a contact, and asks to see the contact's presence.
	 * @param {string} jid @param {string} [name] the name to store in the roster @returns {Promise<boolean>} false if refused
	 */
	async add(jid, name) {
		const added = await this.#set(name ? { jid, name } : { jid });
		if (!added) return false;
		this.#chat.sendPresence({ to: jid, type: "subscribe" });
		this.#chat.sendPresence({ to: jid, type: "subscribed" }); // in advance, allows the contact to see this user's presence
		return true;
	}

	/** Removes a contact. After that neither side sees the other's presence. @param {string} jid @returns {Promise<boolean>} */
	remove(jid) {
		return this.#set({ jid, subscription: "remove" });
	}

	/** @param {Record<string, string>} item */
	#set(item) {
		return this.#done("set", (iq) => iq.c("query", { xmlns: NS_ROSTER }).c("item", item));
	}

	/** @returns {Promise<Set<string> | null>} the blocked JIDs; null if the server cannot block */
	async blocked() {
		const iq = this.#chat.build()?.$iq({ type: "get" }).c("blocklist", { xmlns: NS_BLOCKING });
		const list = iq ? child(await this.#chat.ask(iq), "blocklist", NS_BLOCKING) : null;
		return list && new Set(Array.from(list.children, (item) => item.getAttribute("jid") ?? ""));
	}

	/**
	 * Blocks or unblocks someone. The server should send "unavailable" to a blocked contact, and this
	 * user's presence to an unblocked contact (XEP-0191, section 3.2). ejabberd sends neither, so this
	 * page sends both, but only for its own session.
	 * @param {string} jid @param {boolean} blocked @returns {Promise<boolean>} false if the server has refused it
	 */
	async block(jid, blocked) {
		const sees = this.#chat.sees(jid);
		// sent before the block, because a blocked contact would not get this presence
		if (sees && blocked) this.#chat.sendPresence({ to: jid, type: "unavailable" });
		const done = await this.#done("set", (iq) => iq.c(blocked ? "block" : "unblock", { xmlns: NS_BLOCKING }).c("item", { jid }));
		if (sees && done !== blocked) this.#chat.sendPresence({ to: jid });
		return done;
	}

	/** @param {string} type @param {(iq: any) => any} fill */
	async #done(type, fill) {
		const iq = this.#chat.build()?.$iq({ type });
		return iq ? (await this.#chat.ask(fill(iq)))?.getAttribute("type") === "result" : false;
	}
}
