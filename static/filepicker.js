// Lets the user choose a picture or file to send. uploads.js sends it.
import { h, icon } from "./dom.js";
import { Uploads } from "./uploads.js";

const CLIP = "M20 11.5 12 19.5a5 5 0 0 1-7-7l8-8a3.4 3.4 0 0 1 5 5l-8 8a1.8 1.8 0 0 1-2.5-2.5l7-7";

/**
 * @typedef {import("./contacts.js").Contact} Contact
 *
 * @typedef {object} Parts
 * @property {import("./prebind.js").Prebind} chat
 * @property {string[]} origins the origins of the upload service
 * @property {(id: string) => any} part the element with this id
 * @property {() => Contact | null} contact returns the contact whose conversation is open
 * @property {(contact: Contact, text: string) => boolean} send returns false if the text was not sent
 */

/** Lets the user choose a file by a button, drop it on the conversation, or paste it. */
export class FilePicker {
	#parts;
	#input = /** @type {HTMLInputElement} */ (h("input", { type: "file", hidden: true }));
	#uploads;

	/** @param {typeof import("./texts.js").TEXT} TEXT @param {Parts} parts */
	constructor(TEXT, parts) {
		this.#parts = parts;
		this.#uploads = new Uploads(TEXT, parts);
		const { part } = parts;
		const button = h("button", { type: "button", class: "quiet", id: "attach", "aria-label": TEXT.attach }, icon(CLIP));
		button.addEventListener("click", () => this.#input.click());
		(part("emoji") ?? part("send")).before(button, this.#input);
		this.#input.addEventListener("change", () => {
			this.#offer(this.#input.files);
			this.#input.value = ""; // so that the same file can be chosen again
		});
		part("compose").addEventListener("paste", (/** @type {ClipboardEvent} */ event) => this.#take(event, event.clipboardData));
		part("conversation").addEventListener("dragover", (/** @type {DragEvent} */ event) => {
			if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // otherwise the browser opens the file
		});
		part("conversation").addEventListener("drop", (/** @type {DragEvent} */ event) => this.#take(event, event.dataTransfer));
	}

	/** @param {Event} event @param {DataTransfer | null} data */
	#take(event, data) {
		if (!data || data.files.length === 0) return;
		event.preventDefault();
		this.#offer(data.files);
	}

	/** @param {FileList | null} files only the first one is used */
	#offer(files) {
		const [contact, file] = [this.#parts.contact(), files?.[0]];
		if (contact && file) this.#uploads.offer(contact, file);
	}
}
