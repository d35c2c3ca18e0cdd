// The open conversation: its messages by day, and the field to write in. Text from others goes into
// the page by textContent only. Each contact has its own log element, so that a screen reader does
// not announce old messages when the user changes to another contact.
import { drawAvatar, presenceOf, presenceText } from "./contacts.js";
import { h, linked, named } from "./dom.js";
import { TEXT } from "./texts.js";

const GROUP_MS = 5 * 60_000; // messages of one person within this time are drawn as one block
const AT_END_PX = 80; // this near the end, the log scrolls to new messages
const LOG_MAX = 1_000; // messages and days in the page for each contact: it may stay open for weeks
const TYPING_MAX_MS = 30_000; // a client that loses its network never reports that its user has stopped
const PAUSE_MS = 5_000; // after this time without input, this user has stopped writing
const SAME_MS = 5_000; // largest difference between the archive's time and ours for one message

/**
 * @typedef {import("./contacts.js").Contact} Contact
 *
 * @typedef {object} Line
 * @property {"in" | "out"} direction
 * @property {string} text
 * @property {Date} time
 * @property {string} [id]
 * @property {string} [author] only in a group chat
 *
 * @typedef {object} Log
 * @property {HTMLElement} element
 * @property {Line[]} lines
 * @property {string} draft
 * @property {string | null} before for the next older page of the archive; null: none has been read
 * @property {boolean} asked the archive has been asked
 *
 * @typedef {object} Hooks
 * @property {(contact: Contact, text: string) => void} onSend
 * @property {(contact: Contact, typing: boolean) => void} onTyping
 * @property {(contact: Contact, before: string) => Promise<{messages: any[], first: string, complete: boolean} | null>} history
 */

const lang = globalThis.document?.documentElement.lang || undefined;
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dayName = new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long" });
const dayNameOfYear = new Intl.DateTimeFormat(lang, { dateStyle: "long" });
const wholeTime = new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "short" });

/** @param {Date} time @param {number} [daysBack] */
const dayOf = (time, daysBack = 0) => new Date(time.getFullYear(), time.getMonth(), time.getDate() - daysBack);

/** @param {Line} a @param {Line} b */
const sameDay = (a, b) => dayOf(a.time).getTime() === dayOf(b.time).getTime();

/** @param {Date} time @param {Date} now */
function dayText(time, now) {
	const day = dayOf(time).getTime();
	if (day === dayOf(now).getTime()) return TEXT.today;
	if (day === dayOf(now, 1).getTime()) return TEXT.yesterday;
	return time.getFullYear() === now.getFullYear() ? dayName.format(time) : dayNameOfYear.format(time);
}

/** @param {Date} time */
function newDay(time) {
	const element = h("time", { datetime: time.toISOString().slice(0, 10) }, dayText(time, new Date()));
	return h("p", { class: "day" }, element);
}

/**
 * Whether both are the same message, once from the archive and once as it arrived.
 * @param {Line} a @param {Line} b
 */
const isSame = (a, b) =>
	a.direction === b.direction &&
	a.text === b.text &&
	((a.id && a.id === b.id) || Math.abs(a.time.getTime() - b.time.getTime()) < SAME_MS);

export class Conversation {
	/** @type {Map<string, Log>} */ #logs = new Map();
	/** @type {Contact | null} */ #contact = null;
	/** @type {Hooks} */ #hooks;
	/** @type {Map<string, any>} */ #typing = new Map(); // by JID of a contact who is writing: the timer that ends it
	/** @type {any} */ #pauseTimer = null;
	#part;
	#field;
	#sendable = false;

	/** @param {(id: string) => any} part returns the element with this id @param {Hooks} hooks */
	constructor(part, hooks) {
		this.#part = part;
		this.#field = part("compose");
		this.#field.dir = "auto"; // depends on the text in it, not on the page's language
		this.#hooks = hooks;
		part("composer").addEventListener("submit", (/** @type {Event} */ event) => {
			event.preventDefault();
			this.#submit();
		});
		this.#field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
			if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
			event.preventDefault();
			this.#submit();
		});
		this.#field.addEventListener("input", () => this.#onInput());
	}

	get contact() {
		return this.#contact;
	}

	/**
	 * Shows the conversation with this contact; null: closes the conversation.
	 * @param {Contact | null} contact
	 */
	open(contact) {
		if (this.#contact) {
			this.#log(this.#contact.jid).draft = this.#field.value;
			this.#pause();
		}
		this.#contact = contact;
		this.#part("conversation").hidden = !contact;
		this.#part("nobody").hidden = Boolean(contact);
		for (const log of this.#logs.values()) log.element.hidden = true;
		if (!contact) return;
		const log = this.#log(contact.jid);
		log.element.hidden = false;
		this.#field.value = log.draft;
		this.drawPeer();
		this.#drawComposer();
		this.#toEnd();
		if (!log.asked && this.#sendable) this.#askEarlier(contact, log);
	}

	focus() {
		this.#field.focus();
	}

	/** Inserts a text at the cursor. @param {string} text */
	insert(text) {
		const { selectionStart, selectionEnd } = this.#field;
		this.#field.setRangeText(text, selectionStart, selectionEnd, "end");
		this.#onInput();
		this.focus();
	}

	/** @param {boolean} sendable messages can be sent now */
	setSendable(sendable) {
		this.#sendable = sendable;
		this.#drawComposer();
		const log = this.#contact && this.#log(this.#contact.jid);
		if (sendable && this.#contact && log && !log.asked) this.#askEarlier(this.#contact, log);
	}

	/** Draws the contact's name and presence. */
	drawPeer() {
		const contact = this.#contact;
		if (!contact) return;
		const presence = presenceOf(contact);
		const typing = this.#typing.has(contact.jid);
		this.#part("peer-name").replaceChildren(named(contact.name));
		this.#part("peer-presence").textContent = typing ? TEXT.typing : presenceText(contact);
		this.#part("conversation").dataset.show = presence.show || "online";
		drawAvatar(this.#part("peer-avatar"), contact.name);
	}

	/** @param {Contact} contact @param {boolean} typing */
	setTyping(contact, typing) {
		clearTimeout(this.#typing.get(contact.jid));
		this.#typing.delete(contact.jid);
		if (typing) {
			const stop = setTimeout(() => this.setTyping(contact, false), TYPING_MAX_MS);
			this.#typing.set(contact.jid, stop);
		}
		if (contact === this.#contact) this.drawPeer();
	}

	/** @param {Contact} contact @param {Line} line */
	add(contact, line) {
		const log = this.#log(contact.jid);
		const { element, lines } = log;
		const follows = this.#contact === contact && this.#isAtEnd();
		const last = lines[lines.length - 1];
		if (!last || !sameDay(last, line)) element.append(newDay(line.time));
		element.append(this.#newMessage(contact, line, last));
		while (element.children.length > LOG_MAX) element.firstElementChild?.remove();
		lines.push(line);
		if (follows || line.direction === "out") this.#toEnd();
	}

	/** Marks a message that the contact's client has received. @param {string} id */
	markDelivered(id) {
		const message = this.#find(id);
		if (!message || message.querySelector(".delivered")) return;
		const mark = h("span", { class: "delivered", title: TEXT.delivered }, h("span", { "aria-hidden": "true" }, " ✓"));
		mark.append(h("span", { class: "visually-hidden" }, TEXT.delivered));
		message.querySelector(".meta")?.append(mark);
	}

	/**
	 * Marks a message that did not arrive.
	 * @param {string} id @param {boolean} sure false: it may have arrived
	 */
	markUnsent(id, sure) {
		const message = this.#find(id);
		if (!message || message.classList.contains("unsent")) return;
		const { jid } = message.parentElement?.dataset ?? {};
		const text = message.querySelector(".text")?.textContent ?? "";
		message.classList.add("unsent");
		const again = h("button", { type: "button", class: "link" }, TEXT.again);
		again.addEventListener("click", () => {
			const contact = this.#contact;
			if (!this.#sendable || !contact || contact.jid !== jid) return;
			message.remove();
			this.#hooks.onSend(contact, text);
			this.focus();
		});
		message.append(h("p", { class: "note" }, sure ? TEXT.refused : TEXT.unsent, " ", again));
	}

	/** @param {string} id @returns {HTMLElement | undefined} one of our own messages */
	#find(id) {
		/** @type {HTMLElement[]} */ const messages = Array.from(this.#part("logs").querySelectorAll(".message.out"));
		return messages.find((el) => el.dataset.id === id);
	}

	/** @param {string} jid @returns {Log} */
	#log(jid) {
		let log = this.#logs.get(jid);
		if (!log) {
			const element = h("div", { class: "log", role: "log", "data-jid": jid, hidden: true });
			this.#part("logs").append(element);
			log = { element, lines: [], draft: "", before: null, asked: false };
			this.#logs.set(jid, log);
		}
		return log;
	}

	/**
	 * Adds one more page from the archive above the messages that are shown.
	 * @param {Contact} contact @param {Log} log
	 */
	async #askEarlier(contact, log) {
		if (contact.room || contact.jid.includes("/")) return; // the archive is asked by bare JID
		log.asked = true;
		log.element.querySelector(".earlier")?.remove();
		const page = await this.#hooks.history(contact, log.before ?? "");
		if (!page) {
			log.asked = log.before !== null; // no archive or no session: there may be one next time
			return;
		}
		log.before = page.first;
		/** @type {Line[]} */
		const found = page.messages.map(({ direction, body, time, id }) => ({ direction, text: body, time, id }));
		const news = found.filter((line) => !log.lines.some((known) => isSame(known, line)));
		log.lines = [...news, ...log.lines].sort((a, b) => a.time.getTime() - b.time.getTime());
		this.#redraw(contact, log, news);
		if (!page.complete) log.element.prepend(this.#newEarlier(contact, log));
	}

	/** @param {Contact} contact @param {Log} log */
	#newEarlier(contact, log) {
		const button = h("button", { type: "button", class: "quiet earlier" }, TEXT.earlier);
		button.addEventListener("click", () => this.#askEarlier(contact, log));
		return button;
	}

	/**
	 * Inserts lines from the archive at their places, and keeps the elements that are there.
	 * @param {Contact} contact @param {Log} log @param {Line[]} news
	 */
	#redraw(contact, log, news) {
		if (news.length === 0) return;
		const holder = this.#part("logs");
		const fromEnd = holder.scrollHeight - holder.scrollTop;
		const atEnd = this.#isAtEnd();
		const drawn = Array.from(log.element.querySelectorAll(".message"));
		log.element.setAttribute("aria-live", "off"); // a screen reader must not announce old messages
		log.element.querySelectorAll(".day").forEach((day) => day.remove());
		let last;
		for (const line of log.lines) {
			const element = news.includes(line) ? this.#newMessage(contact, line, last) : drawn.shift();
			if (!last || !sameDay(last, line)) log.element.append(newDay(line.time));
			if (element) log.element.append(element);
			last = line;
		}
		setTimeout(() => log.element.removeAttribute("aria-live"), 1000);
		holder.scrollTop = atEnd ? holder.scrollHeight : holder.scrollHeight - fromEnd;
	}

	/**
	 * @param {Contact} contact @param {Line} line @param {Line} [last] the line above
	 * @returns {HTMLElement}
	 */
	#newMessage(contact, line, last) {
		const message = this.#part("message-template").content.cloneNode(true).firstElementChild;
		const close = last !== undefined && Math.abs(line.time.getTime() - last.time.getTime()) < GROUP_MS;
		const follows = close && sameDay(last, line) && last.direction === line.direction && last.author === line.author;
		message.classList.add(line.direction);
		message.classList.toggle("same", follows);
		if (line.id) message.dataset.id = line.id;
		const author = line.author ?? (line.direction === "out" ? TEXT.you : contact.name);
		message.querySelector(".author").replaceChildren(named(author), ": ");
		message.querySelector(".author").classList.toggle("visually-hidden", !line.author || line.direction === "out");
		message.querySelector(".text").dir = "auto";
		message.querySelector(".text").replaceChildren(...linked(line.text));
		const time = message.querySelector("time");
		time.dateTime = line.time.toISOString();
		time.textContent = clock.format(line.time);
		time.title = wholeTime.format(line.time);
		return message;
	}

	#submit() {
		const text = this.#field.value.trim();
		if (!this.#contact || !this.#sendable || text === "") return;
		this.#field.value = "";
		clearTimeout(this.#pauseTimer);
		this.#pauseTimer = null; // the message itself shows that writing has ended
		this.#drawComposer();
		this.#hooks.onSend(this.#contact, text);
	}

	#onInput() {
		this.#drawComposer();
		if (!this.#contact || !this.#sendable) return;
		if (this.#pauseTimer === null && this.#field.value !== "") this.#hooks.onTyping(this.#contact, true);
		clearTimeout(this.#pauseTimer);
		this.#pauseTimer = setTimeout(() => this.#pause(), this.#field.value === "" ? 0 : PAUSE_MS);
	}

	#pause() {
		if (this.#pauseTimer === null) return;
		clearTimeout(this.#pauseTimer);
		this.#pauseTimer = null;
		if (this.#contact && this.#sendable) this.#hooks.onTyping(this.#contact, false);
	}

	#drawComposer() {
		const field = this.#field;
		this.#part("send").disabled = !this.#sendable || field.value.trim() === "";
		field.style.height = "auto";
		field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
	}

	#isAtEnd() {
		const { scrollHeight, scrollTop, clientHeight } = this.#part("logs");
		return scrollHeight - scrollTop - clientHeight < AT_END_PX;
	}

	#toEnd() {
		const holder = this.#part("logs");
		holder.scrollTop = holder.scrollHeight;
	}
}
