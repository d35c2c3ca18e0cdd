// The staff of the site. A button opens a conversation with them, and the page tells the user if none of them
// is online. The URL of the page is added to the first message. Users and staff need not be contacts.
// The user's page sends directed presence to the staff, and a staff member's page answers with its own presence.
// Later the server tells each side that the other has gone offline (RFC 6121, section 4.6).
import { h } from "./dom.js";
import { jidName } from "./stanza.js";

const ANSWER_MS = 1_500; // how long to wait for presence from the staff
const ANSWERED_MAX = 1_000; // largest number of visitors in #answered

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {import("./stanza.js").Presence} Presence
 * @typedef {typeof import("./texts.js").TEXT} Texts
 */

/** @param {Contact} contact */
const isThere = ({ resources }) => resources.size > 0;

export class Staff {
	#TEXT;
	/** @type {import("./site.js").Parts} */ #parts;
	/** @type {string[]} */ #jids;
	#about = ""; // the page's URL, which is added to the next message to the staff
	#toldAbout = ""; // the last page URL that was sent to the staff
	/** @type {Promise<void> | null} */ #looking = null; // set while it is not known yet who is online
	/** @type {Set<string>} */ #answered = new Set(); // full JIDs of visitors to whom this page has sent the user's presence
	#note = h("div", { class: "note-of-staff", hidden: true });
	#state = h("p", { role: "status" });
	#page = h("p", { class: "page" });
	/** @type {Element | null} */ #button = null;

	/** @param {Texts} texts @param {import("./site.js").Parts} parts */
	constructor(texts, parts) {
		this.#TEXT = texts;
		this.#parts = parts;
		this.#jids = parts.info.staff;
		if (this.#jids.length === 0) return;
		this.#note.append(this.#state, this.#page);
		parts.part("composer").before(this.#note);
		for (const jid of this.#jids) this.#name(parts.contactOf(jid));
		parts.chat.addEventListener("presence", (event) => this.#onPresence(/** @type {any} */ (event).detail));
		parts.chat.addEventListener("ready", () => this.#drawButton());
		if (parts.chat.state === "ready") this.#drawButton();
	}

	/** Whether this JID belongs to the staff. @param {string} jid bare */
	has(jid) {
		return this.#jids.includes(jid.toLowerCase());
	}

	/** The staff member to write to: a member who is online, otherwise the first member in the list. */
	get first() {
		const contacts = this.#jids.map((jid) => this.#parts.contactOf(jid));
		return contacts.find(isThere) ?? contacts[0] ?? null;
	}

	/**
	 * At once opens a conversation with the first staff member who is known to be online, otherwise with
	 * the first in the list. Then asks who is online. If that member is offline and another member is online,
	 * opens a conversation with the other member, unless the user has already written something.
	 */
	async ask() {
		const { current, open, address, talk } = this.#parts;
		const { first } = this;
		if (!first) return;
		this.#about = address() === this.#toldAbout ? "" : address();
		open(first);
		await this.#look();
		const there = this.first;
		if (there && there !== first && current() === first && talk(first).draft === "") open(there);
	}

	/** Call this when the user has opened this conversation. @param {Contact} contact */
	opened({ jid }) {
		if (this.has(jid) && !this.#isOurs) this.#look();
		this.draw();
	}

	/** Shows a note if this staff member is offline, and the page's URL that is added to the message. */
	draw() {
		const contact = this.#parts.current();
		const ours = contact !== null && this.has(contact.jid) && !this.#isOurs;
		this.#note.hidden = !ours;
		if (!ours) return;
		const says = isThere(contact) || this.#looking !== null ? "" : this.#TEXT.leaveMessage;
		if (this.#state.textContent !== says) this.#state.textContent = says;
		// an empty note is not hidden, so that a screen reader announces the next text in the note
		this.#note.classList.toggle("silent", says === "" && this.#about === "");
		this.#page.hidden = this.#about === "";
		if (this.#about === "") return;
		const without = h("button", { type: "button", class: "link" }, this.#TEXT.withoutPage);
		without.addEventListener("click", () => {
			this.#about = "";
			this.draw();
			this.#parts.part("compose").focus();
		});
		this.#page.replaceChildren(this.#TEXT.withPage, " ", h("bdi", {}, this.#about), " ", without);
	}

	/** @param {Contact} contact @param {string} text @returns {string} the text to send */
	outgoing({ jid }, text) {
		if (this.#about === "" || !this.has(jid)) return text;
		const whole = `${text}\n\n${this.#about}`;
		this.#toldAbout = this.#about;
		this.#about = "";
		this.draw();
		return whole;
	}

	/** Whether this user is one of the staff. */
	get #isOurs() {
		return this.has(this.#parts.chat.jid);
	}

	/** @param {Contact} contact */
	#name(contact) {
		contact.staff = true;
		if (contact.name === contact.jid) contact.name = jidName(contact.jid);
		this.#parts.talk(contact).name = contact.name;
	}

	#drawButton() {
		if (this.#button || this.#isOurs) return;
		this.#button = h("button", { type: "button", class: "ask", id: "ask" }, this.#TEXT.askUs);
		this.#button.addEventListener("click", () => this.ask());
		this.#parts.part("start").before(this.#button);
	}

	/** Tries to find out which staff members are online. @returns {Promise<void>} */
	#look() {
		const contacts = this.#jids.map(this.#parts.contactOf);
		if (contacts.some(isThere) || contacts.every(({ known }) => known)) return Promise.resolve();
		return (this.#looking ??= this.#askThem(contacts).then(() => {
			this.#looking = null;
			this.draw();
		}));
	}

	/** Sends this user's presence to the staff members who do not get it as contacts. @param {Contact[]} contacts */
	async #askThem(contacts) {
		const { chat } = this.#parts;
		if (chat.state !== "ready") await new Promise((resolve) => chat.addEventListener("ready", resolve, { once: true }));
		for (const { jid, known } of contacts) if (!known) chat.sendPresence({ to: jid });
		await this.#somebody();
	}

	/** Waits until one of the staff is online, but at most ANSWER_MS. @returns {Promise<void>} */
	#somebody() {
		const { chat } = this.#parts;
		return new Promise((resolve) => {
			const done = () => {
				clearTimeout(timer);
				chat.removeEventListener("presence", look);
				resolve();
			};
			const timer = setTimeout(done, ANSWER_MS);
			const look = (/** @type {Event} */ event) => {
				const { jid, type } = /** @type {any} */ (event).detail;
				if (type === "available" && this.has(jid)) done();
			};
			chat.addEventListener("presence", look);
		});
	}

	/** @param {Presence} presence */
	#onPresence({ jid, resource, type }) {
		const { chat } = this.#parts;
		if (this.has(jid)) queueMicrotask(() => this.draw());
		if (!this.#isOurs || jid === chat.jid || resource === "") return;
		const full = `${jid}/${resource}`;
		if (type !== "available") {
			this.#answered.delete(full);
			return;
		}
		if (chat.sees(jid) || this.#answered.has(full) || this.#answered.size >= ANSWERED_MAX) return;
		this.#answered.add(full);
		chat.sendPresence({ to: full });
	}
}
