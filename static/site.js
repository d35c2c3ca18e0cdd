// What the site's configuration adds to the chat: the site's rooms, the rooms of its pages, and its
// staff. Users can ask the staff questions and send them reports. siteparts.js loads this module if
// the site has rooms or staff, or when a page opens a room.
import { Report } from "./report.js";
import { setUpRoom } from "./roomsetup.js";
import { Staff } from "./staff.js";
import { keep, readKept, sharedStorage } from "./storage.js";

const LEFT_KEY = "prebind-left-rooms"; // storage key, with the rooms that this user has left; handover.js removes the key at log-out

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {import("./bind.js").SiteInfo} SiteInfo
 * @typedef {typeof import("./texts.js").TEXT} Texts
 *
 * @typedef {object} Parts
 * @property {import("./prebind.js").Prebind} chat
 * @property {SiteInfo} info
 * @property {(id: string) => any} part the element with this id
 * @property {(jid: string) => Contact} contactOf
 * @property {() => Contact | null} current the contact whose conversation is open
 * @property {(contact: Contact) => void} open opens the conversation
 * @property {(contact: Contact) => void} draw called when the contact has changed
 * @property {(contact: Contact) => import("./talks.js").Talk} talk
 * @property {(contact: Contact, text: string) => boolean} send returns false if the text was not sent
 * @property {() => string} address the URL of the site's page that the user reads; "" if there is none
 * @property {(template: string, values: Record<string, string | number>) => string} fill
 */

export class Site {
	/** @type {Parts} */ #parts;
	/** @type {Map<string, {name: string, join: boolean, passing: boolean}>} */ #rooms = new Map(); // by JID
	#staff;
	#report;

	/** @param {Texts} texts @param {Parts} parts */
	constructor(texts, parts) {
		this.#parts = parts;
		const { chat, info } = parts;
		for (const { jid, name, join } of info.rooms) this.#show(jid, { name, join, passing: false });
		this.#staff = new Staff(texts, parts);
		this.#report = new Report(texts, parts, this.#staff);
		chat.setUp = (room) => this.#setUp(room);
		chat.addEventListener("ready", () => this.#ready());
		chat.addEventListener("room", (event) => this.#onRoom(/** @type {any} */ (event).detail));
		if (chat.state === "ready") this.#ready();
	}

	// ---- rooms ----

	/**
	 * Opens a room of a page. Rooms of pages are not bookmarked for the user's other devices.
	 * @param {string} jid @param {string} name the name to show
	 */
	openRoom(jid, name) {
		if (!this.#rooms.has(jid)) this.#show(jid, { name, join: false, passing: true });
		this.#parts.open(this.#parts.contactOf(jid));
	}

	/** Call this when the user has opened this conversation. @param {Contact} contact */
	opened(contact) {
		this.enter(contact);
		this.#staff.opened(contact);
	}

	/** Enters a room of the site or of a page. @param {Contact} contact @returns {boolean} false for any other conversation */
	enter({ jid, room }) {
		const known = this.#rooms.get(jid);
		const { chat } = this.#parts;
		if (!known || !room) return false;
		if (chat.state !== "ready" || ["joined", "joining"].includes(room.state)) return true;
		room.state = "joining";
		chat.join(jid, { name: known.name, passing: known.passing });
		return true;
	}

	/** Shows a room in the list. @param {string} jid @param {{name: string, join: boolean, passing: boolean}} room */
	#show(jid, room) {
		const contact = this.#parts.contactOf(jid);
		this.#rooms.set(jid, room);
		contact.room ??= { state: "left", people: [], members: [] };
		contact.name = room.name;
		this.#parts.draw(contact);
	}

	/** Called when a session has begun. Waits first until another handler has entered the previous session's rooms. */
	async #ready() {
		await Promise.resolve();
		const left = this.#left();
		const current = this.#parts.current();
		for (const [jid, { join }] of this.#rooms) {
			const contact = this.#parts.contactOf(jid);
			if (contact === current || (join && !left.includes(jid))) this.enter(contact);
		}
	}

	/** @returns {string[]} */
	#left() {
		const left = readKept(sharedStorage(), LEFT_KEY);
		return Array.isArray(left) ? left : [];
	}

	/**
	 * Stores which rooms the user has left, so that the next session does not enter them.
	 * @param {{jid: string, state: string}} room
	 */
	#onRoom({ jid, state }) {
		if (!this.#rooms.get(jid)?.join || !["left", "joined"].includes(state)) return;
		const others = this.#left().filter((each) => each !== jid);
		if (state === "left") keep(sharedStorage(), LEFT_KEY, [...others, jid]);
		else if (others.length < this.#left().length) keep(sharedStorage(), LEFT_KEY, others);
	}

	/** @param {{jid: string, name: string}} room a room that this user has created */
	#setUp({ jid }) {
		const known = this.#rooms.get(jid);
		if (!known) return false;
		setUpRoom(this.#parts.chat, { jid, name: known.name, staff: this.#parts.info.staff });
		return true;
	}

	// ---- staff ----

	/** Opens a conversation with the staff. */
	ask() {
		return this.#staff.ask();
	}

	/** Returns the text to send; staff.js can add the page's URL to `text`. @param {Contact} contact @param {string} text */
	outgoing(contact, text) {
		return this.#staff.outgoing(contact, text);
	}

	/** @param {Contact} contact */
	canReport(contact) {
		return this.#report.possible(contact);
	}

	/** Opens the dialog that reports a message of this conversation, or the person. @param {Contact} contact */
	report(contact) {
		this.#report.open(contact);
	}
}
