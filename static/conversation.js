// The open conversation: its messages by day, and the field to write in. What others wrote goes into the page by
// textContent only. Each contact has a log of its own, so that changing between them is not read out as news.
import { drawAvatar, presenceOf, presenceText } from "./contacts.js";
import { TEXT } from "./texts.js";

const GROUP_MS = 5 * 60_000; // messages of one person so close together are drawn as one block
const AT_END_PX = 80; // so near the end, the log follows what comes
const LOG_MAX = 1_000; // messages kept in the page per contact: it may stay open for weeks

/**
 * @typedef {import("./contacts.js").Contact} Contact
 *
 * @typedef {object} Line
 * @property {"in" | "out"} direction
 * @property {string} text
 * @property {Date} time
 * @property {string} [id]
 *
 * @typedef {object} Log
 * @property {HTMLElement} element
 * @property {Line | null} last
 * @property {string} draft
 */

const language = document.documentElement.lang || undefined;
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dayName = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const dayNameOfYear = new Intl.DateTimeFormat(language, { dateStyle: "long" });
const wholeTime = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });

/** @param {Date} time @param {number} [daysBack] */
const dayOf = (time, daysBack = 0) => new Date(time.getFullYear(), time.getMonth(), time.getDate() - daysBack);

/** @param {Date} time @param {Date} now */
function dayText(time, now) {
	const day = dayOf(time).getTime();
	if (day === dayOf(now).getTime()) return TEXT.today;
	if (day === dayOf(now, 1).getTime()) return TEXT.yesterday;
	return time.getFullYear() === now.getFullYear() ? dayName.format(time) : dayNameOfYear.format(time);
}

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

export class Conversation {
	/** @type {Map<string, Log>} */ #logs = new Map();
	/** @type {Contact | null} */ #contact = null;
	#section = byId("conversation");
	#holder = byId("logs");
	#field = byId("compose");
	#send = byId("send");
	#onSend;
	#sendable = false;

	/** @param {(contact: Contact, text: string) => void} onSend */
	constructor(onSend) {
		this.#onSend = onSend;
		const form = byId("composer");
		form.addEventListener("submit", (/** @type {Event} */ event) => {
			event.preventDefault();
			this.#submit();
		});
		this.#field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
			if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
			event.preventDefault();
			this.#submit();
		});
		this.#field.addEventListener("input", () => this.#drawComposer());
	}

	get contact() {
		return this.#contact;
	}

	/** Shows the conversation with this contact; null: with nobody. @param {Contact | null} contact */
	open(contact) {
		if (this.#contact) this.#log(this.#contact.jid).draft = this.#field.value;
		this.#contact = contact;
		this.#section.hidden = !contact;
		byId("nobody").hidden = Boolean(contact);
		for (const log of this.#logs.values()) log.element.hidden = true;
		if (!contact) return;
		const log = this.#log(contact.jid);
		log.element.hidden = false;
		this.#field.value = log.draft;
		this.drawPeer();
		this.#drawComposer();
		this.#toEnd();
	}

	focus() {
		this.#field.focus();
	}

	/** What is written can be sent. @param {boolean} sendable */
	setSendable(sendable) {
		this.#sendable = sendable;
		this.#drawComposer();
	}

	/** Name and presence of the one talked to. */
	drawPeer() {
		const contact = this.#contact;
		if (!contact) return;
		const presence = presenceOf(contact);
		byId("peer-name").textContent = contact.name;
		byId("peer-presence").textContent = presenceText(presence);
		this.#section.dataset.show = presence.show || "online";
		drawAvatar(byId("peer-avatar"), contact.name);
	}

	/** @param {Contact} contact @param {Line} line */
	add(contact, line) {
		const log = this.#log(contact.jid);
		const { element, last } = log;
		const follows = this.#contact === contact && this.#isAtEnd();
		const sameDay = last !== null && dayOf(last.time).getTime() === dayOf(line.time).getTime();
		if (!sameDay) element.append(this.#newDay(line.time));
		const close = last !== null && Math.abs(line.time.getTime() - last.time.getTime()) < GROUP_MS;
		const message = this.#newMessage(contact, line);
		message.classList.toggle("same", sameDay && close && last?.direction === line.direction);
		element.append(message);
		while (element.children.length > LOG_MAX) element.firstElementChild?.remove();
		log.last = line;
		if (follows || line.direction === "out") this.#toEnd();
	}

	/** Says at a message that it did not arrive. @param {string} id @param {boolean} sure */
	markUnsent(id, sure) {
		const message = Array.from(this.#holder.querySelectorAll(".message.out")).find((el) => el.dataset.id === id);
		if (!message || message.classList.contains("unsent")) return;
		const { jid } = message.parentElement.dataset;
		const text = message.querySelector(".text").textContent;
		message.classList.add("unsent");
		const note = document.createElement("p");
		note.className = "note";
		note.textContent = sure ? TEXT.refused : TEXT.unsent;
		const again = document.createElement("button");
		again.type = "button";
		again.className = "link";
		again.textContent = TEXT.again;
		again.addEventListener("click", () => {
			const contact = this.#contact;
			if (!this.#sendable || !contact || contact.jid !== jid) return;
			message.remove();
			this.#onSend(contact, text);
			this.focus();
		});
		note.append(" ", again);
		message.append(note);
	}

	/** @param {string} jid @returns {Log} */
	#log(jid) {
		let log = this.#logs.get(jid);
		if (!log) {
			const element = document.createElement("div");
			element.className = "log";
			element.setAttribute("role", "log");
			element.dataset.jid = jid;
			element.hidden = true;
			this.#holder.append(element);
			log = { element, last: null, draft: "" };
			this.#logs.set(jid, log);
		}
		return log;
	}

	/** @param {Date} time */
	#newDay(time) {
		const day = document.createElement("p");
		day.className = "day";
		const element = document.createElement("time");
		element.dateTime = time.toISOString().slice(0, 10);
		element.textContent = dayText(time, new Date());
		day.append(element);
		return day;
	}

	/** @param {Contact} contact @param {Line} line @returns {HTMLElement} */
	#newMessage(contact, line) {
		const message = byId("message-template").content.cloneNode(true).firstElementChild;
		message.classList.add(line.direction);
		if (line.id) message.dataset.id = line.id;
		message.querySelector(".author").textContent = `${line.direction === "out" ? TEXT.you : contact.name}: `;
		message.querySelector(".text").textContent = line.text;
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
		this.#drawComposer();
		this.#onSend(this.#contact, text);
	}

	#drawComposer() {
		const field = this.#field;
		this.#send.disabled = !this.#sendable || field.value.trim() === "";
		field.style.height = "auto";
		field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
	}

	#isAtEnd() {
		const { scrollHeight, scrollTop, clientHeight } = this.#holder;
		return scrollHeight - scrollTop - clientHeight < AT_END_PX;
	}

	#toEnd() {
		this.#holder.scrollTop = this.#holder.scrollHeight;
	}
}
