// The open conversation: its log (log.js), whether the newest message is in sight, and the field to
// write in.
import { drawAvatar } from "./avatar.js";
import { presenceOf, presenceText } from "./contacts.js";
import { h, named } from "./dom.js";
import { Log } from "./log.js";
import { loadMore, TEXT } from "./texts.js";

const AT_END_PX = 80; // the log scrolls to new messages if it is at most this far from its end
const TYPING_MAX_MS = 30_000; // after this time a contact counts as no longer writing, because a client without a network cannot report it
const PAUSE_MS = 5_000; // after this time without input, this user counts as no longer writing

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {import("./lines.js").Line} Line
 * @typedef {import("./talks.js").Talk} Talk
 *
 * @typedef {object} Shown
 * @property {Log} log
 * @property {string | null} before pass this to get the next older page of the archive; null if no page has been read
 * @property {boolean} asked true if the archive has been queried
 *
 * @typedef {object} Hooks
 * @property {(contact: Contact) => Talk} talk
 * @property {(contact: Contact, text: string) => boolean} onSend returns false if the text was not sent
 * @property {(contact: Contact, line: Line) => void} onAgain
 * @property {(contact: Contact, typing: boolean) => void} onTyping
 * @property {(contact: Contact, text: string) => void} onDraft
 * @property {Pick<import("./filepicker.js").Parts, "chat" | "origins">} files
 * @property {() => void} onEnd called when the newest message comes into sight
 * @property {(contact: Contact, before: string) => Promise<{first: string, complete: boolean} | null>} history adds
 *   one page of the archive to the conversation
 */

export class Conversation {
	/** @type {Map<string, Shown>} */ #shown = new Map(); // by JID
	/** @type {Contact | null} */ #contact = null;
	/** @type {Hooks} */ #hooks;
	/** @type {Map<string, any>} */ #typing = new Map(); // timers that end the state "is writing", by the contact's JID
	/** @type {any} */ #pauseTimer = null;
	#part;
	#field;
	#drawn = ""; // the draft that this page last put into the field
	#news; // the button that scrolls to the newest message
	#muted = h("p", { class: "muted", id: "muted", role: "status" }); // tells users that they can only read
	#sendable = false;
	#top = 0; // the log's scroll position when #follows was last set
	#follows = true; // true while the newest message is in sight; then the log scrolls down to each new message

	/** @param {(id: string) => any} part returns the element with this id @param {Hooks} hooks */
	constructor(part, hooks) {
		this.#part = part;
		this.#field = part("compose");
		this.#field.dir = "auto"; // the direction depends on the text in the field, not on the page's language
		this.#hooks = hooks;
		this.#news = h("button", { type: "button", class: "news", hidden: true }, `${TEXT.newMessages} ↓`);
		part("composer").before(this.#news, this.#muted);
		this.#news.addEventListener("click", () => {
			this.toEnd();
			this.focus();
		});
		part("logs").addEventListener("scroll", () => this.#onScroll());
		part("composer").addEventListener("submit", (/** @type {Event} */ event) => {
			event.preventDefault();
			this.#submit();
		});
		this.#field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
			if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
			event.preventDefault();
			this.#submit();
		});
		this.#field.addEventListener("input", () => this.#onInput());
		if (hooks.files.origins.length > 0) this.#letSendFiles();
	}

	/** Adds the button that sends files. If loading its code fails, this page has no button; the next page tries again. */
	async #letSendFiles() {
		const more = await loadMore().catch(() => null);
		const send = (/** @type {Contact} */ contact, /** @type {string} */ text) => this.#hooks.onSend(contact, text);
		if (more) new more.FilePicker(TEXT, { ...this.#hooks.files, part: this.#part, contact: () => this.#contact, send });
	}

	get contact() {
		return this.#contact;
	}

	/** Whether the newest message is in sight, or would be if the page were visible. */
	get atEnd() {
		this.#noticeScroll();
		return this.#follows;
	}

	/**
	 * Shows the conversation with this contact. With null, closes the conversation.
	 * @param {Contact | null} contact
	 */
	open(contact) {
		if (this.#contact) this.#pause();
		this.#contact = contact;
		this.#part("conversation").hidden = !contact;
		this.#part("nobody").hidden = Boolean(contact);
		for (const { log } of this.#shown.values()) log.element.hidden = true;
		if (!contact) return;
		const shown = this.#show(contact);
		shown.log.element.hidden = false;
		shown.log.markNew();
		shown.log.draw();
		this.#offerCut(contact, shown);
		this.#fillIn(contact);
		this.drawPeer();
		this.#drawComposer();
		this.toEnd();
		this.#askArchive(contact, shown);
	}

	focus() {
		if (this.#field.disabled) this.#part("logs").focus();
		else this.#field.focus();
	}

	/** Inserts a text at the cursor. @param {string} text */
	insert(text) {
		if (this.#field.disabled) return;
		const { selectionStart, selectionEnd } = this.#field;
		this.#field.setRangeText(text, selectionStart, selectionEnd, "end");
		this.#onInput();
		this.focus();
	}

	/** @param {boolean} sendable true if messages can be sent now */
	setSendable(sendable) {
		this.#sendable = sendable;
		this.#drawComposer();
		if (this.#contact) this.#askArchive(this.#contact, this.#show(this.#contact));
	}

	/** Draws the contact's name and presence. */
	drawPeer() {
		const contact = this.#contact;
		if (!contact) return;
		const presence = presenceOf(contact);
		const typing = this.#typing.has(contact.jid);
		this.#part("peer-name").replaceChildren(named(contact.name));
		this.#part("peer-presence").textContent = typing ? TEXT.typing : presenceText(contact);
		this.#part("conversation").dataset.show = presence.show || "online";
		drawAvatar(this.#part("peer-avatar"), contact.name, contact.picture);
		if (this.#field.disabled !== (contact.room?.muted === true)) this.#drawComposer();
	}

	/** @param {Contact} contact @param {boolean} typing */
	setTyping(contact, typing) {
		clearTimeout(this.#typing.get(contact.jid));
		this.#typing.delete(contact.jid);
		if (typing) {
			const stop = setTimeout(() => this.setTyping(contact, false), TYPING_MAX_MS);
			this.#typing.set(contact.jid, stop);
		}
		if (contact === this.#contact) this.drawPeer();
	}

	/** Draws the lines of a conversation after it has changed. @param {Contact} contact */
	draw(contact) {
		const shown = this.#shown.get(contact.jid);
		if (contact !== this.#contact || !shown) return; // a conversation that is not open is drawn when it is opened
		const holder = this.#part("logs");
		this.#noticeScroll();
		const fromEnd = holder.scrollHeight - holder.scrollTop;
		const first = shown.log.element.querySelector(".message");
		shown.log.draw();
		this.#offerCut(contact, shown);
		if (this.#follows) this.toEnd();
		else if (first !== shown.log.element.querySelector(".message")) this.#scrollTo(holder.scrollHeight - fromEnd);
		this.#drawNews();
	}

	/**
	 * Call this when another tab has changed the draft. Keeps text that the user is writing in this tab. Replaces text
	 * that this tab has not changed, even if this tab has the focus, because the new draft can come from a previous page.
	 * @param {Contact} contact
	 */
	drawDraft(contact) {
		const written = document.hasFocus() && this.#field.value !== this.#drawn;
		if (contact !== this.#contact || written) return;
		this.#fillIn(contact);
		this.#drawComposer();
	}

	/** @param {Contact} contact */
	#fillIn(contact) {
		this.#field.value = this.#drawn = this.#hooks.talk(contact).draft;
	}

	/** Scrolls to the newest message. */
	toEnd() {
		this.#scrollTo(this.#part("logs").scrollHeight);
		this.#follows = true;
		this.#hooks.onEnd();
		this.#drawNews();
	}

	/** @param {Contact} contact @returns {Shown} */
	#show(contact) {
		let shown = this.#shown.get(contact.jid);
		if (!shown) {
			const log = new Log({
				jid: contact.jid,
				name: () => contact.name,
				lines: this.#hooks.talk(contact).lines,
				origins: this.#hooks.files.origins,
				template: this.#part("message-template"),
				onAgain: (line) => {
					if (this.#sendable) this.#hooks.onAgain(contact, line);
				},
				onEarlier: () => this.#askEarlier(contact),
			});
			this.#part("logs").append(log.element);
			shown = { log, before: null, asked: false };
			this.#shown.set(contact.jid, shown);
		}
		return shown;
	}

	/**
	 * If the oldest lines were removed from the log, makes the next query to the archive fetch those lines.
	 * @param {Contact} contact @param {Shown} shown
	 */
	#offerCut(contact, shown) {
		const talk = this.#hooks.talk(contact);
		const { cut } = talk;
		talk.cut = null;
		if (cut === null || shown.before === null) return; // the archive's newest page must be read first
		shown.before = cut;
		shown.log.offerEarlier(true);
	}

	/** Reads the newest page of the archive, once. @param {Contact} contact @param {Shown} shown */
	#askArchive(contact, { asked }) {
		if (this.#sendable && !asked) this.#askEarlier(contact);
	}

	/**
	 * Adds one more page from the archive above the messages that are shown.
	 * @param {Contact} contact
	 */
	async #askEarlier(contact) {
		if (contact.jid.includes("/")) return; // a member of a group chat; the archive can only be queried by bare JID
		if (contact.room && contact.room.state !== "joined") return;
		const shown = this.#show(contact);
		shown.asked = true;
		shown.log.offerEarlier(false);
		const { before } = shown;
		const page = await this.#hooks.history(contact, before ?? "");
		if (!page) {
			shown.asked = shown.before !== null; // no answer; #askArchive() tries again if no page has been read yet
			return;
		}
		const cut = shown.before !== before; // true if lines were removed meanwhile; then the next query fetches those lines
		if (!cut) shown.before = page.first;
		this.draw(contact);
		shown.log.offerEarlier(cut || !page.complete);
	}

	/** Shows or hides the button that scrolls to the newest message. */
	#drawNews() {
		const unread = this.#contact && this.#hooks.talk(this.#contact).lines.some((line) => !line.seen);
		this.#news.hidden = this.#follows || !unread;
	}

	/** @param {number} top position in pixels */
	#scrollTo(top) {
		const holder = this.#part("logs");
		holder.scrollTop = top;
		this.#top = holder.scrollTop;
	}

	/** Notices scrolling before the browser reports it with the next frame, because a message can arrive before that frame. */
	#noticeScroll() {
		if (this.#part("logs").scrollTop !== this.#top) this.#onScroll();
	}

	#onScroll() {
		this.#top = this.#part("logs").scrollTop;
		const { scrollHeight, scrollTop, clientHeight } = this.#part("logs");
		if (clientHeight === 0) return; // the panel is closed
		this.#follows = scrollHeight - scrollTop - clientHeight < AT_END_PX;
		if (this.#follows) this.#hooks.onEnd();
		this.#drawNews();
	}

	#submit() {
		const text = this.#field.value.trim();
		if (!this.#contact || !this.#sendable || this.#field.disabled || text === "") return;
		this.#field.value = this.#drawn = "";
		this.#hooks.onDraft(this.#contact, "");
		clearTimeout(this.#pauseTimer);
		this.#pauseTimer = null; // nothing is sent, because the message itself shows that writing has ended
		this.#drawComposer();
		this.#hooks.onSend(this.#contact, text);
		this.#show(this.#contact).log.markNew();
		this.toEnd();
	}

	#onInput() {
		this.#drawComposer();
		if (!this.#contact) return;
		this.#hooks.onDraft(this.#contact, this.#field.value);
		if (!this.#sendable) return;
		if (this.#pauseTimer === null && this.#field.value !== "") this.#hooks.onTyping(this.#contact, true);
		clearTimeout(this.#pauseTimer);
		this.#pauseTimer = setTimeout(() => this.#pause(), this.#field.value === "" ? 0 : PAUSE_MS);
	}

	#pause() {
		if (this.#pauseTimer === null) return;
		clearTimeout(this.#pauseTimer);
		this.#pauseTimer = null;
		if (this.#contact && this.#sendable) this.#hooks.onTyping(this.#contact, false);
	}

	#drawComposer() {
		const field = this.#field;
		const muted = this.#contact?.room?.muted === true;
		field.disabled = muted;
		this.#muted.textContent = muted ? TEXT.muted : "";
		this.#part("send").disabled = muted || !this.#sendable || field.value.trim() === "";
		field.style.height = "auto";
		field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
	}
}
