// Alerts the user to new messages that are not in sight: plays a sound and, if the page is hidden,
// shows a notification. The user turns alerts on with a button. Only then does the browser ask
// whether the site is allowed to show notifications.
import { keep, readKept, sharedStorage } from "./storage.js";
import { loadMore, TEXT } from "./texts.js";

const KEY = "prebind-alerts"; // storage key; true or false, as the user has chosen; handover.js removes the key at log-out
const LOOK_MS = 1_500; // delay before an alert, in which another tab can mark the message as read; long enough for a busy machine
const QUIET_MS = 3_000; // after a sound in any tab, no tab plays a sound for this time

/** @typedef {import("./contacts.js").Contact} Contact */

export class Alerts {
	/** @type {HTMLButtonElement | null} */ #button;
	#unread;
	#onOpen;

	/**
	 * @param {HTMLButtonElement | null} button turns alerts on and off; null if this page has no alerts
	 * @param {{unread: (contact: Contact) => boolean, onOpen: (contact: Contact) => void}} hooks onOpen: called when the user
	 *   clicks a notification
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

	/** Whether alerts are on. By default, alerts are on if the site is allowed to show notifications. */
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
		this.#play(); // lets the user hear the sound once
		if (globalThis.Notification?.permission === "default") Notification.requestPermission();
	}

	/** @param {Contact} contact @param {string} body the text of a message that is not in sight */
	tell(contact, body) {
		if (!this.#button || !this.#on) return;
		setTimeout(() => {
			if (!this.#unread(contact)) return; // no alert is needed, because the user has read the message meanwhile
			this.#play();
			if (document.visibilityState === "hidden") this.#notify(contact, body);
		}, LOOK_MS);
	}

	/** Plays the sound, unless another tab has just played it. */
	#play() {
		const play = async () => (await loadMore()).playSound();
		const quiet = async (/** @type {Lock | null} */ lock) => {
			if (!lock) return;
			await play();
			await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
		};
		const playing = navigator.locks?.request("prebind-sound", { ifAvailable: true }, quiet) ?? play();
		playing.catch(() => {}); // there is no sound if its code cannot be fetched, for example without a network
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
