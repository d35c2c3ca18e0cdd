// The chat's user interface, in a page or in a shadow tree. It connects the session (prebind.js)
// with the contacts and the conversation, and shows the state of the connection. README.md lists
// the elements that it needs.
import { Contacts } from "./contacts.js";
import { Conversation } from "./conversation.js";
import { h, named } from "./dom.js";
import { bareJid, cleanText, jidResource, typedJid } from "./stanza.js";
import { fill, TEXT } from "./texts.js";

const PATIENCE_MS = 800; // a faster connection is not announced
const ADDRESS = /^[^\s@/"&'<>:]+@[^\s@/]+$/;
const EMOJI = "🙂 😀 😂 😉 😍 😎 🤔 😢 😮 😡 👍 👎 👏 🙏 💪 👋 ❤️ 🎉 🔥 ✅ ❌ ☕ 🌹 🚀".split(" ");

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {import("./prebind.js").Prebind} Prebind
 *
 * @typedef {object} Parts
 * @property {Document | ShadowRoot} root contains the elements
 * @property {HTMLElement} frame the element that gets data-state and data-view
 * @property {Prebind} chat
 * @property {() => boolean} narrow list and conversation do not fit side by side
 * @property {() => boolean} shown a person could see the open conversation
 * @property {(unread: number) => void} onUnread
 * @property {boolean} [history] the browser's back button leads from the conversation to the list
 */

export class ChatUi {
	/** @type {Parts} */ #parts;
	/** @type {Prebind} */ #chat;
	/** @type {any} */ #countTimer = null;
	/** @type {any} */ #patienceTimer = null;
	#contacts;
	#conversation;

	/** @param {Parts} parts */
	constructor(parts) {
		this.#parts = parts;
		const chat = (this.#chat = parts.chat);
		this.#contacts = new Contacts({
			list: this.#part("contacts"),
			template: this.#part("contact-template"),
			onOpen: (contact) => this.#open(contact),
		});
		this.#conversation = new Conversation((id) => this.#part(id), {
			onSend: (contact, text) => this.#send(contact, text),
			onTyping: (contact, typing) => chat.sendTyping(contact.lockedTo, typing),
			history: (contact, before) => chat.history(contact.jid, before),
		});
		this.#listen();
		this.#wire();
	}

	get unread() {
		return this.#contacts.unread;
	}

	/** To be called when the chat becomes visible: the open conversation counts as read then. */
	seen() {
		if (!this.#conversation.contact || !this.#parts.shown()) return;
		this.#contacts.markOpen(this.#conversation.contact);
		this.#drawUnread();
	}

	/** Goes back to the list. */
	close() {
		const jid = this.#conversation.contact?.jid ?? "";
		this.#conversation.open(null);
		this.#contacts.markOpen(null);
		this.#parts.frame.dataset.view = "list";
		this.#contacts.focus(jid);
	}

	/** @param {string} id @returns {any} */
	#part(id) {
		return this.#parts.root.getElementById(id);
	}

	#listen() {
		const chat = this.#chat;
		/** @param {string} type @param {(detail: any) => void} run */
		const on = (type, run) => chat.addEventListener(type, (event) => run(/** @type {any} */ (event).detail));
		on("connecting", () => this.#onConnecting());
		on("ready", () => {
			this.#setBanner("");
			this.#contacts.forgetPresence(); // it belongs to the session before
			this.#setState("ready");
		});
		on("roster", ({ items, whole }) => {
			this.#contacts.setRoster(items, whole);
			this.#conversation.drawPeer();
			this.#drawEmpty();
		});
		on("presence", (presence) => {
			if (this.#contacts.setPresence(presence) === this.#conversation.contact) this.#conversation.drawPeer();
		});
		on("message", (message) => this.#onMessage(message));
		on("typing", ({ peer, typing }) => {
			const contact = this.#contacts.find(peer);
			if (contact) this.#conversation.setTyping(contact, typing);
		});
		on("delivered", ({ id }) => this.#conversation.markDelivered(id));
		on("room", (room) => this.#onRoom(room));
		on("request", ({ jid }) => this.#onRequest(bareJid(jid)));
		on("unsent", ({ ids }) => ids.forEach((/** @type {string} */ id) => this.#conversation.markUnsent(id, false)));
		on("lost", (detail) => this.#onLost(detail));
		on("needs-login", ({ url }) => {
			this.#setState("stopped");
			this.#setBanner("login", TEXT.needsLogin, { login: url });
		});
		on("error", ({ code }) => this.#onError(code));
	}

	#wire() {
		this.#parts.frame.dataset.view = "list";
		this.#conversation.setSendable(false);
		this.#part("start").addEventListener("submit", (/** @type {Event} */ event) => this.#onStart(event));
		this.#part("back").addEventListener("click", () => this.#goBack());
		this.#part("banner-retry").addEventListener("click", () => this.#chat.retry());
		this.#part("status")?.addEventListener("change", () => this.#chat.setShow(this.#part("status").value));
		this.#wireEmoji();
		this.#parts.frame.addEventListener("keydown", (event) => {
			if (this.#part("emoji-list")?.matches(":popover-open")) return; // Escape closes the emoji list
			if (event.key === "Escape" && this.#conversation.contact && !event.isComposing) {
				event.stopPropagation();
				this.#goBack();
			}
		});
	}

	/** Fills the emoji list, which a site's own template may leave out. */
	#wireEmoji() {
		const list = this.#part("emoji-list");
		if (!list) return;
		for (const emoji of EMOJI) {
			const button = h("button", { type: "button", class: "quiet" }, emoji);
			button.addEventListener("click", () => {
				list.hidePopover?.();
				this.#conversation.insert(emoji);
			});
			list.append(button);
		}
	}

	// ---- one conversation ----

	/** @param {Contact} contact */
	#open(contact) {
		// On a phone the browser's back button leads to the list, too. The history entry names
		// nobody.
		if (this.#parts.history && this.#parts.narrow() && !this.#conversation.contact)
			history.pushState({ conversation: true }, "");
		this.#conversation.open(contact);
		this.#contacts.markOpen(contact);
		this.#parts.frame.dataset.view = "conversation";
		this.#drawUnread();
		this.#conversation.focus();
	}

	#goBack() {
		if (this.#parts.history && history.state?.conversation) history.back();
		else this.close();
	}

	/** @param {Contact} contact @param {string} text */
	#send(contact, text) {
		const id = this.#chat.send(contact.lockedTo, text);
		// A group chat sends the message back to us, and it is added then.
		if (id && !contact.room) this.#conversation.add(contact, { direction: "out", text: cleanText(text), time: new Date(), id });
	}

	/** @param {import("./stanza.js").Message} message */
	#onMessage(message) {
		if (message.kind === "error") {
			this.#conversation.markUnsent(message.id, true);
			return;
		}
		const { kind, peer, direction, body, time, id, from } = message;
		const contact = this.#contactOf(peer);
		const author = kind === "room" ? jidResource(from) : undefined;
		if (direction === "in" && kind === "chat" && !contact.room) contact.lockedTo = from;
		this.#conversation.setTyping(contact, false);
		this.#conversation.add(contact, { direction, text: body, time, id, author });
		const seen = this.#conversation.contact === contact && this.#parts.shown();
		if (direction === "in" && !seen && !(kind === "room" && message.delayed)) {
			contact.unread += 1;
			const announce = fill(TEXT.newMessage, { name: contact.name });
			if (this.#conversation.contact !== contact) this.#part("announcer").textContent = announce;
			this.#notify(contact, body);
		}
		this.#contacts.draw();
		this.#drawUnread();
		this.#drawEmpty();
	}

	/**
	 * Returns the contact. A new one in a known group chat is named with the group chat, else by
	 * the address.
	 * @param {string} peer
	 */
	#contactOf(peer) {
		const known = this.#contacts.find(peer);
		if (known) return known;
		const contact = this.#contacts.get(peer);
		const room = this.#contacts.find(bareJid(peer));
		if (peer !== bareJid(peer) && room?.room) contact.name = fill(TEXT.inRoom, { name: jidResource(peer), room: room.name });
		return contact;
	}

	/**
	 * Shows a notification if the page is not visible and the user has allowed it.
	 * @param {Contact} contact @param {string} body
	 */
	#notify(contact, body) {
		if (document.visibilityState === "visible" || globalThis.Notification?.permission !== "granted") return;
		const note = new Notification(contact.name, { body, tag: `prebind-${contact.jid}` });
		note.addEventListener("click", () => {
			window.focus();
			this.#open(contact);
			note.close();
		});
	}

	/** @param {Event} event */
	async #onStart(event) {
		event.preventDefault();
		const field = this.#part("address");
		const jid = typedJid(field.value, this.#chat.jid);
		const good = ADDRESS.test(jid);
		this.#sayAddress(good ? "" : TEXT.badAddress);
		if (!good) return;
		field.value = "";
		const contact = this.#contacts.get(jid);
		if (!contact.room && !contact.known && (await this.#chat.isRoom(jid))) {
			contact.room = { state: "joining", people: [] };
			this.#chat.join(jid);
		}
		this.#open(contact);
		this.#drawEmpty();
	}

	/** @param {string} text what is wrong with the address; "": nothing */
	#sayAddress(text) {
		this.#part("address-error").textContent = text;
		this.#part("address").setAttribute("aria-invalid", String(text !== ""));
	}

	/** @param {{jid: string, state: string, people: string[]}} room */
	#onRoom({ jid, state, people }) {
		const contact = this.#contacts.get(jid);
		contact.room = { state, people };
		if (state === "refused") this.#sayAddress(fill(TEXT.roomRefused, { name: jid }));
		this.#contacts.draw();
		this.#conversation.drawPeer();
	}

	// ---- the list ----

	#drawUnread() {
		this.#parts.onUnread(this.#contacts.unread);
	}

	#drawEmpty() {
		this.#part("no-contacts").hidden = this.#contacts.size > 0;
	}

	/** @param {string} jid asks to see our presence, and is not in the roster */
	#onRequest(jid) {
		const list = this.#part("requests");
		if (Array.from(list.children).some((item) => item.dataset.request === jid)) return;
		const item = this.#part("request-template").content.cloneNode(true).firstElementChild;
		item.dataset.request = jid;
		item.querySelector(".name").replaceChildren(named(jid));
		/** @param {() => void} answer */
		const answered = (answer) => {
			if (this.#chat.state !== "ready") return;
			answer();
			item.remove();
			this.#part("address").focus();
		};
		item.querySelector(".accept").addEventListener("click", () => answered(() => this.#chat.accept(jid)));
		item.querySelector(".deny").addEventListener("click", () => answered(() => this.#chat.deny(jid)));
		list.append(item);
	}

	// ---- the connection ----

	/** @param {string} kind "" for none @param {string} [text] @param {{retry?: boolean, login?: string}} [ways] */
	#setBanner(kind, text = "", { retry = false, login = "" } = {}) {
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
	 * The seconds are outside the live region, so that a screen reader does not announce each.
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

	/** @param {string} state connecting, ready, lost or stopped; the style sheet uses it, too */
	#setState(state) {
		this.#parts.frame.dataset.state = state;
		this.#conversation.setSendable(state === "ready");
		if (this.#part("status")) this.#part("status").disabled = state !== "ready";
		this.#conversation.drawPeer();
	}

	#onConnecting() {
		const patience = this.#part("banner").hidden ? PATIENCE_MS : 0;
		this.#setState("connecting");
		clearTimeout(this.#patienceTimer);
		this.#patienceTimer = setTimeout(() => this.#setBanner("wait", TEXT.connecting), patience);
	}

	/** @param {{reason: string, retryIn: number | null}} detail */
	#onLost({ reason, retryIn }) {
		this.#setState("lost");
		if (retryIn === 0) return;
		this.#contacts.forgetPresence();
		this.#conversation.drawPeer();
		this.#setBanner("lost", reason === "conflict" ? TEXT.conflict : TEXT.lost, { retry: true });
		if (retryIn !== null) this.#countDown(retryIn);
	}

	/** @param {string} code */
	#onError(code) {
		this.#setState("stopped");
		const texts = { no_client: TEXT.noClient, no_chat_account: TEXT.noAccount };
		this.#setBanner("lost", /** @type {Record<string, string>} */ (texts)[code] ?? TEXT.refusedSession);
	}
}
