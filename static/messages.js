// Sends messages, adds arriving messages to the conversations, and tracks which messages are pending,
// lost or unread. It draws nothing. talks.js stores the conversations.
import { findLast, isSame, lastIndex, newLine, nextKnown, surer } from "./lines.js";
import { mentions } from "./rooms.js";
import { cleanText, jidResource } from "./stanza.js";
import { sharedStorage } from "./storage.js";
import { Talks } from "./talks.js";

const DRAFT_MS = 300; // after this time without input a draft is stored
const PENDING_MAX_MS = 30_000; // a message that is still pending after this time might be lost, because its page might be gone

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {import("./lines.js").Line} Line
 * @typedef {import("./stanza.js").Message} Message
 * @typedef {import("./talks.js").Talk} Talk
 *
 * @typedef {object} Parts
 * @property {import("./prebind.js").Prebind} chat
 * @property {(jid: string) => Contact} contactOf
 * @property {(contact: Contact) => boolean} inSight returns true if the user would see the contact's next message at once
 * @property {(contact: Contact) => void} draw called when the conversation has changed
 * @property {(contact: Contact, body: string) => void} announce called when a message has arrived that is not in sight
 */

/** @param {Message} message @returns {Line} */
const lineOf = ({ kind, direction, body, time, id, archiveId, from, markable }) =>
	newLine({ direction, text: body, time, id, archiveId, author: kind === "room" ? jidResource(from) : "", markable: markable && direction === "in" });

/** @param {Message[]} messages */
function byPeer(messages) {
	/** @type {Map<string, Message[]>} */ const peers = new Map();
	for (const message of messages) peers.set(message.peer, [...(peers.get(message.peer) ?? []), message]);
	return peers;
}

export class Messages {
	/** @type {Parts} */ #parts;
	/** @type {any} */ #draftTimer = null;
	#writeDraft = () => {}; // stores the draft of the open conversation
	#talks = new Talks({ storage: sharedStorage() });
	#user = ""; // the site's opaque key for the user
	#mark = ""; // the archive's id of the newest message that came while #behind was true
	#behind = true; // true while the archive can have messages that this page has not read; the stored mark stays unchanged then
	// the lines that came while the archive was being queried, each with its peer; null while the archive is not queried
	/** @type {[string, Line][] | null} */ #fresh = null;
	#catchUps = 0; // number of queries to the archive; only the newest query's answer counts

	/** @param {Parts} parts */
	constructor(parts) {
		this.#parts = parts;
	}

	/** The resource of this page's session; "" if there is none. */
	get #session() {
		return jidResource(this.#parts.chat.connection?.jid ?? "");
	}

	/** @param {Contact} contact @returns {Talk} */
	talk({ jid }) {
		return this.#talks.get(jid);
	}

	/** @param {Contact} contact */
	unread(contact) {
		return this.#talks.unread(this.talk(contact));
	}

	/** @param {Contact} contact the contact whose messages have been read */
	see(contact) {
		const talk = this.talk(contact);
		const last = findLast(talk.lines, ({ seen, markable }) => markable && !seen);
		this.#talks.see(talk);
		if (last) this.#parts.chat.sendRead(contact.jid, last.id);
		const read = contact.room ? undefined : findLast(talk.lines, ({ archiveId }) => archiveId !== "");
		if (!read || read.direction === "out" || read.archiveId === talk.displayed || !this.#session) return;
		talk.displayed = read.archiveId;
		this.#talks.save(talk);
		this.#parts.chat.tellDisplayed(talk.jid, read.archiveId);
	}

	/**
	 * Marks as read the messages that this user has read with another client.
	 * @param {Contact} contact @param {string} id the id of the last message that was read
	 */
	seenElsewhere(contact, id) {
		const talk = this.talk(contact);
		const at = lastIndex(talk.lines, (line) => line.id === id && line.direction === "in");
		this.#talks.see(talk, talk.lines.slice(0, at + 1));
		this.#parts.draw(contact);
	}

	/**
	 * Marks this user's own messages as read by the contact.
	 * @param {Contact} contact @param {string} id the id of the last message that was read
	 */
	readBy(contact, id) {
		const { lines } = this.talk(contact);
		const at = lastIndex(lines, (line) => line.id === id && line.direction === "out");
		const read = lines.slice(0, at + 1).filter(({ direction, fate }) => direction === "out" && (fate === "" || fate === "delivered"));
		this.setFate(at < 0 ? [] : [...read.map((line) => line.id), id], "read");
	}

	// ---- conversations in localStorage ----

	/** Reads what is stored for this user. @param {string} user the site's opaque key for the user @returns {Talk[]} */
	open(user) {
		this.#user = user;
		this.#talks.open(user);
		return [...this.#talks];
	}

	/** Stores nothing from now on. */
	close() {
		this.#user = "";
		this.#talks.close();
	}

	/**
	 * @param {string | null} key the key of localStorage that another tab has changed
	 * @param {string | null} [told] the value that the other tab has stored
	 * @returns {Talk | null} the conversation that might have changed
	 */
	hear(key, told) {
		return this.#talks.hear(key, told);
	}

	/** @param {Contact} contact @param {string} text */
	keepDraft(contact, text) {
		clearTimeout(this.#draftTimer);
		this.#writeDraft = () => this.#talks.write(this.talk(contact), text);
		this.#draftTimer = setTimeout(() => this.#storeDraft(), text === "" ? 0 : DRAFT_MS);
	}

	#storeDraft() {
		clearTimeout(this.#draftTimer);
		this.#writeDraft();
		this.#writeDraft = () => {};
	}

	/** Stores everything now. */
	flush() {
		this.#storeDraft();
		this.#talks.flush();
	}

	/** @param {Contact} contact @param {string} nick this user's nick; "" if the user is not in this group chat */
	setNick(contact, nick) {
		const talk = this.talk(contact);
		if (talk.nick === nick) return;
		talk.nick = nick;
		this.#talks.save(talk);
	}

	// ---- what is sent ----

	/** @param {Contact} contact @param {string} text @returns {boolean} false if there is no session */
	send(contact, text) {
		const id = this.#parts.chat.send(contact.lockedTo, text);
		if (!id) return false;
		const talk = this.talk(contact);
		const parts = { id, author: contact.room ? talk.nick : "", session: this.#session };
		// A group chat sends the message back. That copy has the same id, and shows that this message has arrived.
		this.#talks.add(talk, newLine({ ...parts, direction: "out", text: cleanText(text), time: new Date(), fate: "pending" }));
		this.#parts.draw(contact);
		return true;
	}

	/**
	 * Sends a message again if it might not have arrived and is not in the archive. The message
	 * keeps its id, so that clients do not show it twice.
	 * @param {Contact} contact @param {Line} line
	 */
	async sendAgain(contact, line) {
		if (line.fate === "unsent") await this.readEarlier(contact, "");
		const lost = line.fate === "unsent" || line.fate === "refused";
		if (lost && this.#parts.chat.send(contact.lockedTo, line.text, line.id)) {
			Object.assign(line, { fate: "pending", session: this.#session });
			this.#talks.save(this.talk(contact));
		}
		this.#parts.draw(contact);
	}

	/** @param {string[]} ids the ids of messages that this user wrote @param {import("./lines.js").Fate} fate */
	setFate(ids, fate) {
		for (const id of ids) {
			const { talk, line } = this.#talks.findSent(id) ?? {};
			if (!talk || !line || surer(line.fate, fate) === line.fate) continue;
			line.fate = fate;
			this.#talks.save(talk);
			this.#parts.draw(this.#parts.contactOf(talk.jid));
		}
	}

	/** The ids of pending messages. @param {(line: Line) => boolean} test */
	#pending(test) {
		const lines = [...this.#talks].flatMap((talk) => talk.lines);
		return lines.filter((line) => line.fate === "pending" && test(line)).map(({ id }) => id);
	}

	/** Marks as unsent the messages that have been pending for too long, because their page might be gone. */
	#giveUp() {
		const until = Date.now() - PENDING_MAX_MS;
		this.setFate(this.#pending(({ time }) => time.getTime() <= until), "unsent");
	}

	// ---- what arrives ----

	/** @param {Message} message */
	arrived(message) {
		const { kind, peer, direction, from, archiveId, body } = message;
		const contact = this.#parts.contactOf(peer);
		if (direction === "in" && kind === "chat" && !contact.room) contact.lockedTo = from;
		if (archiveId && this.#behind) this.#mark = archiveId;
		else if (archiveId) this.#talks.mark = archiveId;
		const forOthers = kind === "room" && !mentions(body, this.talk(contact).nick);
		const unread = this.#add(contact, message, forOthers || (kind === "room" && message.delayed));
		if (unread) this.#parts.announce(contact, body);
	}

	/**
	 * Adds a message to a conversation, and marks it as read if it is in sight.
	 * @param {Contact} contact @param {Message} message
	 * @param {boolean} old true if nobody needs to be alerted to the message
	 * @returns {boolean} true if the message is new and unread
	 */
	#add(contact, message, old) {
		const line = lineOf(message);
		line.seen ||= old || this.#parts.inSight(contact);
		if (!message.delayed) this.#fresh?.push([message.peer, line]);
		const added = this.#talks.add(this.talk(contact), line, { replaces: message.replaces });
		this.#parts.draw(contact);
		if (added && line.markable && line.seen && !old) this.#parts.chat.sendRead(contact.jid, line.id);
		return added && !line.seen;
	}

	/**
	 * Adds messages of the archive to a conversation. The order of the messages counts more than
	 * their times, because some archives store only whole seconds.
	 * @param {Contact} contact @param {Message[]} messages oldest first
	 * @param {string} [read] the archive's id of the last message that this user has read; if missing, all count as read
	 * @param {Line[]} [later] lines that came after these messages; some of them can be copies of these messages
	 */
	#addArchived(contact, messages, read, later = []) {
		const talk = this.talk(contact);
		const lines = messages.map(lineOf);
		const next = nextKnown(talk.lines, [...lines, ...later]);
		const isRead = (/** @type {Line} */ { direction, archiveId }) => direction === "out" || archiveId === read;
		// A line that this browser already has can still be unread. Its copy in the archive does not mark the line as read.
		const isKnown = (/** @type {Line} */ line) => talk.lines.some((each) => isSame(each, line));
		const until = read === undefined ? lines.length : lastIndex(lines, isRead);
		for (const [i, line] of lines.entries()) {
			line.seen ||= this.#parts.inSight(contact) || (i <= until && (read !== undefined || !isKnown(line)));
			this.#talks.add(talk, line, { replaces: messages[i].replaces, next: next[i] });
		}
		this.#parts.draw(contact);
	}

	/**
	 * Adds one page of the archive to a conversation.
	 * @param {Contact} contact @param {string} before
	 */
	async readEarlier(contact, before) {
		const page = await this.#parts.chat.history(contact.jid, before);
		if (page) this.#addArchived(contact, page.messages);
		return page;
	}

	/**
	 * Reads from the archive the messages that came while this user had no session. If this cannot
	 * read all of them, the mark (see talks.js) stays before the missing messages, and the next
	 * session reads them.
	 */
	async #catchUp() {
		const known = this.#talks.mark;
		const turn = ++this.#catchUps;
		this.#behind = true;
		this.#mark = "";
		const fresh = (this.#fresh = /** @type {[string, Line][]} */ ([]));
		const displayed = known === null ? this.#parts.chat.displayed() : null;
		const news = await this.#parts.chat.catchUp(known);
		if (!news) {
			if (turn === this.#catchUps) this.#fresh = null; // otherwise the list belongs to a later query
			return;
		}
		const read = await displayed;
		for (const [peer, messages] of byPeer(news.messages)) {
			const later = news.complete ? fresh.filter(([from]) => from === peer).map(([, line]) => line) : [];
			this.#addArchived(this.#parts.contactOf(peer), messages, read?.get(peer) ?? "", later);
		}
		if (turn !== this.#catchUps) return; // a later session has queried the archive too
		this.#fresh = null;
		this.#behind = !news.complete;
		this.#talks.mark = (news.complete && this.#mark) || news.last || known || "";
	}

	/** Call this when a session begins. @param {boolean} resumed true if it is the session of the previous page */
	ready(resumed) {
		const session = this.#session;
		this.#talks.open(this.#user); // this page can have missed changes by other tabs
		this.#catchUp(); // needed even if resumed, because the previous page might not have read all messages of the archive
		// The session of the previous page has answered, so the server has all messages that were sent in that session.
		// The answer proves nothing about messages that other tabs have sent in sessions of their own.
		if (resumed) this.setFate(this.#pending((line) => line.session === session), "");
		setTimeout(() => this.#giveUp(), PENDING_MAX_MS);
	}
}
