// The messages of one conversation in the page, by day. Text from others goes into the page by
// textContent only. Each conversation has its own log element, so that a screen reader does not
// announce old messages when the user opens another conversation.
import { h, linked, named } from "./dom.js";
import { fileOf } from "./files.js";
import { TEXT } from "./texts.js";

const GROUP_MS = 5 * 60_000; // messages of one person within this time are drawn as one block
const QUIET_MS = 1_000; // after all lines are drawn again, a screen reader does not read them for this time

/**
 * @typedef {import("./lines.js").Line} Line
 *
 * @typedef {object} Parts
 * @property {string} jid
 * @property {() => string} name the other side's name
 * @property {Line[]} lines oldest first; the caller changes this list
 * @property {string[]} origins the origins of the upload service; URLs with these origins are shown as files
 * @property {HTMLTemplateElement} template the template for one message
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

/** Whether a line is drawn close to the line above it. @param {Line} line @param {Line} [above] */
const continues = (line, above) =>
	above !== undefined &&
	sameDay(above, line) &&
	Math.abs(line.time.getTime() - above.time.getTime()) < GROUP_MS &&
	above.direction === line.direction &&
	above.author === line.author;

/** Makes a sign with its meaning for screen readers. @param {string} name @param {string} sign @param {string} meaning */
const newSign = (name, sign, meaning) =>
	h("span", { class: name, title: meaning }, h("span", { "aria-hidden": "true" }, sign), h("span", { class: "visually-hidden" }, meaning));

/** Makes the signs beside a message's time, which show whether the message was sent, delivered, read or edited. @param {Line} line */
function signsOf({ direction, fate, edited }) {
	const signs = [];
	if (edited) signs.push(h("span", { class: "edited" }, ` ${TEXT.edited}`));
	if (fate === "pending") signs.push(newSign("pending", " …", TEXT.pending));
	if (fate === "" && direction === "out") signs.push(newSign("sent", " ✓", TEXT.sent));
	if (fate === "delivered") signs.push(newSign("delivered", " ✓✓", TEXT.delivered));
	if (fate === "read") signs.push(newSign("delivered read", " ✓✓", TEXT.read));
	return signs;
}

/**
 * Puts these nodes into an element, in this order, and removes all other nodes. A node that stays is not
 * moved, because a move would end a selection in it, take the focus away, and restart its animation.
 * @param {Element} element @param {Node[]} nodes
 */
function arrange(element, nodes) {
	const kept = new Set(nodes);
	for (const node of Array.from(element.childNodes)) if (!kept.has(node)) node.remove();
	let next = element.firstChild;
	for (const node of nodes) {
		if (node === next) next = node.nextSibling;
		else element.insertBefore(node, next);
	}
}

/**
 * Returns what a message shows: its text, or the picture or the name of its file.
 * @param {string} text @param {string[]} origins @returns {(Node | string)[]}
 */
function shownText(text, origins) {
	const file = fileOf(text, origins);
	if (!file) return linked(text);
	const { url, name, picture } = file;
	const shown = picture ? h("img", { src: url, alt: name, loading: "lazy", decoding: "async", referrerpolicy: "no-referrer" }) : name;
	return [h("a", { class: "file", href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, shown)];
}

/** Returns, as one string, the properties of a line that can change after it is drawn. @param {Line} line */
const stateOf = ({ text, fate, edited }) => JSON.stringify([fate, edited, text]);

export class Log {
	/** @type {Map<Line, {element: HTMLElement, state: string, text: string}>} */ #drawn = new Map();
	/** @type {Map<number, HTMLElement>} */ #days = new Map(); // the headings, by the beginning of the day
	/** @type {Line[]} */ #order = []; // the drawn lines, in the order of the page
	/** @type {Parts} */ #parts;
	/** @type {HTMLElement | null} */ #earlier = null;
	/** @type {Line | null} */ #firstUnread = null; // the heading "New messages" is above this line, also after the line is read
	#newHeading = h("p", { class: "day new" }, TEXT.newMessages);

	/** @param {Parts} parts */
	constructor(parts) {
		this.#parts = parts;
		this.element = h("div", { class: "log", role: "log", "data-jid": parts.jid });
	}

	/** Call this when the user opens the conversation or writes. Moves the heading "New messages" to the first unread line. */
	markNew() {
		const first = this.#parts.lines.find(({ seen }) => !seen) ?? null;
		if (first === this.#firstUnread) return;
		this.#firstUnread = first;
		this.#order = []; // draws all lines again, because the heading moves
	}

	/**
	 * Draws new and changed lines, and removes the lines that are no longer there. Each line
	 * keeps its element until the line is removed.
	 */
	draw() {
		const { lines } = this.#parts;
		if (!this.#firstUnread) this.markNew();
		const kept = this.#order.every((line, i) => line === lines[i]);
		for (const line of lines) this.#update(line);
		if (kept && this.#order.length > 0) this.#append(lines.slice(this.#order.length));
		else if (!kept || lines.length > 0) this.#drawAll();
		this.#order = [...lines];
	}

	/** @param {boolean} there true if the archive has earlier messages */
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
			this.element.append(...this.#nodesOf(line, above));
			above = line;
		}
	}

	#drawAll() {
		const { lines } = this.#parts;
		const there = new Set(lines);
		for (const line of this.#drawn.keys()) if (!there.has(line)) this.#drawn.delete(line);
		this.element.setAttribute("aria-live", "off");
		arrange(this.element, [
			...(this.#earlier ? [this.#earlier] : []),
			...lines.flatMap((line, i) => this.#nodesOf(line, lines[i - 1])),
		]);
		setTimeout(() => this.element.removeAttribute("aria-live"), QUIET_MS);
	}

	/**
	 * Returns the headings of the message, if it has any, and then its element. The first message of a day has the day's heading, and the
	 * first unread message has the heading "New messages".
	 * @param {Line} line @param {Line} [above]
	 */
	#nodesOf(line, above) {
		const message = this.#drawn.get(line)?.element ?? this.#newMessage(line);
		message.classList.toggle("same", continues(line, above));
		const nodes = line === this.#firstUnread ? [this.#newHeading, message] : [message];
		if (above && sameDay(above, line)) return nodes;
		const day = dayOf(line.time).getTime();
		const heading = this.#days.get(day) ?? newDay(line.time);
		this.#days.set(day, heading);
		return [heading, ...nodes];
	}

	/** @param {Line} line @returns {HTMLElement} */
	#newMessage(line) {
		const copy = /** @type {DocumentFragment} */ (this.#parts.template.content.cloneNode(true));
		const message = /** @type {HTMLElement} */ (copy.firstElementChild);
		const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (message.querySelector(name));
		message.classList.add(line.direction);
		if (line.id) message.dataset.id = line.id;
		const author = line.author || (line.direction === "out" ? TEXT.you : this.#parts.name());
		part(".author").replaceChildren(named(author), ": ");
		part(".author").classList.toggle("visually-hidden", line.author === "" || line.direction === "out");
		part(".text").dir = "auto";
		const time = /** @type {HTMLTimeElement} */ (part("time"));
		time.dateTime = line.time.toISOString();
		time.textContent = clock.format(line.time);
		time.title = wholeTime.format(line.time);
		part(".meta").setAttribute("aria-live", "off"); // so that a screen reader reads the message, but not each new sign
		this.#drawn.set(line, { element: message, state: "", text: "" });
		this.#update(line);
		return message;
	}

	/** Draws the changes of a line that was drawn before. @param {Line} line */
	#update(line) {
		const drawn = this.#drawn.get(line);
		const state = stateOf(line);
		if (!drawn || drawn.state === state) return;
		const { element } = drawn;
		const text = /** @type {HTMLElement} */ (element.querySelector(".text"));
		if (drawn.text !== line.text) text.replaceChildren(...shownText(line.text, this.#parts.origins));
		Object.assign(drawn, { state, text: line.text });
		for (const sign of element.querySelectorAll(".edited, .pending, .sent, .delivered, .note")) sign.remove();
		element.querySelector(".meta")?.append(...signsOf(line));
		const lost = line.fate === "unsent" || line.fate === "refused";
		element.classList.toggle("unsent", lost);
		if (lost) element.append(this.#newNote(line));
	}

	/** @param {Line} line the line of a message that did not arrive */
	#newNote(line) {
		const again = h("button", { type: "button", class: "link" }, TEXT.again);
		again.addEventListener("click", () => this.#parts.onAgain(line));
		return h("p", { class: "note" }, line.fate === "refused" ? TEXT.refused : TEXT.unsent, " ", again);
	}
}
