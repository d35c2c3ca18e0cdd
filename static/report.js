// The dialog with which a user reports a message, or a person, to the staff. It shows the text of the
// report, and only its button sends this text.
import { h } from "./dom.js";

const CHOICES_MAX = 20; // the user can choose from this many of the last messages
const SHOWN_MAX = 70; // longest text of a message in the list, in characters
const QUOTED_MAX = 2_000; // longest text of the message in the report, in characters

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {import("./lines.js").Line} Line
 * @typedef {typeof import("./texts.js").TEXT} Texts
 */

/** @param {string} text @param {number} max */
const short = (text, max) => (text.length > max ? `${text.slice(0, max)}…` : text);

export class Report {
	#TEXT;
	#parts;
	#staff;
	/** @type {Contact | null} */ #contact = null;
	/** @type {Line[]} */ #lines = [];
	#choice = /** @type {HTMLSelectElement} */ (h("select", { id: "report-message" }));
	#comment = /** @type {HTMLTextAreaElement} */ (h("textarea", { id: "report-comment", rows: "2", maxlength: "1000" }));
	#preview = h("blockquote", { class: "quoted", dir: "auto", tabindex: "0" });
	#says = h("p", { class: "field-error", role: "alert" });
	#dialog;

	/** @param {Texts} texts @param {import("./site.js").Parts} parts @param {import("./staff.js").Staff} staff */
	constructor(texts, parts, staff) {
		this.#TEXT = texts;
		this.#parts = parts;
		this.#staff = staff;
		this.#dialog = this.#build();
	}

	/** Whether the conversation can be reported: the site has staff, and neither side belongs to the staff. @param {Contact} contact */
	possible({ jid }) {
		const { staff } = this.#parts.info;
		return staff.length > 0 && !this.#staff.has(jid) && !this.#staff.has(this.#parts.chat.jid);
	}

	/** Shows the dialog. @param {Contact} contact */
	open(contact) {
		const TEXT = this.#TEXT;
		this.#contact = contact;
		this.#lines = this.#parts.talk(contact).lines.filter(({ direction }) => direction === "in").slice(-CHOICES_MAX).reverse();
		const options = this.#lines.map(({ author, text }, i) =>
			h("option", { value: String(i) }, short(author ? `${author}: ${text}` : text, SHOWN_MAX)));
		this.#choice.replaceChildren(...options, h("option", { value: "" }, TEXT.reportNone));
		this.#comment.value = "";
		this.#says.textContent = "";
		this.#draw();
		if (!this.#dialog.isConnected) this.#parts.part("conversation").append(this.#dialog);
		this.#dialog.showModal();
	}

	#build() {
		const TEXT = this.#TEXT;
		const send = h("button", { type: "button" }, TEXT.reportSend);
		const cancel = h("button", { type: "button", class: "quiet" }, TEXT.cancel);
		const dialog = /** @type {HTMLDialogElement} */ (
			h(
				"dialog",
				{ class: "report", "aria-labelledby": "report-title" },
				h("h2", { id: "report-title" }, TEXT.report),
				h("label", { for: "report-message" }, TEXT.reportMessage),
				this.#choice,
				h("label", { for: "report-comment" }, TEXT.reportComment),
				this.#comment,
				h("p", { id: "report-preview" }, TEXT.reportPreview),
				this.#preview,
				this.#says,
				h("div", { class: "buttons" }, cancel, send),
			)
		);
		this.#preview.setAttribute("aria-labelledby", "report-preview");
		this.#choice.addEventListener("change", () => this.#draw());
		this.#comment.addEventListener("input", () => this.#draw());
		cancel.addEventListener("click", () => dialog.close());
		send.addEventListener("click", () => this.#send());
		dialog.addEventListener("keydown", (event) => event.stopPropagation()); // Escape closes only the dialog
		dialog.addEventListener("close", () => this.#parts.part("compose").focus());
		return dialog;
	}

	#draw() {
		this.#preview.textContent = this.#text();
	}

	/** The text of the report. */
	#text() {
		const [TEXT, contact] = [this.#TEXT, this.#contact];
		const { fill, address } = this.#parts;
		if (!contact) return "";
		const line = this.#lines[Number(this.#choice.value || NaN)];
		const name = line?.author ? `${line.author} (${contact.jid})` : contact.jid;
		const comment = this.#comment.value.trim();
		const parts = [fill(TEXT.reportOf, { name })];
		if (line) parts.push(line.time.toISOString(), ...short(line.text, QUOTED_MAX).split("\n").map((each) => `> ${each}`));
		if (comment) parts.push("", comment);
		if (address()) parts.push("", address());
		return parts.join("\n");
	}

	#send() {
		const to = this.#staff.first;
		if (to && this.#parts.send(to, this.#text())) {
			this.#dialog.close();
			this.#parts.part("announcer").textContent = this.#TEXT.reportSent;
		} else {
			this.#says.textContent = this.#TEXT.unsent;
		}
	}
}
