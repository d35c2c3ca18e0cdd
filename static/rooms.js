// Group chats (XEP-0045): enters and leaves them, tracks their members, and finds mentions of this user.
import { bareJid, child, jidDomain, jidResource, roomCodes } from "./stanza.js";

const NS_MUC = "http://jabber.org/protocol/muc";
const NS_MUC_USER = "http://jabber.org/protocol/muc#user";
const NS_DISCO = "http://jabber.org/protocol/disco#info";
const NS_MUC_OWNER = `${NS_MUC}#owner`;
const SELF = "110"; // status code: this presence is our own
const CREATED = "201"; // status code: the group chat is new, and we own it
const HISTORY = "20"; // number of earlier messages that the room sends to a new member
const LOCKED_TRIES = 5; // attempts to enter a new room, which is locked until its creator has set it up
const LOCKED_MS = 700; // delay between two of these attempts
const NICK_TRIES = 4; // attempts with other nicks, if the nick is taken, for example by another tab of this user

/**
 * @typedef {{nick: string, role: string, affiliation: string}} Member
 *
 * @typedef {object} Room
 * @property {string} jid
 * @property {string} nick
 * @property {boolean} joined
 * @property {number} tries how often another nick was tried
 * @property {number} waits how often this tab has waited for the creator to set up the room
 * @property {string} name the name in the bookmark or from the site; can be empty
 * @property {boolean} passing true if the room is not stored in the bookmarks
 * @property {boolean} own true if this tab has entered it
 * @property {boolean} heard true if another tab of the same session has entered it; that tab sets it up and bookmarks it
 * @property {Map<string, Member>} people the members, by nick
 *
 * @typedef {object} Parts
 * @property {(iq: any) => Promise<Element | null>} ask
 * @property {() => import("./attach.js").Client | null} build
 * @property {(stanza: any) => void} send
 * @property {() => string} nick
 * @property {() => string} own the first part of this user's JID
 * @property {(room: Room) => void} entered
 * @property {() => boolean} [answers] returns true if this tab sends and receives for all tabs that share the session
 * @property {(room: Room) => boolean} setUp chooses the settings of a new room; returns false if it does nothing
 * @property {(run: () => void, ms: number) => void} later
 * @property {(type: string, detail: any) => void} tell
 */

/** @param {Element} presence @param {string} nick @returns {Member} */
function readMember(presence, nick) {
	const item = child(child(presence, "x", NS_MUC_USER), "item");
	return { nick, role: item?.getAttribute("role") ?? "", affiliation: item?.getAttribute("affiliation") ?? "" };
}

const RANKS = ["owner", "admin"];

/** Sorts owners first, then admins, then all others, each group by name. @param {Iterable<Member>} members */
function inRank(members) {
	const rank = (/** @type {Member} */ { affiliation }) => (RANKS.indexOf(affiliation) + RANKS.length + 1) % (RANKS.length + 1);
	return [...members].sort((a, b) => rank(a) - rank(b) || a.nick.localeCompare(b.nick));
}

/**
 * Whether a text mentions this user. The ending that was added to make the nick unique need not be in the text.
 * @param {string} text @param {string} nick
 */
export function mentions(text, nick) {
	const names = [nick, nick.replace(/-\d+$| \([^()]*\)$/, "")].map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
	return nick !== "" && new RegExp(`(?<![\\p{L}\\p{N}])(${names.join("|")})(?![\\p{L}\\p{N}])`, "iu").test(text);
}

/** @param {{jid: string, nick: string, name?: string}} which @returns {Room} */
const newRoom = ({ jid, nick, name = "" }) => ({ jid, nick, name, passing: false, own: false, heard: false, joined: false, tries: 0, waits: 0, people: new Map() });

export class Rooms {
	/** @type {Parts} */ #parts;
	/** @type {Map<string, Room>} */ #rooms = new Map();

	/** @param {Parts} parts */
	constructor(parts) {
		this.#parts = parts;
	}

	get #answers() {
		return this.#parts.answers?.() ?? true;
	}

	/** @param {string} jid */
	has(jid) {
		return this.#rooms.has(jid);
	}

	/** Whether this is the address of a group chat. Asks the domain, because the room might not exist yet. @param {string} jid */
	async isRoom(jid) {
		const client = this.#parts.build();
		if (!client) return false;
		const iq = client.$iq({ type: "get", to: jidDomain(jid) }).c("query", { xmlns: NS_DISCO });
		const answer = await this.#parts.ask(iq);
		return Array.from(child(answer, "query", NS_DISCO)?.children ?? []).some(
			(el) => el.localName === "identity" && el.getAttribute("category") === "conference",
		);
	}

	/** @param {string} jid @param {string} [nick] @param {string} [name] @param {boolean} [passing] */
	join(jid, nick = "", name = this.#rooms.get(jid)?.name, passing = false) {
		const room = { ...newRoom({ jid, nick: nick || this.#parts.nick(), name }), passing, own: true };
		this.#rooms.set(jid, room);
		this.#sendJoin(room);
	}

	/** @param {Room} room */
	#sendJoin({ jid, nick }) {
		const client = this.#parts.build();
		const presence = client?.$pres({ to: `${jid}/${nick}` }).c("x", { xmlns: NS_MUC });
		if (presence) this.#parts.send(presence.c("history", { maxstanzas: HISTORY }));
	}

	/** @param {string} jid */
	leave(jid) {
		const room = this.#rooms.get(jid);
		const client = this.#parts.build();
		this.#rooms.delete(jid);
		if (room && client) this.#parts.send(client.$pres({ to: `${jid}/${room.nick}`, type: "unavailable" }));
		if (room) this.#tellRoom(room, "left");
	}

	/**
	 * Sets which rooms to enter when the next session begins.
	 * @param {{jid: string, nick: string}[]} rooms
	 */
	expect(rooms) {
		// `passing: true`, so that the rooms are not bookmarked again
		for (const { jid, nick } of rooms)
			if (!this.#rooms.has(jid)) this.#rooms.set(jid, { ...newRoom({ jid, nick }), passing: true });
	}

	/** Returns the data of the rooms, for the page that the user opens next. */
	keep() {
		return [...this.#rooms.values()].map(({ people, ...room }) => ({ ...room, people: [...people.values()] }));
	}

	/**
	 * Call this when a session begins. A new session enters all rooms again. A session of the previous
	 * page enters only the rooms that it has not entered yet.
	 * @param {any[] | null} kept what keep() returned in the previous page; null for a new session
	 */
	enter(kept) {
		for (const { people, ...which } of kept ?? []) {
			const room = { ...newRoom(which), passing: which.passing === true, joined: true };
			for (const member of people) room.people.set(member.nick, member);
			const { jid } = room;
			this.#rooms.set(jid, room);
			this.#tellRoom(room, "joined");
		}
		for (const room of this.#rooms.values()) if (!kept || !room.joined) this.join(room.jid, room.nick, room.name, room.passing);
	}

	/**
	 * Notes which group chat another tab enters or leaves.
	 * @param {Element} presence the presence that was sent @param {string} to its recipient
	 */
	onSent(presence, to) {
		const jid = bareJid(to);
		const room = this.#rooms.get(jid);
		if (presence.getAttribute("type") === "unavailable") {
			if (!room) return;
			this.#rooms.delete(jid);
			this.#tellRoom(room, "left");
		} else if (child(presence, "x", NS_MUC)) {
			if (!room) this.#rooms.set(jid, { ...newRoom({ jid, nick: jidResource(to) }), heard: true });
			else if (!room.joined) room.nick = jidResource(to);
		}
	}

	/** @param {Element} stanza @param {import("./stanza.js").Presence} presence */
	onPresence(stanza, { jid, resource, type }) {
		const room = this.#rooms.get(jid);
		if (!room) return;
		if (type === "error") {
			this.#onRefused(room, child(stanza, "error"));
			return;
		}
		if (resource === "") return; // presence of the group chat itself, not of a member; it reports the chat's features
		const codes = roomCodes(stanza);
		const self = codes.includes(SELF);
		if (type === "unavailable") room.people.delete(resource);
		else room.people.set(resource, readMember(stanza, resource));
		if (self && type === "unavailable") {
			this.#rooms.delete(jid);
			this.#tellRoom(room, "left");
			return;
		}
		if (self) {
			room.nick = resource;
			room.joined = true;
			if (room.own || (this.#answers && !room.heard)) this.#onEntered(room, codes.includes(CREATED));
		}
		if (room.joined) this.#tellRoom(room, "joined");
	}

	/** @param {Room} room @param {boolean} created true if the group chat is new and we own it */
	#onEntered(room, created) {
		if (created && !this.#parts.setUp(room)) this.#unlock(room.jid);
		if (!room.passing) this.#parts.entered(room);
	}

	/**
	 * Accepts the default settings of a new group chat. Until then, many servers let nobody else in
	 * (XEP-0045, section 10.1.2).
	 * @param {string} jid
	 */
	#unlock(jid) {
		const iq = this.#parts.build()?.$iq({ type: "set", to: jid }).c("query", { xmlns: NS_MUC_OWNER });
		if (iq) this.#parts.ask(iq.c("x", { xmlns: "jabber:x:data", type: "submit" }));
	}

	/** @param {Room} room @param {Element | null} error */
	#onRefused(room, error) {
		if (child(error, "conflict") && room.tries < NICK_TRIES) {
			if (!this.#answers) return; // the tab that holds the session tries the next nick, and this tab gets the result
			room.tries += 1;
			const unique = room.tries === NICK_TRIES; // the last try adds the JID's localpart, which is unique in the domain
			room.nick = `${this.#parts.nick()}${unique ? ` (${this.#parts.own()})` : `-${room.tries + 1}`}`;
			this.#sendJoin(room);
		} else if (child(error, "item-not-found") && !room.joined && room.waits < LOCKED_TRIES) {
			if (!this.#answers) return;
			room.waits += 1;
			this.#parts.later(() => {
				if (this.#rooms.get(room.jid) === room && !room.joined) this.#sendJoin(room);
			}, LOCKED_MS);
		} else if (!room.joined) {
			this.#rooms.delete(room.jid);
			this.#tellRoom(room, "refused");
		}
	}

	/** @param {Room} room @param {"joined" | "left" | "refused"} state */
	#tellRoom({ jid, nick, name, people }, state) {
		const members = inRank(people.values());
		const muted = people.get(nick)?.role === "visitor";
		this.#parts.tell("room", { jid, nick, name, state, muted, members, people: [...people.keys()].sort() });
	}

	/**
	 * Marks our own messages, which the room sends back, as sent by us.
	 * @param {import("./stanza.js").Message} message changed in place
	 * @returns {boolean} false if it comes from the room itself, or from a room that we are
	 * not in
	 */
	onMessage(message) {
		const room = this.#rooms.get(message.peer);
		const nick = message.from.slice(message.peer.length + 1);
		if (!room || nick === "") return false;
		if (nick === room.nick) message.direction = "out";
		return true;
	}
}
