// The staff of the site. A user asks them with a button, and is told whether somebody is there. The
// address of the page goes with the first message. Nobody needs to be anybody's contact: the user's
// page sends its presence to the staff and to nobody else, and a page of the staff answers with its
// own. The server reports later to both that the other one has gone (RFC 6121, section 4.6).
import { h } from "./dom.js";
import { jidName } from "./stanza.js";

const ANSWER_MS = 1_500; // of a page of the staff that is there
const ANSWERED_MAX = 1_000; // visitors whom a page of the staff remembers

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
	#about = ""; // the address of the page that goes with the next message to the staff
	#toldAbout = ""; // the one that the staff know already
	/** @type {Promise<void> | null} */ #looking = null; // who is there is not known yet
	/** @type {Set<string>} */ #answered = new Set(); // full JIDs
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

	/** Whether this is one of the staff. @param {string} jid bare */
	has(jid) {
		return this.#jids.includes(jid.toLowerCase());
	}

	/** The one to write to: who is there, else the first. */
	get first() {
		const contacts = this.#jids.map((jid) => this.#parts.contactOf(jid));
		return contacts.find(isThere) ?? contacts[0] ?? null;
	}

	/**
	 * Opens a conversation with the one of the staff who is there, else with the first. It is open
	 * at once; another one takes its place only if nothing is written in it yet.
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

	/** The user has opened this conversation. @param {Contact} contact */
	opened({ jid }) {
		if (this.has(jid) && !this.#isOurs) this.#look();
		this.draw();
	}

	/** Draws who is there, and what goes with the message. */
	draw() {
		const contact = this.#parts.current();
		const ours = contact !== null && this.has(contact.jid) && !this.#isOurs;
		this.#note.hidden = !ours;
		if (!ours) return;
		const says = isThere(contact) || this.#looking !== null ? "" : this.#TEXT.leaveMessage;
		if (this.#state.textContent !== says) this.#state.textContent = says;
		this.#note.classList.toggle("silent", says === "" && this.#about === ""); // not hidden: it is read aloud
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

	/** @param {Contact} contact @param {string} text @returns {string} what is sent */
	outgoing({ jid }, text) {
		if (this.#about === "" || !this.has(jid)) return text;
		const whole = `${text}\n\n${this.#about}`;
		this.#toldAbout = this.#about;
		this.#about = "";
		this.draw();
		return whole;
	}

	/** This user is one of the staff. */
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

	/** Finds out who is there, as far as that is possible. @returns {Promise<void>} */
	#look() {
		const contacts = this.#jids.map(this.#parts.contactOf);
		if (contacts.some(isThere) || contacts.every(({ known }) => known)) return Promise.resolve();
		return (this.#looking ??= this.#askThem(contacts).then(() => {
			this.#looking = null;
			this.draw();
		}));
	}

	/** Sends this user's presence to those who do not get it anyway. @param {Contact[]} contacts */
	async #askThem(contacts) {
		const { chat } = this.#parts;
		if (chat.state !== "ready") await new Promise((resolve) => chat.addEventListener("ready", resolve, { once: true }));
		for (const { jid, known } of contacts) if (!known) chat.sendPresence({ to: jid });
		await this.#somebody();
	}

	/** Waits until one of the staff is there, but not for long. @returns {Promise<void>} */
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
