// Chat in a page, for any user interface: reads and sends the stanzas of a session that life.js
// maintains. It draws nothing.
//
//   const chat = connect();
//   chat.addEventListener("ready", () => chat.send("bob@example.org", "hello"));
//
// README.md lists the methods, and the events with their details.
import { Archive } from "./archive.js";
import { Bookmarks } from "./bookmarks.js";
import { Displayed } from "./displayed.js";
import { fileOf } from "./files.js";
import { Life } from "./life.js";
import { Rooms } from "./rooms.js";
import {
	bareJid,
	child,
	cleanText,
	jidResource,
	readArchived,
	readMessage,
	readPresence,
	readRoster,
	readSeen,
	readSigns,
} from "./stanza.js";

const NS_ROSTER = "jabber:iq:roster";
const NS_CARBONS = "urn:xmpp:carbons:2";
const NS_CHAT_STATES = "http://jabber.org/protocol/chatstates";
const NS_MUC_USER = "http://jabber.org/protocol/muc#user";
const NS_RECEIPTS = "urn:xmpp:receipts";
const NS_SID = "urn:xmpp:sid:0";
const NS_NICK = "http://jabber.org/protocol/nick";
const NS_MARKERS = "urn:xmpp:chat-markers:0";
const NS_OOB = "jabber:x:oob";

/**
 * @typedef {import("./life.js").Options} Options
 * @typedef {import("./life.js").Environment} Environment
 * @typedef {import("./stanza.js").RosterItem} RosterItem
 * @typedef {import("./stanza.js").Presence} Presence
 */

/** @param {Presence} presence */
const fullJid = ({ jid, resource }) => `${jid}/${resource}`;

export class Prebind extends Life {
	/** The contacts, by bare JID. @type {Map<string, RosterItem>} */
	roster = new Map();
	/**
	 * The available resources, by full JID. The server does not report them again to the next page.
	 * @type {Map<string, Presence>}
	 */
	#present = new Map();
	/**
	 * Sets up a group chat that this user has created by entering it. Returns false if the server's
	 * default settings are to be used.
	 * @type {((room: {jid: string, name: string}) => boolean) | null}
	 */
	setUp = null;
	#show = "";
	#archive;
	#displayed;
	#rooms;
	#bookmarks;
	#name; // the name with which group chats show this user
	#upload;
	#guest; // true for a guest; each message of a guest contains the guest's name, because other users do not know the name

	/**
	 * @param {Options & {name?: string, guest?: boolean, upload?: string[]}} [options] name: how group chats show this user,
	 *   by default the JID's first part; guest: true if messages must contain this user's name (XEP-0172); upload: the origins of
	 *   the upload service
	 */
	constructor(options) {
		super(options);
		const asker = { ask: (/** @type {any} */ iq) => this.ask(iq), build: () => this.client };
		this.#archive = new Archive(asker);
		this.#name = cleanText(options?.name ?? "").trim();
		this.#guest = options?.guest === true;
		this.#upload = options?.upload ?? [];
		this.#bookmarks = new Bookmarks(asker);
		this.#displayed = new Displayed({ ...asker, own: () => this.jid });
		this.#rooms = new Rooms({
			...asker,
			send: (stanza) => this.#send(stanza),
			nick: () => this.#name || bareJid(this.jid).split("@")[0],
			own: () => bareJid(this.jid).split("@")[0],
			setUp: (room) => this.setUp?.(room) ?? false,
			entered: (room) => this.#bookmarks.add(room),
			answers: () => this.holds,
			later: (run, ms) => void setTimeout(run, ms),
			tell: (type, detail) => this.tell(type, detail),
		});
	}

	/** @param {import("./guest.js").Begun} guest a guest who has just entered a name */
	startGuest({ user, site }) {
		this.#name = cleanText(site.name).trim();
		this.start(user);
	}

	/**
	 * Sends a chat message. Returns its id; "" without a session or without text.
	 * @param {string} to @param {string} text
	 * @param {string} [again] the message's id, if the message is sent again
	 */
	send(to, text, again) {
		const body = cleanText(text);
		const { client, connection } = this;
		if (!client || !connection || body.trim() === "") return "";
		const room = this.#rooms.has(to);
		const id = again ?? connection.getUniqueId();
		const message = client.$msg({ to, id, type: room ? "groupchat" : "chat" }).c("body").t(body).up();
		if (!room) {
			message.c("active", { xmlns: NS_CHAT_STATES }).up();
			message.c("request", { xmlns: NS_RECEIPTS }).up();
			message.c("markable", { xmlns: NS_MARKERS }).up();
			if (this.#guest) message.c("nick", { xmlns: NS_NICK }).t(this.#name).up();
		}
		if (!room && this.#rooms.has(bareJid(to))) message.c("x", { xmlns: NS_MUC_USER }).up();
		// with this element (XEP-0066) other clients show the message as a file
		if (fileOf(body, this.#upload)) message.c("x", { xmlns: NS_OOB }).c("url").t(body).up().up();
		message.c("origin-id", { xmlns: NS_SID, id }).up();
		this.#send(message);
		this.track(id);
		return id;
	}

	/**
	 * Tells the contact that this user is writing, or has stopped.
	 * @param {string} to @param {boolean} typing
	 */
	sendTyping(to, typing) {
		const { client } = this;
		if (!client || this.#rooms.has(to)) return;
		const state = typing ? "composing" : "paused";
		this.#send(client.$msg({ to, type: "chat" }).c(state, { xmlns: NS_CHAT_STATES }));
	}

	/**
	 * Tells a contact that this user has read a message and all messages before it. Strangers are not told,
	 * because they must not know that this user is online.
	 * @param {string} to bare JID @param {string} id the message's id
	 */
	sendRead(to, id) {
		const { client } = this;
		if (!client || !id || !this.sees(to)) return;
		this.#send(client.$msg({ to, type: "chat" }).c("displayed", { xmlns: NS_MARKERS, id }));
	}

	/** Whether this contact is allowed to see this user's presence. @param {string} jid bare */
	sees(jid) {
		return ["both", "from"].includes(this.roster.get(jid)?.subscription ?? "");
	}

	/** Sets how others see this user. @param {string} show "" (available), away, xa, dnd */
	setShow(show) {
		this.#show = show;
		this.sendPresence({});
	}

	/** Lets someone see this user's presence, and asks to see that person's presence. @param {string} jid */
	accept(jid) {
		this.sendPresence({ to: jid, type: "subscribed" });
		this.sendPresence({ to: jid, type: "subscribe" });
	}

	/** @param {string} jid */
	deny(jid) {
		this.sendPresence({ to: jid, type: "unsubscribed" });
	}

	/**
	 * Returns earlier messages with a contact, oldest first; null if the server has no archive
	 * or does not answer.
	 * @param {string} peer @param {string} [before] `first` of an earlier answer
	 */
	async history(peer, before) {
		const page = await this.#archive.fetch(peer, before, this.#rooms.has(peer));
		const messages = page?.messages.filter((message) => message.kind !== "room" || this.#rooms.onMessage(message));
		return page && { ...page, messages: messages ?? [] };
	}

	/**
	 * Returns the messages that came after a known message, oldest first, in all conversations; null if
	 * the server has no archive or does not answer.
	 * @param {string | null} after `last` of an earlier answer, or `archiveId` of a message; null for only the newest messages
	 */
	async catchUp(after) {
		const news = await this.#archive.since(after);
		for (const message of news?.messages ?? []) if (this.#isPrivate(message)) message.peer = message.other;
		return news;
	}

	/**
	 * Returns for each peer the `archiveId` of the newest message that this user has read on
	 * any device; null if the server does not report this.
	 */
	displayed() {
		return this.#displayed.fetch();
	}

	/**
	 * Tells the user's own server, and nobody else, that this message and all before it were read.
	 * @param {string} peer @param {string} archiveId
	 */
	tellDisplayed(peer, archiveId) {
		this.#displayed.publish(peer, archiveId);
	}

	/**
	 * Sets which group chats to enter when the next session begins.
	 * @param {{jid: string, nick: string}[]} rooms
	 */
	expectRooms(rooms) {
		this.#rooms.expect(rooms);
	}

	/**
	 * Whether this is the address of a group chat.
	 * @param {string} jid @returns {Promise<boolean>}
	 */
	isRoom(jid) {
		return this.#rooms.isRoom(jid);
	}

	/**
	 * Enters a group chat. Events `room` report the result.
	 * @param {string} jid @param {{nick?: string, name?: string, passing?: boolean}} [how] name: the name to show; passing: true if
	 *   this user's other devices are not to enter the group chat
	 */
	join(jid, { nick, name, passing } = {}) {
		this.#rooms.join(jid, nick, name, passing);
	}

	/** @param {string} jid */
	leaveRoom(jid) {
		this.#rooms.leave(jid);
		this.#bookmarks.remove(jid);
	}

	// ---- the session begins, or goes to the next page ----

	/** @override */
	keep() {
		return { present: [...this.#present.values()], show: this.#show, rooms: this.#rooms.keep() };
	}

	/**
	 * Asks for the roster before sending presence, because a server sends the contacts' presence to
	 * clients that have requested the roster (RFC 6121, section 2.2).
	 * @override @param {import("./attach.js").Client} client @param {any} kept
	 */
	greeting(client, kept) {
		const roster = client.$iq({ type: "get" }).c("query", { xmlns: NS_ROSTER });
		if (kept) return [roster];
		const carbons = client.$iq({ type: "set", id: "carbons" }).c("enable", { xmlns: NS_CARBONS });
		return [roster, this.#withShow(client.$pres()), carbons];
	}

	/** @override @param {any} kept */
	onReady(kept) {
		this.#present = new Map((kept?.present ?? []).map((/** @type {Presence} */ presence) => [fullJid(presence), presence]));
		if (kept) this.#show = String(kept.show ?? "");
		this.#rooms.enter(kept?.rooms ?? null);
		if (!kept) this.#enterBookmarked();
	}

	/** Enters the bookmarked group chats: those that the user has entered before, on this or another device. */
	async #enterBookmarked() {
		const { connection } = this;
		const bookmarks = await this.#bookmarks.load();
		if (connection !== this.connection) return; // another session has begun
		for (const { jid, nick, name, autojoin } of bookmarks)
			if (autojoin && !this.#rooms.has(jid)) this.#rooms.join(jid, nick, name);
	}

	/**
	 * Reports the roster. Then reports the known presence for a second time, because some servers send presence
	 * before the roster (ejabberd sometimes does).
	 * @override @param {Element} iq
	 */
	onGreeted(iq) {
		this.#onRoster(iq);
		for (const presence of this.#present.values()) this.tell("presence", presence);
	}

	// ---- what arrives ----

	/** @param {Element} iq */
	#onRoster(iq) {
		const items = readRoster(iq, this.jid);
		if (!items) return;
		this.roster = new Map(items.map((item) => [item.jid, item]));
		this.tell("roster", { items, whole: true });
	}

	/** @override @param {Element} iq */
	onRosterPush(iq) {
		const items = readRoster(iq, this.jid);
		if (!items || !this.client) return;
		for (const item of items) {
			if (item.subscription === "remove") this.roster.delete(item.jid);
			else this.roster.set(item.jid, item);
		}
		if (this.holds) this.#send(this.client.$iq({ type: "result", id: iq.getAttribute("id") ?? "" }));
		this.tell("roster", { items, whole: false });
	}

	/** @override @param {Element} stanza */
	onMessage(stanza) {
		const now = new Date(this.now);
		const archived = readArchived(stanza, this.jid, now);
		if (archived) {
			this.#archive.onMessage(archived);
			return;
		}
		this.#onSigns(readSigns(stanza));
		const seen = readSeen(stanza, this.jid);
		if (seen) this.tell("seen", seen);
		const message = readMessage(stanza, this.jid, now);
		if (!message) return;
		if (this.#isPrivate(message)) message.peer = message.other;
		if (message.kind === "room" && !this.#rooms.onMessage(message)) return;
		const nick = cleanText(child(stanza, "nick", NS_NICK)?.textContent ?? "").trim();
		if (nick && message.kind === "chat") this.tell("nick", { peer: message.peer, nick });
		if (message.receipt) this.#acknowledge(message);
		this.tell("message", message);
	}

	/**
	 * Whether this is a private message between two members of a group chat. Such messages have a conversation of their own.
	 * @param {import("./stanza.js").Message} message
	 */
	#isPrivate({ kind, peer, other, occupant }) {
		return kind === "chat" && other !== peer && (occupant || this.#rooms.has(peer));
	}

	/** @param {ReturnType<typeof readSigns>} signs */
	#onSigns({ peer: bare, full, typing, received, displayed }) {
		const peer = this.#rooms.has(bare) ? full : bare;
		if (typing !== null) this.tell("typing", { peer, typing });
		if (received) this.tell("delivered", { peer, id: received });
		if (displayed) this.tell("read", { peer, id: displayed });
	}

	/**
	 * Sends a receipt, but not to strangers, because they must not know that this user is online.
	 * @param {import("./stanza.js").Message} message
	 */
	#acknowledge({ from, peer, id, kind }) {
		if (!this.client || !this.holds || !id || kind !== "chat" || !this.sees(peer)) return;
		this.#send(this.client.$msg({ to: from, type: "chat" }).c("received", { xmlns: NS_RECEIPTS, id }));
	}

	/**
	 * Accepts a contact's request to see our presence. The user decides about all other requests.
	 * @override @param {Element} stanza
	 */
	onPresence(stanza) {
		const presence = readPresence(stanza);
		if (!presence) return;
		if (this.#rooms.has(presence.jid)) this.#rooms.onPresence(stanza, presence);
		else if (presence.type !== "subscribe") this.#notePresence(presence);
		else if (!this.roster.has(presence.jid)) this.tell("request", { jid: presence.jid });
		else if (this.holds) this.sendPresence({ to: presence.jid, type: "subscribed" });
	}

	/**
	 * Notes which group chats a tab has entered or left, and which presence a tab has sent, because
	 * all tabs share one session.
	 * @override @param {Element} stanza
	 */
	onSent(stanza) {
		if (stanza.localName !== "presence") return;
		const to = stanza.getAttribute("to");
		if (to) this.#rooms.onSent(stanza, to);
		else if (!stanza.getAttribute("type")) this.#show = child(stanza, "show")?.textContent ?? "";
	}

	/** @param {Presence} presence */
	#notePresence(presence) {
		const own = presence.jid === this.jid && presence.resource === jidResource(this.connection?.jid ?? "");
		if (presence.type === "available" && !own) this.#present.set(fullJid(presence), presence);
		else this.#present.delete(fullJid(presence));
		this.tell("presence", presence);
	}

	// ---- what is sent ----

	/** Sends presence. Without a type it is this user's current presence. @param {{to?: string, type?: string}} attributes */
	sendPresence(attributes) {
		if (!this.client) return;
		const presence = this.client.$pres(attributes);
		this.#send(attributes.type ? presence : this.#withShow(presence));
	}

	/** @param {any} presence */
	#withShow(presence) {
		return this.#show ? presence.c("show").t(this.#show) : presence;
	}

	/** @param {any} stanza */
	#send(stanza) {
		this.connection?.send(stanza);
		this.connection?.flush();
	}

	/** Strophe.js's builders of stanzas; null without a session. */
	build() {
		return this.client;
	}

	/**
	 * Sends an IQ.
	 * @param {any} iq @returns {Promise<Element | null>} the result or the error; null if there is no answer or no session
	 */
	ask(iq) {
		const { connection } = this;
		if (!connection) return Promise.resolve(null);
		return new Promise((answer) => {
			connection.sendIQ(iq, answer, answer, 10_000); // after this time Strophe.js passes null
			connection.flush();
		});
	}
}

/**
 * Starts a session in this page. The first event comes after this call has returned.
 * @param {Options & {name?: string, guest?: boolean, upload?: string[], begun?: Promise<import("./guest.js").Begun>}} [options]
 *   as for Prebind; begun: for a guest, resolves when the guest has entered a name
 */
export function connect(options) {
	const chat = new Prebind(options);
	if (options?.begun) options.begun.then((guest) => chat.startGuest(guest));
	else queueMicrotask(() => chat.start());
	return chat;
}
