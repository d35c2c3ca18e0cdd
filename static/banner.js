// The banner above the chat, with the state of the connection.
import { fill, TEXT } from "./texts.js";

const PATIENCE_MS = 800; // the banner stays hidden if connecting takes less time than this

export class Banner {
	/** @type {any} */ #countTimer = null;
	/** @type {any} */ #patienceTimer = null;
	#part;

	/** @param {(id: string) => any} part returns the element with this id */
	constructor(part) {
		this.#part = part;
	}

	hide() {
		this.#set("");
	}

	connecting() {
		const patience = this.#part("banner").hidden ? PATIENCE_MS : 0;
		clearTimeout(this.#patienceTimer);
		this.#patienceTimer = setTimeout(() => this.#set("wait", TEXT.connecting), patience);
	}

	/** @param {string} reason @param {number | null} retryIn milliseconds; null if the page does not retry by itself */
	lost(reason, retryIn) {
		this.#set("lost", reason === "conflict" ? TEXT.conflict : TEXT.lost, { retry: true });
		if (retryIn !== null) this.#countDown(retryIn);
	}

	/** @param {string} url the URL of the login page */
	needsLogin(url) {
		this.#set("login", TEXT.needsLogin, { login: url });
	}

	/** @param {string} code the reason why the visitor gets no session */
	error(code) {
		/** @type {Record<string, string>} */
		const texts = { no_client: TEXT.noClient, no_chat_account: TEXT.noAccount };
		this.#set("lost", texts[code] ?? TEXT.refusedSession);
	}

	/** @param {string} kind "" hides the banner @param {string} [text] @param {{retry?: boolean, login?: string}} [ways] */
	#set(kind, text = "", { retry = false, login = "" } = {}) {
		clearInterval(this.#countTimer);
		clearTimeout(this.#patienceTimer);
		this.#part("banner").hidden = kind === "";
		this.#part("banner").dataset.kind = kind;
		this.#part("banner-text").textContent = text;
		this.#part("banner-count").textContent = "";
		this.#part("banner-retry").hidden = !retry;
		this.#part("banner-login").hidden = login === "";
		if (login) this.#part("banner-login").href = login;
	}

	/**
	 * Shows the remaining seconds outside the live region, so that a screen reader does not announce each second.
	 * @param {number} ms
	 */
	#countDown(ms) {
		const until = Date.now() + ms;
		const draw = () => {
			const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
			this.#part("banner-count").textContent = fill(TEXT.retryIn, { seconds });
		};
		draw();
		this.#countTimer = setInterval(draw, 1000);
	}
}
