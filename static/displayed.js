// Stores in the user's own account which messages this user has read (XEP-0490). So a browser
// that has no stored data, for example after a log-out, can count the unread messages. Contacts do not see
// which messages the user has read. A server without a personal PubSub service (XEP-0163) stores nothing.
import { OwnList } from "./ownlist.js";
import { bareJid, child } from "./stanza.js";

const NS_DISPLAYED = "urn:xmpp:mds:displayed:0";
const NS_SID = "urn:xmpp:sid:0";

/**
 * @typedef {import("./archive.js").Asker & {own: () => string}} Asker own: this user's bare JID
 */

export class Displayed {
	#own;
	/** @type {OwnList} */ #list;
	/** @type {Map<string, string>} */ #next = new Map(); // by peer: the archive's id to publish when the current publication has ended
	#publishing = false;
	#refused = false; // true if the server has refused to store this list

	/** @param {Asker} asker */
	constructor({ own, ...asker }) {
		this.#own = own;
		this.#list = new OwnList(asker, NS_DISPLAYED);
	}

	/**
	 * Returns for each peer the archive's id of the newest message that this user has read;
	 * null if the server does not report this.
	 * @returns {Promise<Map<string, string> | null>}
	 */
	async fetch() {
		const items = await this.#list.fetch();
		return items && new Map(items.map((item) => [item.getAttribute("id") ?? "", idIn(item)]));
	}

	/**
	 * Publishes that this user has read a message and all messages before it.
	 * @param {string} peer @param {string} archiveId
	 */
	async publish(peer, archiveId) {
		this.#next.set(peer, archiveId);
		if (this.#publishing) return;
		this.#publishing = true;
		for (let next; !this.#refused && (next = this.#next.entries().next().value); ) {
			this.#next.delete(next[0]);
			this.#refused = !(await this.#send(...next));
		}
		this.#publishing = false;
	}

	/** @param {string} peer @param {string} archiveId */
	#send(peer, archiveId) {
		return this.#list.publish(peer, (iq) =>
			iq.c("displayed", { xmlns: NS_DISPLAYED }).c("stanza-id", { xmlns: NS_SID, by: bareJid(this.#own()), id: archiveId }).up().up());
	}
}

/** @param {Element} item */
const idIn = (item) => child(child(item, "displayed", NS_DISPLAYED), "stanza-id", NS_SID)?.getAttribute("id") ?? "";
