// The messages of one conversation in the page, by day. Text from others goes into the page by
// textContent only. Each conversation has its own log element, so that a screen reader does not
// announce old messages when the user changes to another one.
import { h, linked, named } from "./dom.js";
import { TEXT } from "./texts.js";

const GROUP_MS = 5 * 60_000; // messages of one person within this time are drawn as one block
const QUIET_MS = 1_000; // how long a screen reader is kept from reading lines that are drawn again

/**
 * @typedef {import("./lines.js").Line} Line
 *
 * @typedef {object} Parts
 * @property {string} jid
 * @property {() => string} name of the other side
 * @property {Line[]} lines oldest first; they change
 * @property {HTMLTemplateElement} template of one message
 * @property {(line: Line) => void} onAgain the user wants to send this message again
 * @property {() => void} onEarlier the user wants to read earlier messages
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

/** Whether a line is drawn close to the one above it. @param {Line} line @param {Line} [above] */
const continues = (line, above) =>
	above !== undefined &&
	sameDay(above, line) &&
	Math.abs(line.time.getTime() - above.time.getTime()) < GROUP_MS &&
	above.direction === line.direction &&
	above.author === line.author;

/** A sign with its meaning for screen readers. @param {string} name @param {string} sign @param {string} meaning */
const newSign = (name, sign, meaning) =>
	h("span", { class: name, title: meaning }, h("span", { "aria-hidden": "true" }, sign), h("span", { class: "visually-hidden" }, meaning));

/** What is known about a message, beside its time. @param {Line} line */
function signsOf({ fate, edited }) {
	const signs = [];
	if (edited) signs.push(h("span", { class: "edited" }, ` ${TEXT.edited}`));
	if (fate === "pending") signs.push(newSign("pending", " …", TEXT.pending));
	if (fate === "delivered") signs.push(newSign("delivered", " ✓", TEXT.delivered));
	return signs;
}

export class Log {
	/** @type {Map<Line, HTMLElement>} */ #drawn = new Map();
	/** @type {Line[]} */ #order = []; // the drawn lines, as they stand in the page
	/** @type {Parts} */ #parts;
	/** @type {HTMLElement | null} */ #earlier = null;

	/** @param {Parts} parts */
	constructor(parts) {
		this.#parts = parts;
		this.element = h("div", { class: "log", role: "log", "data-jid": parts.jid });
	}

	/** Draws new lines, moves those that have moved, and removes those that are gone. */
	draw() {
		const { lines } = this.#parts;
		const kept = this.#order.every((line, i) => line === lines[i]);
		if (kept && this.#order.length > 0) this.#append(lines.slice(this.#order.length));
		else if (!kept || lines.length > 0) this.#drawAll();
		this.#order = [...lines];
	}

	/** Draws a line again, because it has changed. @param {Line} line */
	update(line) {
		const old = this.#drawn.get(line);
		const above = this.#order[this.#order.indexOf(line) - 1];
		if (old) old.replaceWith(this.#newMessage(line, above));
	}

	/** @param {boolean} there the archive has earlier messages */
	offerEarlier(there) {
		this.#earlier?.remove();
		this.#earlier = null;
		if (!there) return;
		this.#earlier = h("button", { type: "button", class: "quiet earlier" }, TEXT.earlier);
		this.#earlier.addEventListener("click", () => this.#parts.onEarlier());
		this.element.prepend(this.#earlier);
	}

	/** @param {Line[]} lines */
	#append(lines) {
		let above = this.#order[this.#order.length - 1];
		for (const line of lines) {
			if (!above || !sameDay(above, line)) this.element.append(newDay(line.time));
			this.element.append(this.#newMessage(line, above));
			above = line;
		}
	}

	#drawAll() {
		const old = new Map(this.#drawn);
		this.#drawn.clear();
		this.element.setAttribute("aria-live", "off");
		this.element.replaceChildren(...(this.#earlier ? [this.#earlier] : []));
		/** @type {Line | undefined} */ let above;
		for (const line of this.#parts.lines) {
			if (!above || !sameDay(above, line)) this.element.append(newDay(line.time));
			const element = old.get(line);
			element?.classList.toggle("same", continues(line, above));
			if (element) this.#drawn.set(line, element);
			this.element.append(element ?? this.#newMessage(line, above));
			above = line;
		}
		setTimeout(() => this.element.removeAttribute("aria-live"), QUIET_MS);
	}

	/**
	 * @param {Line} line @param {Line} [above]
	 * @returns {HTMLElement}
	 */
	#newMessage(line, above) {
		const copy = /** @type {DocumentFragment} */ (this.#parts.template.content.cloneNode(true));
		const message = /** @type {HTMLElement} */ (copy.firstElementChild);
		const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (message.querySelector(name));
		message.classList.add(line.direction);
		message.classList.toggle("same", continues(line, above));
		if (line.id) message.dataset.id = line.id;
		const author = line.author || (line.direction === "out" ? TEXT.you : this.#parts.name());
		part(".author").replaceChildren(named(author), ": ");
		part(".author").classList.toggle("visually-hidden", line.author === "" || line.direction === "out");
		part(".text").dir = "auto";
		part(".text").replaceChildren(...linked(line.text));
		const time = /** @type {HTMLTimeElement} */ (part("time"));
		time.dateTime = line.time.toISOString();
		time.textContent = clock.format(line.time);
		time.title = wholeTime.format(line.time);
		part(".meta").append(...signsOf(line));
		if (line.fate === "unsent" || line.fate === "refused") this.#offerAgain(message, line);
		this.#drawn.set(line, message);
		return message;
	}

	/** @param {HTMLElement} message @param {Line} line that did not arrive */
	#offerAgain(message, line) {
		const again = h("button", { type: "button", class: "link" }, TEXT.again);
		again.addEventListener("click", () => this.#parts.onAgain(line));
		message.classList.add("unsent");
		message.append(h("p", { class: "note" }, line.fate === "refused" ? TEXT.refused : TEXT.unsent, " ", again));
	}
}
