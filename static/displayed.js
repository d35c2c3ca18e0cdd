// What this user has read, kept at the user's own account (XEP-0490), so that a browser that knows
// nothing yet, for example after a log-out, can count what is unread. Contacts do not see it. A
// server without a personal PubSub service (XEP-0163) keeps nothing.
import { bareJid, child } from "./stanza.js";

const NS_PUBSUB = "http://jabber.org/protocol/pubsub";
const NS_DISPLAYED = "urn:xmpp:mds:displayed:0";
const NS_SID = "urn:xmpp:sid:0";
const OPTIONS = {
	FORM_TYPE: "http://jabber.org/protocol/pubsub#publish-options",
	"pubsub#persist_items": "true",
	"pubsub#max_items": "max",
	"pubsub#send_last_published_item": "never",
	"pubsub#access_model": "whitelist",
};

/**
 * @typedef {import("./archive.js").Asker & {own: () => string}} Asker own: this user's bare JID
 */

export class Displayed {
	/** @type {Asker} */ #asker;
	/** @type {Map<string, string>} */ #next = new Map(); // by peer: what to publish after the answer to the publication before
	#publishing = false;
	#refused = false; // the server keeps nothing

	/** @param {Asker} asker */
	constructor(asker) {
		this.#asker = asker;
	}

	/**
	 * Returns the archive's id of the newest message that this user has read, by peer; null: the
	 * server does not say.
	 * @returns {Promise<Map<string, string> | null>}
	 */
	async fetch() {
		const client = this.#asker.build();
		if (!client) return null;
		const query = client.$iq({ type: "get" }).c("pubsub", { xmlns: NS_PUBSUB }).c("items", { node: NS_DISPLAYED });
		const answer = await this.#asker.ask(query);
		const items = child(child(answer, "pubsub", NS_PUBSUB), "items");
		if (answer?.getAttribute("type") !== "result" || !items) return null;
		return new Map(Array.from(items.children).map((item) => [item.getAttribute("id") ?? "", idIn(item)]));
	}

	/**
	 * Publishes that this user has read a message, and so all before it.
	 * @param {string} peer @param {string} archiveId
	 */
	async publish(peer, archiveId) {
		this.#next.set(peer, archiveId);
		if (this.#publishing) return;
		this.#publishing = true;
		for (let next; !this.#refused && (next = this.#next.entries().next().value); ) {
			this.#next.delete(next[0]);
			const answer = await this.#send(...next);
			this.#refused = answer?.getAttribute("type") === "error";
		}
		this.#publishing = false;
	}

	/** @param {string} peer @param {string} archiveId */
	#send(peer, archiveId) {
		const client = this.#asker.build();
		if (!client) return null;
		const iq = client.$iq({ type: "set" }).c("pubsub", { xmlns: NS_PUBSUB });
		iq.c("publish", { node: NS_DISPLAYED }).c("item", { id: peer }).c("displayed", { xmlns: NS_DISPLAYED });
		iq.c("stanza-id", { xmlns: NS_SID, by: bareJid(this.#asker.own()), id: archiveId }).up().up().up().up();
		iq.c("publish-options").c("x", { xmlns: "jabber:x:data", type: "submit" });
		for (const [name, value] of Object.entries(OPTIONS)) {
			iq.c("field", name === "FORM_TYPE" ? { var: name, type: "hidden" } : { var: name });
			iq.c("value").t(value).up().up();
		}
		return this.#asker.ask(iq);
	}
}

/** @param {Element} item */
const idIn = (item) => child(child(item, "displayed", NS_DISPLAYED), "stanza-id", NS_SID)?.getAttribute("id") ?? "";
