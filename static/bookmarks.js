// Bookmarks of the group chats that the user has entered. The server stores them for all devices with XEP-0402.
// If the server does not support XEP-0402, the bookmarks are stored with XEP-0048 in private XML (XEP-0049).
import { OwnList, refused } from "./ownlist.js";
import { bareJid, child } from "./stanza.js";

const NS_BOOKMARKS = "urn:xmpp:bookmarks:1";
const NS_PRIVATE = "jabber:iq:private";
const NS_STORAGE = "storage:bookmarks";

/**
 * @typedef {object} Bookmark
 * @property {string} jid
 * @property {string} name can be empty
 * @property {string} nick can be empty
 * @property {boolean} autojoin
 * @property {Element[]} rest elements that other clients have stored in the bookmark
 *
 * @typedef {import("./archive.js").Asker} Asker
 */

/** @param {Element} conference @param {string} jid @returns {Bookmark} */
const readBookmark = (conference, jid) => ({
	jid: bareJid(jid),
	name: conference.getAttribute("name") ?? "",
	nick: child(conference, "nick")?.textContent ?? "",
	autojoin: ["true", "1"].includes(conference.getAttribute("autojoin") ?? ""),
	rest: Array.from(conference.children).filter(({ localName }) => localName !== "nick"),
});

/** The JID of a bookmark in private XML; "" if the element is something else. @param {Element} el */
const storedJid = (el) => (el.localName === "conference" ? bareJid(el.getAttribute("jid") ?? "") : "");

/** Adds a bookmark to a stanza. @param {any} iq @param {Bookmark} bookmark @param {Record<string, string>} where */
function addConference(iq, { name, nick, rest }, where) {
	iq.c("conference", { ...where, autojoin: "true", ...(name ? { name } : {}) });
	if (nick) iq.c("nick").t(nick).up();
	for (const el of rest) iq.cnode(el).up();
	return iq.up();
}

export class Bookmarks {
	/** @type {Asker} */ #asker;
	/** @type {OwnList} */ #native;
	/** @type {"native" | "private" | null} */ #kind = null; // how this server stores bookmarks; null if unknown or not supported
	/** @type {Map<string, Bookmark>} */ #known = new Map();
	/** @type {Promise<Bookmark[]> | null} */ #loading = null;

	/** @param {Asker} asker */
	constructor(asker) {
		this.#asker = asker;
		this.#native = new OwnList(asker, NS_BOOKMARKS);
	}

	/** Reads the bookmarks. @returns {Promise<Bookmark[]>} empty if there are none, or if the server cannot store bookmarks */
	load() {
		return (this.#loading = this.#load());
	}

	async #load() {
		const native = await this.#readNative();
		const older = native?.length ? null : await this.#readPrivate();
		const read = older ? Array.from(older.children).flatMap((el) => (storedJid(el) ? [readBookmark(el, storedJid(el))] : [])) : native;
		if (native) this.#kind = "native";
		else this.#kind = older ? "private" : null;
		this.#known = new Map((read ?? []).map((bookmark) => [bookmark.jid, bookmark]));
		// Once an XEP-0402 bookmark exists, clients no longer read the bookmarks in private
		// XML. So load() also publishes the bookmarks from private XML with XEP-0402.
		if (native && older) for (const bookmark of this.#known.values()) if (bookmark.autojoin) this.#publish(bookmark);
		return [...this.#known.values()];
	}

	/** @returns {Promise<Bookmark[] | null>} null if the server does not support XEP-0402 */
	async #readNative() {
		const items = await this.#native.fetch();
		return (
			items &&
			items.flatMap((item) => {
				const conference = child(item, "conference", NS_BOOKMARKS);
				return conference ? [readBookmark(conference, item.getAttribute("id") ?? "")] : [];
			})
		);
	}

	/** Reads the bookmarks in private XML. @returns {Promise<Element | null>} null if the server does not support it */
	async #readPrivate() {
		const iq = this.#asker.build()?.$iq({ type: "get" }).c("query", { xmlns: NS_PRIVATE }).c("storage", { xmlns: NS_STORAGE });
		const answer = iq ? await this.#asker.ask(iq) : null;
		return refused(answer) ? null : child(child(answer, "query", NS_PRIVATE), "storage", NS_STORAGE);
	}

	/** Bookmarks a group chat, so that every new session enters it. @param {{jid: string, name?: string, nick: string}} room */
	async add({ jid, name = "", nick }) {
		await (this.#loading ?? this.load());
		const old = this.#known.get(jid);
		if (old?.autojoin) return;
		const bookmark = { jid, name: old?.name || name, nick, autojoin: true, rest: old?.rest ?? [] };
		this.#known.set(jid, bookmark);
		if (this.#kind === "native") await this.#publish(bookmark);
		else if (this.#kind === "private") await this.#changePrivate(jid, bookmark);
	}

	/** @param {string} jid */
	async remove(jid) {
		await (this.#loading ?? this.load());
		if (!this.#known.delete(jid) || !this.#kind) return;
		if (this.#kind === "native") await this.#native.retract(jid);
		// With XEP-0402 this is needed too, because clients read private XML again if no XEP-0402 bookmark remains.
		await this.#changePrivate(jid, null);
	}

	/** @param {Bookmark} bookmark */
	#publish(bookmark) {
		return this.#native.publish(bookmark.jid, (iq) => addConference(iq, bookmark, { xmlns: NS_BOOKMARKS }));
	}

	/**
	 * Adds, replaces or removes a bookmark in private XML. The server stores the XML as a whole, so this sends the
	 * unchanged bookmarks again, too.
	 * @param {string} jid @param {Bookmark | null} bookmark
	 */
	async #changePrivate(jid, bookmark) {
		const stored = (await this.#readPrivate())?.children;
		const others = Array.from(stored ?? []).filter((el) => storedJid(el) !== jid);
		const client = this.#asker.build();
		if (!stored || !client || (!bookmark && others.length === stored.length)) return;
		const iq = client.$iq({ type: "set" }).c("query", { xmlns: NS_PRIVATE }).c("storage", { xmlns: NS_STORAGE });
		for (const el of others) iq.cnode(el).up();
		if (bookmark) addConference(iq, bookmark, { jid });
		await this.#asker.ask(iq);
	}
}
