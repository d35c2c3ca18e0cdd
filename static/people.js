// Who is a contact, and who is blocked (XEP-0191).
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
	 * Adds a contact, and asks to see the presence.
	 * @param {string} jid @param {string} [name] to keep in the list @returns {Promise<boolean>} false: refused
	 */
	async add(jid, name) {
		const added = await this.#set(name ? { jid, name } : { jid });
		if (!added) return false;
		this.#chat.sendPresence({ to: jid, type: "subscribe" });
		this.#chat.sendPresence({ to: jid, type: "subscribed" }); // so that the other one need not ask
		return true;
	}

	/** Removes a contact: neither sees the other's presence then. @param {string} jid @returns {Promise<boolean>} */
	remove(jid) {
		return this.#set({ jid, subscription: "remove" });
	}

	/** @param {Record<string, string>} item */
	#set(item) {
		return this.#done("set", (iq) => iq.c("query", { xmlns: NS_ROSTER }).c("item", item));
	}

	/** @returns {Promise<Set<string> | null>} the blocked JIDs; null: the server cannot block */
	async blocked() {
		const iq = this.#chat.build()?.$iq({ type: "get" }).c("blocklist", { xmlns: NS_BLOCKING });
		const list = iq ? child(await this.#chat.ask(iq), "blocklist", NS_BLOCKING) : null;
		return list && new Set(Array.from(list.children, (item) => item.getAttribute("jid") ?? ""));
	}

	/**
	 * Blocks or unblocks someone. The server should hide this user's presence from then on (XEP-0191,
	 * section 3.2) and show it again. ejabberd does not, so this page says it for its own session.
	 * @param {string} jid @param {boolean} blocked @returns {Promise<boolean>} false: the server has refused it
	 */
	async block(jid, blocked) {
		const sees = this.#chat.sees(jid);
		if (sees && blocked) this.#chat.sendPresence({ to: jid, type: "unavailable" }); // afterwards it would not arrive
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
