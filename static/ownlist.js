// A list that the server stores for all devices of this user. It is a node of the personal PubSub
// service (XEP-0163) that nobody else is allowed to read and that stores all its items (XEP-0223).
import { child } from "./stanza.js";

const NS_PUBSUB = "http://jabber.org/protocol/pubsub";
const SETTINGS = {
	"pubsub#persist_items": "true",
	"pubsub#send_last_published_item": "never",
	"pubsub#access_model": "whitelist",
};
const MOST = ["max", "128"]; // the number of items that the server stores: "max", or a number for servers that do not know "max"

/** @typedef {import("./archive.js").Asker} Asker */

/** @param {Element | null} answer null if there was no answer @returns {boolean} true if the server has refused the request */
export const refused = (answer) => answer?.getAttribute("type") === "error";

/** @param {any} iq @param {"publish-options" | "node_config"} form @param {string} most */
function addSettings(iq, form, most) {
	iq.c("x", { xmlns: "jabber:x:data", type: "submit" });
	iq.c("field", { var: "FORM_TYPE", type: "hidden" }).c("value").t(`${NS_PUBSUB}#${form}`).up().up();
	for (const [key, value] of Object.entries({ ...SETTINGS, "pubsub#max_items": most }))
		iq.c("field", { var: key }).c("value").t(value).up().up();
}

export class OwnList {
	/** @type {Asker} */ #asker;
	#node;
	#made = false; // true after #make(); from then on items are published without settings

	/** @param {Asker} asker @param {string} node */
	constructor(asker, node) {
		this.#asker = asker;
		this.#node = node;
	}

	/** @param {string} type */
	#iq(type) {
		return this.#asker.build()?.$iq({ type }).c("pubsub", { xmlns: NS_PUBSUB });
	}

	/** @returns {Promise<Element[] | null>} the items; null if there is no answer, or an error */
	async fetch() {
		const iq = this.#iq("get")?.c("items", { node: this.#node });
		const answer = iq ? await this.#asker.ask(iq) : null;
		if (child(child(answer, "error"), "item-not-found")) return []; // there is no list yet; the first publish() creates it
		const items = refused(answer) ? null : child(child(answer, "pubsub", NS_PUBSUB), "items");
		return items && Array.from(items.children);
	}

	/**
	 * Publishes an item. Publishing the first item also creates the list, with the right settings. The server
	 * refuses the item if the server does not know one of these settings (ejabberd 23.01). It also refuses the item if
	 * another client has created the list with other settings. After a refusal this method creates the list if it does not
	 * exist yet, and sends the item without settings.
	 * @param {string} id @param {(iq: any) => any} fill adds the content of the item
	 * @returns {Promise<boolean>} false if the server has refused it
	 */
	async publish(id, fill) {
		if (!this.#made && !refused(await this.#send(id, fill, true))) return true;
		this.#made ||= await this.#make();
		return this.#made && !refused(await this.#send(id, fill, false));
	}

	/** @param {string} id @param {(iq: any) => any} fill @param {boolean} withSettings */
	async #send(id, fill, withSettings) {
		const iq = this.#iq("set")?.c("publish", { node: this.#node }).c("item", { id });
		if (!iq) return null;
		fill(iq).up().up();
		if (withSettings) addSettings(iq.c("publish-options"), "publish-options", MOST[0]);
		return this.#asker.ask(iq);
	}

	/** @returns {Promise<boolean>} true if the server has made the list, or already had it */
	async #make() {
		for (const most of MOST) {
			const iq = this.#iq("set")?.c("create", { node: this.#node });
			if (!iq) return false;
			addSettings(iq.up().c("configure"), "node_config", most);
			const answer = await this.#asker.ask(iq);
			if (answer && (!refused(answer) || child(child(answer, "error"), "conflict"))) return true;
		}
		return false;
	}

	/** @param {string} id */
	async retract(id) {
		const iq = this.#iq("set")?.c("retract", { node: this.#node, notify: "true" }).c("item", { id });
		if (iq) await this.#asker.ask(iq);
	}
}
