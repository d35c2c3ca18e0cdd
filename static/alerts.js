// Tells of messages that nobody sees, by a sound and, if the page is not visible, by a notification.
// The user turns it on with a button; only then the browser asks whether the site may show
// notifications.
import { keep, readKept, sharedStorage } from "./storage.js";
import { loadMore, TEXT } from "./texts.js";

const KEY = "prebind-alerts"; // true or false, as this user has chosen; handover.js removes it at log-out
const LOOK_MS = 1_500; // another tab may show the message, also on a busy machine
const QUIET_MS = 3_000; // between two sounds, of all tabs

/** @typedef {import("./contacts.js").Contact} Contact */

export class Alerts {
	/** @type {HTMLButtonElement | null} */ #button;
	#unread;
	#onOpen;

	/**
	 * @param {HTMLButtonElement | null} button null: there are no alerts
	 * @param {{unread: (contact: Contact) => boolean, onOpen: (contact: Contact) => void}} hooks onOpen: the user has clicked
	 *   a notification
	 */
	constructor(button, { unread, onOpen }) {
		this.#button = button;
		this.#unread = unread;
		this.#onOpen = onOpen;
		if (!button) return;
		button.title = TEXT.notify;
		button.hidden = false;
		button.addEventListener("click", () => this.#toggle());
		window.addEventListener("storage", () => this.#draw());
		this.#draw();
	}

	/** Without a choice, somebody who has allowed the site to show notifications wants them. */
	get #on() {
		return readKept(sharedStorage(), KEY) ?? globalThis.Notification?.permission === "granted";
	}

	#draw() {
		this.#button?.setAttribute("aria-pressed", String(this.#on));
	}

	#toggle() {
		const on = !this.#on;
		keep(sharedStorage(), KEY, on);
		this.#draw();
		if (!on) return;
		this.#play(); // what it sounds like
		if (globalThis.Notification?.permission === "default") Notification.requestPermission();
	}

	/** @param {Contact} contact @param {string} body of a message that is not in sight */
	tell(contact, body) {
		if (!this.#button || !this.#on) return;
		setTimeout(() => {
			if (!this.#unread(contact)) return; // it was read in another tab
			this.#play();
			if (document.visibilityState === "hidden") this.#notify(contact, body);
		}, LOOK_MS);
	}

	/** One tab plays for all. */
	#play() {
		const play = async () => (await loadMore()).playSound();
		const quiet = async (/** @type {Lock | null} */ lock) => {
			if (!lock) return;
			await play();
			await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
		};
		const playing = navigator.locks?.request("prebind-sound", { ifAvailable: true }, quiet) ?? play();
		playing.catch(() => {}); // without a network there is no sound
	}

	/** @param {Contact} contact @param {string} body */
	#notify(contact, body) {
		if (globalThis.Notification?.permission !== "granted") return;
		const note = new Notification(contact.name, { body, tag: `prebind-${contact.jid}` });
		note.addEventListener("click", () => {
			window.focus();
			this.#onOpen(contact);
			note.close();
		});
	}
}
