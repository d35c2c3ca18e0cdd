// Group chats by address (XEP-0045), with the basic functions: enter, read, write and leave.
import { child, jidDomain, roomCodes } from "./stanza.js";

const NS_MUC = "http://jabber.org/protocol/muc";
const NS_DISCO = "http://jabber.org/protocol/disco#info";
const SELF = "110"; // status code: this presence is our own
const HISTORY = "20"; // messages that the room sends to a new member
const NICK_TRIES = 3; // a nick may be taken, for example by another tab of ours

/**
 * @typedef {object} Room
 * @property {string} jid
 * @property {string} nick
 * @property {boolean} joined
 * @property {number} tries
 * @property {Set<string>} people
 *
 * @typedef {object} Parts
 * @property {(iq: any) => Promise<Element | null>} ask
 * @property {() => import("./attach.js").Client | null} build
 * @property {(stanza: any) => void} send
 * @property {() => string} nick
 * @property {(type: string, detail: any) => void} tell
 */

export class Rooms {
	/** @type {Parts} */ #parts;
	/** @type {Map<string, Room>} */ #rooms = new Map();

	/** @param {Parts} parts */
	constructor(parts) {
		this.#parts = parts;
	}

	/** @param {string} jid */
	has(jid) {
		return this.#rooms.has(jid);
	}

	/** Asks the domain, because the room itself may not exist yet. @param {string} jid */
	async isRoom(jid) {
		const client = this.#parts.build();
		if (!client) return false;
		const iq = client.$iq({ type: "get", to: jidDomain(jid) }).c("query", { xmlns: NS_DISCO });
		const answer = await this.#parts.ask(iq);
		return Array.from(child(answer, "query", NS_DISCO)?.children ?? []).some(
			(el) => el.localName === "identity" && el.getAttribute("category") === "conference",
		);
	}

	/** @param {string} jid @param {string} [nick] */
	join(jid, nick = this.#parts.nick()) {
		const room = { jid, nick, joined: false, tries: 0, people: new Set() };
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
	}

	/**
	 * Names rooms that are to be entered when the next session begins.
	 * @param {{jid: string, nick: string}[]} rooms
	 */
	expect(rooms) {
		for (const { jid, nick } of rooms)
			if (!this.#rooms.has(jid)) this.#rooms.set(jid, { jid, nick, joined: false, tries: 0, people: new Set() });
	}

	/** Returns the rooms for the next page. */
	keep() {
		return [...this.#rooms.values()].map(({ jid, nick, people }) => ({ jid, nick, people: [...people] }));
	}

	/**
	 * Call it when a session begins. In a new session, all rooms are entered again; else those
	 * that this session is not in.
	 * @param {any[] | null} kept what keep() returned in the page before; null: a new session
	 */
	enter(kept) {
		for (const { jid, nick, people } of kept ?? []) {
			const room = { jid, nick, joined: true, tries: 0, people: new Set(people) };
			this.#rooms.set(jid, room);
			this.#tellRoom(room, "joined");
		}
		for (const room of this.#rooms.values()) if (!kept || !room.joined) this.join(room.jid, room.nick);
	}

	/** @param {Element} stanza @param {import("./stanza.js").Presence} presence */
	onPresence(stanza, { jid, resource, type }) {
		const room = this.#rooms.get(jid);
		if (!room) return;
		if (type === "error") {
			this.#onRefused(room, child(stanza, "error"));
			return;
		}
		const self = roomCodes(stanza).includes(SELF);
		if (type === "unavailable") room.people.delete(resource);
		else room.people.add(resource);
		if (self && type === "unavailable") {
			this.#rooms.delete(jid);
			this.#tellRoom(room, "left");
			return;
		}
		if (self) {
			room.nick = resource;
			room.joined = true;
		}
		if (room.joined) this.#tellRoom(room, "joined");
	}

	/** @param {Room} room @param {Element | null} error */
	#onRefused(room, error) {
		if (child(error, "conflict") && room.tries < NICK_TRIES) {
			room.tries += 1;
			room.nick = `${this.#parts.nick()}-${room.tries + 1}`;
			this.#sendJoin(room);
		} else if (!room.joined) {
			this.#rooms.delete(room.jid);
			this.#tellRoom(room, "refused");
		}
	}

	/** @param {Room} room @param {"joined" | "left" | "refused"} state */
	#tellRoom({ jid, nick, people }, state) {
		this.#parts.tell("room", { jid, nick, state, people: [...people].sort() });
	}

	/**
	 * Marks our own messages, which the room sends back, as sent by us.
	 * @param {import("./stanza.js").Message} message changed in place
	 * @returns {boolean} false: it comes from the room itself, or from a room that we are not
	 * in
	 */
	onMessage(message) {
		const room = this.#rooms.get(message.peer);
		const nick = message.from.slice(message.peer.length + 1);
		if (!room || nick === "") return false;
		if (nick === room.nick) message.direction = "out";
		return true;
	}
}
