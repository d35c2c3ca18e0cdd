// Sends a file to the XMPP server's upload service (XEP-0363) after the user has seen its name and
// size. Then sends the file's URL to the contact. A box above the input field shows what happens.
import { h, named } from "./dom.js";
import { child } from "./stanza.js";

const NS_UPLOAD = "urn:xmpp:http:upload:0";
const NS_DISCO_ITEMS = "http://jabber.org/protocol/disco#items";
const NS_DISCO_INFO = "http://jabber.org/protocol/disco#info";
const HEADERS = ["authorization", "expires"]; // the headers of XEP-0363, section 5, that a script is allowed to set
const SILENT_MS = 60_000; // an upload without progress for this time has failed

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {typeof import("./texts.js").TEXT} Texts
 * @typedef {{jid: string, max: number}} Service max: in bytes; Infinity if the service reports no limit
 * @typedef {{put: string, get: string, headers: [string, string][]}} Slot
 */

/** Formats a size with its unit. @param {number} bytes */
function sizeText(bytes) {
	const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
	const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
	const format = { style: "unit", unit: units[step], unitDisplay: "short", maximumFractionDigits: step > 1 ? 1 : 0 };
	return new Intl.NumberFormat(document.documentElement.lang || undefined, /** @type {any} */ (format)).format(bytes / 1000 ** step);
}

/** The size of the largest file that a service accepts, in bytes. @param {Element} info */
function maxSize(info) {
	for (const field of info.querySelectorAll('field[var="max-file-size"] > value')) {
		const max = Number(field.textContent);
		if (Number.isSafeInteger(max) && max > 0) return max;
	}
	return Infinity;
}

export class Uploads {
	#TEXT;
	#parts;
	/** @type {Promise<Service | null> | null} */ #service = null;
	/** @type {XMLHttpRequest | null} */ #request = null;
	#box = h("div", { class: "file-offer", role: "group", hidden: true });

	/** @param {Texts} texts @param {import("./filepicker.js").Parts} parts */
	constructor(texts, parts) {
		this.#TEXT = texts;
		this.#parts = parts;
		this.#box.setAttribute("aria-label", texts.attach);
		parts.part("composer").before(this.#box);
	}

	/**
	 * Shows the file's name and size, and sends the file when the user presses the button.
	 * @param {Contact} contact @param {File} file
	 */
	async offer(contact, file) {
		this.#stop();
		const TEXT = this.#TEXT;
		const says = h("p", { role: "status" });
		const bar = /** @type {HTMLProgressElement} */ (h("progress", { max: "1", value: "0", "aria-label": TEXT.sending, hidden: true }));
		const send = /** @type {HTMLButtonElement} */ (h("button", { type: "button" }, TEXT.send));
		const remove = h("button", { type: "button", class: "quiet" }, TEXT.cancel);
		const what = h("p", { class: "what" }, named(file.name), ` (${sizeText(file.size)}) → `, named(contact.name));
		this.#box.replaceChildren(what, bar, says, h("div", { class: "buttons" }, remove, send));
		this.#box.hidden = false;
		remove.addEventListener("click", () => this.#close());
		send.addEventListener("click", async () => {
			send.disabled = true;
			bar.hidden = false;
			says.textContent = TEXT.sending;
			const failure = await this.#send(contact, file, (part) => (bar.value = part)).catch(({ message }) => message);
			if (!this.#box.contains(send)) return; // the user has cancelled it, or chosen another file
			if (failure === "") this.#close();
			send.disabled = false;
			bar.hidden = true;
			says.textContent = failure;
		});
		send.focus();
		const max = (await this.#find())?.max ?? Infinity;
		if (file.size <= max || !this.#box.contains(send)) return;
		send.disabled = true;
		says.textContent = TEXT.fileTooLarge.replace("{size}", sizeText(max));
		remove.focus();
	}

	#stop() {
		this.#request?.abort();
		this.#request = null;
	}

	#close() {
		this.#stop();
		this.#box.hidden = true;
		this.#box.replaceChildren();
		this.#parts.part("compose").focus();
	}

	/**
	 * @param {Contact} contact @param {File} file @param {(part: number) => void} onProgress part: how much is sent, from 0 to 1
	 * @returns {Promise<string>} the error, as a text for the user; "" if the file was sent
	 */
	async #send(contact, file, onProgress) {
		const TEXT = this.#TEXT;
		const service = await this.#find();
		if (!service) return TEXT.noUpload;
		const slot = await this.#slot(service, file);
		if (!slot) return TEXT.uploadRefused;
		if (!(await this.#put(slot, file, onProgress))) return TEXT.uploadFailed;
		return this.#parts.send(contact, slot.get) ? "" : TEXT.uploadFailed;
	}

	/** Returns the service. Looks for it only once, but again after a failure. @returns {Promise<Service | null>} */
	async #find() {
		const service = await (this.#service ??= this.#look());
		if (!service) this.#service = null;
		return service;
	}

	/** Finds the service, which is the server itself or one of its components. @returns {Promise<Service | null>} */
	async #look() {
		const domain = this.#parts.chat.jid.split("@")[1] ?? "";
		const items = await this.#ask(domain, NS_DISCO_ITEMS);
		const jids = Array.from(items?.children ?? [], (item) => item.getAttribute("jid") ?? "").filter((jid) => jid !== "");
		const all = [domain, ...jids.slice(0, 30)];
		const infos = await Promise.all(all.map((jid) => this.#ask(jid, NS_DISCO_INFO)));
		for (const [i, info] of infos.entries())
			if (info?.querySelector(`feature[var="${NS_UPLOAD}"]`)) return { jid: all[i], max: maxSize(info) };
		return null;
	}

	/** @param {string} to @param {string} xmlns @returns {Promise<Element | null>} the <query/> of the answer */
	async #ask(to, xmlns) {
		const { chat } = this.#parts;
		const iq = chat.build()?.$iq({ type: "get", to }).c("query", { xmlns });
		const answer = iq ? await chat.ask(iq) : null;
		return answer?.getAttribute("type") === "result" ? child(answer, "query", xmlns) : null;
	}

	/**
	 * Asks where to send the file.
	 * @param {Service} service @param {File} file
	 * @returns {Promise<Slot | null>} null if the service has refused the file
	 * @throws {Error} with a text for the user, if a URL does not have one of the configured origins
	 */
	async #slot({ jid }, file) {
		const { chat, origins } = this.#parts;
		const type = file.type || "application/octet-stream";
		const request = { xmlns: NS_UPLOAD, filename: file.name, size: String(file.size), "content-type": type };
		const iq = chat.build()?.$iq({ type: "get", to: jid }).c("request", request);
		const answer = iq ? await chat.ask(iq) : null;
		const slot = answer && child(answer, "slot", NS_UPLOAD);
		if (!slot) return null;
		const [put, get] = ["put", "get"].map((name) => child(slot, name));
		const [putUrl, getUrl] = [put, get].map((element) => element?.getAttribute("url") ?? "");
		for (const url of [putUrl, getUrl]) {
			const origin = URL.canParse(url) ? new URL(url).origin : "";
			if (!origins.includes(origin)) throw new Error(this.#TEXT.uploadElsewhere.replace("{origin}", origin || url));
		}
		const headers = Array.from(put?.children ?? [], (header) => [header.getAttribute("name") ?? "", header.textContent ?? ""]);
		return { put: putUrl, get: getUrl, headers: /** @type {[string, string][]} */ (headers.filter(([name]) => HEADERS.includes(name.toLowerCase()))) };
	}

	/** @param {Slot} slot @param {File} file @param {(part: number) => void} onProgress @returns {Promise<boolean>} */
	#put({ put, headers }, file, onProgress) {
		return new Promise((done) => {
			const request = (this.#request = new XMLHttpRequest()); // fetch reports no progress
			let timer = setTimeout(() => request.abort(), SILENT_MS);
			request.open("PUT", put);
			request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
			for (const [name, value] of headers) request.setRequestHeader(name, value.replace(/[\r\n]/g, ""));
			request.upload.addEventListener("progress", ({ loaded, total }) => {
				clearTimeout(timer);
				timer = setTimeout(() => request.abort(), SILENT_MS);
				onProgress(total > 0 ? loaded / total : 0);
			});
			request.addEventListener("loadend", () => {
				clearTimeout(timer);
				done(request.status === 200 || request.status === 201);
			});
			request.send(file);
		});
	}
}
