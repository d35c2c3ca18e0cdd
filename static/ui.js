// The chat's user interface, in a page or in a shadow tree: the session (prebind.js) with the contacts,
// the messages and the open conversation. README.md lists the elements that it needs.
import { Alerts } from "./alerts.js";
import { Banner } from "./banner.js";
import { guestName } from "./bind.js";
import { Contacts } from "./contacts.js";
import { Conversation } from "./conversation.js";
import { named } from "./dom.js";
import { fillEmoji } from "./emoji.js";
import { Messages } from "./messages.js";
import { PeerMenu } from "./peermenu.js";
import { SiteParts } from "./siteparts.js";
import { bareJid, jidResource, typedJid } from "./stanza.js";
import { keep, readKept, tabStorage } from "./storage.js";
import { fill, TEXT } from "./texts.js";

const OPEN_KEY = "prebind-conversation"; // key in this tab's storage, with the user and the open conversation
const NICK_MAX = 80; // characters
const ADDRESS = /^[^\s@/"&'<>:]+@[^\s@/]+$/;

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {import("./prebind.js").Prebind} Prebind
 *
 * @typedef {object} Parts
 * @property {Document | ShadowRoot} root contains the elements
 * @property {HTMLElement} frame the element that gets data-state and data-view
 * @property {Prebind} chat
 * @property {() => boolean} narrow returns true if there is no room for list and conversation side by side
 * @property {() => boolean} shown returns true if the user could see the open conversation
 * @property {(unread: number) => void} onUnread
 * @property {() => void} [onWanted] called when the user has clicked a notification; must make the user interface visible
 * @property {string} base where prebind is mounted
 * @property {import("./bind.js").SiteInfo} [site] what the site's configuration says
 * @property {() => string} [address] the URL of the page that the user reads; "" if there is none
 * @property {boolean} [history] true if the browser's back button leads from the conversation to the list
 */

export class ChatUi {
	/** @type {Parts} */ #parts;
	/** @type {Prebind} */ #chat;
	#user = ""; // the site's opaque key for the user
	#banner;
	#contacts;
	/** @type {Messages} */ #messages;
	/** @type {Conversation} */ #conversation;
	#menu;
	#alerts;
	/** @type {SiteParts} */ #ofSite;

	/** @param {Parts} parts */
	constructor(parts) {
		this.#parts = parts;
		const chat = (this.#chat = parts.chat);
		this.#banner = new Banner((id) => this.#part(id));
		this.#contacts = new Contacts({
			list: this.#part("contacts"),
			template: this.#part("contact-template"),
			onOpen: (contact) => this.#open(contact),
			filter: this.#part("filter"),
			nobody: this.#part("no-match"),
		});
		this.#messages = new Messages({
			chat,
			contactOf: (jid) => this.#contactOf(jid),
			inSight: (contact) => this.#conversation.contact === contact && this.#conversation.atEnd && parts.shown(),
			draw: (contact) => {
				this.#conversation.draw(contact);
				this.#drawUnread(contact);
			},
			announce: (contact, body) => this.#announce(contact, body),
		});
		this.#conversation = new Conversation((id) => this.#part(id), {
			talk: (contact) => this.#messages.talk(contact),
			onSend: (contact, text) => this.#messages.send(contact, this.#ofSite.site?.outgoing(contact, text) ?? text),
			onAgain: (contact, line) => this.#messages.sendAgain(contact, line),
			onTyping: (contact, typing) => chat.sendTyping(contact.lockedTo, typing),
			onDraft: (contact, text) => this.#messages.keepDraft(contact, text),
			files: { chat, origins: parts.site?.upload ?? [] },
			onEnd: () => this.seen(),
			history: (contact, before) => this.#messages.readEarlier(contact, before),
		});
		this.#menu = new PeerMenu(this.#part("peer-name").closest("header"), {
			chat,
			contact: () => this.#conversation.contact,
			onDone: (contact) => this.#drawContact(contact),
			site: () => this.#ofSite.site,
		});
		this.#alerts = new Alerts(this.#part("notify"), {
			unread: (contact) => this.#messages.unread(contact) > 0,
			onOpen: (contact) => {
				parts.onWanted?.();
				this.#open(contact);
			},
		});
		this.#ofSite = new SiteParts({
			chat,
			base: parts.base,
			info: parts.site,
			address: parts.address,
			part: (id) => this.#part(id),
			user: () => this.#user,
			contacts: () => this.#contacts.all,
			contactOf: (jid) => this.#contactOf(jid),
			current: () => this.#conversation.contact,
			open: (contact) => (this.#open(contact), this.#drawEmpty()),
			draw: (contact) => (this.#drawContact(contact), this.#drawEmpty()),
			talk: (contact) => this.#messages.talk(contact),
			send: (contact, text) => this.#messages.send(contact, text),
		});
		this.#listen();
		this.#wire();
		this.#ofSite.showSite();
	}

	get unread() {
		return this.#contacts.unread;
	}

	/**
	 * Call this when the chat becomes visible. If the newest message of the open conversation is in sight
	 * then, the conversation counts as read.
	 */
	seen() {
		const { contact, atEnd } = this.#conversation;
		if (!contact || !this.#parts.shown() || !atEnd) return;
		this.#messages.see(contact);
		this.#drawUnread(contact);
	}

	/** Call this when the panel is opened, because a closed panel cannot be scrolled. */
	shown() {
		if (this.#conversation.contact && this.#conversation.atEnd) this.#conversation.toEnd();
	}

	/** Goes back to the list. */
	close() {
		const jid = this.#conversation.contact?.jid ?? "";
		this.#conversation.open(null);
		this.#contacts.markOpen(null);
		this.#keepOpen("");
		this.#parts.frame.dataset.view = "list";
		this.#contacts.focus(jid);
	}

	/**
	 * Opens the conversation with a user of the site.
	 * @param {string} user
	 */
	async chatWith(user) {
		this.#sayAddress((await this.#ofSite.chatWith(user)) ? "" : TEXT.noPerson);
	}

	/**
	 * Returns a site user's presence as the list shows it; "" means online.
	 * @param {string} user @returns {string} "unknown" also for a user who is not a contact
	 */
	showOfUser(user) {
		return this.#ofSite.showOfUser(user);
	}

	/** Opens a room that the page names. @param {string} jid @param {string} name the name to show */
	openRoom(jid, name) {
		return this.#ofSite.openRoom(jid, name);
	}

	/** Opens a conversation with the site's staff. */
	askStaff() {
		return this.#ofSite.ask();
	}

	/** @param {string} id @returns {any} */
	#part(id) {
		return this.#parts.root.getElementById(id);
	}

	#listen() {
		const chat = this.#chat;
		/** @param {string} type @param {(detail: any) => void} run */
		const on = (type, run) => chat.addEventListener(type, (event) => run(/** @type {any} */ (event).detail));
		on("user", ({ user }) => this.#onUser(user));
		on("connecting", () => {
			this.#setState("connecting");
			this.#banner.connecting();
		});
		on("ready", ({ resumed }) => this.#onReady(resumed));
		on("roster", ({ items, whole }) => {
			this.#contacts.setRoster(items, whole);
			this.#conversation.drawPeer();
			this.#menu.update();
			this.#drawEmpty();
			this.#ofSite.showPeople();
		});
		on("presence", (presence) => {
			if (this.#contacts.setPresence(presence) === this.#conversation.contact) this.#conversation.drawPeer();
		});
		on("message", (message) => {
			if (message.kind === "error") this.#messages.setFate([message.id], "refused");
			else this.#onMessage(message);
		});
		on("typing", ({ peer, typing }) => {
			const contact = this.#contacts.find(peer);
			if (contact) this.#conversation.setTyping(contact, typing);
		});
		on("sent", ({ ids }) => this.#messages.setFate(ids, ""));
		on("delivered", ({ id }) => this.#messages.setFate([id], "delivered"));
		on("read", ({ peer, id }) => this.#messages.readBy(this.#contactOf(peer), id));
		on("seen", ({ peer, id }) => this.#messages.seenElsewhere(this.#contactOf(peer), id));
		on("room", (room) => this.#onRoom(room));
		on("nick", (detail) => this.#onNick(detail));
		// requests of guests are ignored, because guests have no contacts
		on("request", ({ jid }) => this.#ofSite.isGuest(jid) || this.#onRequest(bareJid(jid)));
		on("unsent", ({ ids }) => this.#messages.setFate(ids, "unsent"));
		on("lost", (detail) => this.#onLost(detail));
		on("needs-login", ({ url }) => {
			this.#setState("stopped");
			this.#banner.needsLogin(url);
		});
		on("stopped", () => this.#messages.close());
		on("error", ({ code }) => {
			this.#setState("stopped");
			this.#banner.error(code);
		});
	}

	#wire() {
		this.#parts.frame.dataset.view = "list";
		this.#conversation.setSendable(false);
		this.#part("start").addEventListener("submit", (/** @type {Event} */ event) => this.#onStart(event));
		this.#part("back").addEventListener("click", () => this.#goBack());
		this.#part("banner-retry").addEventListener("click", () => this.#chat.retry());
		this.#part("status")?.addEventListener("change", () => this.#chat.setShow(this.#part("status").value));
		fillEmoji(this.#part("emoji-list"), (emoji) => this.#conversation.insert(emoji));
		window.addEventListener("storage", ({ key, newValue }) => this.#onStored(key, newValue));
		window.addEventListener("pageshow", ({ persisted }) => persisted && this.#onRestored());
		window.addEventListener("pagehide", () => this.#messages.flush());
		// Stores the conversations before pagehide too, because the next page can start before pagehide, and a
		// busy browser can end this page without pagehide.
		const { navigation } = /** @type {any} */ (window);
		if (navigation) navigation.addEventListener("navigate", () => this.#messages.flush());
		else window.addEventListener("beforeunload", () => this.#messages.flush());
		this.#parts.frame.addEventListener("keydown", (event) => {
			if (this.#menu.open || this.#part("emoji-list")?.matches(":popover-open")) return; // Escape closes the menu or list
			if (event.key === "Escape" && this.#conversation.contact && !event.isComposing) {
				event.stopPropagation();
				this.#goBack();
			}
		});
	}

	// ---- one conversation ----

	/** @param {Contact} contact @param {boolean} [byHand] true if opened by the user; then the keyboard focus moves too */
	#open(contact, byHand = true) {
		this.#messages.flush();
		// On a phone the browser's back button leads to the list, too. The history entry does
		// not contain the contact's JID.
		const entered = this.#conversation.contact || history.state?.conversation;
		if (this.#parts.history && this.#parts.narrow() && !entered) history.pushState({ conversation: true }, "");
		this.#parts.frame.dataset.view = "conversation";
		this.#conversation.open(contact);
		this.#contacts.markOpen(contact);
		this.#menu.update();
		this.#ofSite.site?.opened(contact);
		this.#keepOpen(contact.jid);
		this.#ofSite.updatePeople();
		if (byHand) this.#conversation.focus();
	}

	/** Remembers in this tab which conversation is open. @param {string} jid */
	#keepOpen(jid) {
		if (this.#user) keep(tabStorage(), OPEN_KEY, jid ? { user: this.#user, jid } : null);
	}

	#goBack() {
		if (this.#parts.history && history.state?.conversation) history.back();
		else this.close();
	}

	/** @param {import("./stanza.js").Message} message */
	#onMessage(message) {
		this.#conversation.setTyping(this.#contactOf(message.peer), false);
		this.#messages.arrived(message);
		this.#drawEmpty();
		this.#ofSite.updatePeople();
	}

	/** @param {Contact} contact @param {string} body the text of a message that is not in sight */
	#announce(contact, body) {
		const announce = fill(TEXT.newMessage, { name: contact.name });
		if (this.#conversation.contact !== contact) this.#part("announcer").textContent = announce;
		this.#alerts.tell(contact, body);
	}

	/**
	 * Returns the contact. A new contact who is a member of a known group chat gets a name that contains
	 * the group chat's name. Any other new contact gets its stored name, or its address as name.
	 * @param {string} peer
	 */
	#contactOf(peer) {
		const known = this.#contacts.find(peer);
		if (known) return known;
		const contact = this.#contacts.get(peer);
		const talk = this.#messages.talk(contact);
		const room = this.#contacts.find(bareJid(peer));
		if (peer !== bareJid(peer) && room?.room) talk.name = fill(TEXT.inRoom, { name: jidResource(peer), room: room.name });
		contact.name = talk.name || contact.name;
		if (talk.nick) contact.room = { state: "joining", people: [], members: [] };
		return contact;
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
			contact.room = { state: "joining", people: [], members: [] };
			this.#chat.join(jid);
		}
		this.#open(contact);
		this.#drawEmpty();
	}

	/** @param {string} text the error to show for the typed address; "" if the address is correct */
	#sayAddress(text) {
		this.#part("address-error").textContent = text;
		this.#part("address").setAttribute("aria-invalid", String(text !== ""));
	}

	/** @param {{jid: string, nick: string, name: string} & NonNullable<Contact["room"]>} room */
	#onRoom({ jid, nick, name, state, muted, people, members }) {
		const contact = this.#contacts.get(jid);
		const entered = state === "joined" && contact.room?.state !== state;
		contact.room = { state, muted: state === "joined" && muted, people, members };
		contact.name = name || contact.name;
		this.#messages.setNick(contact, state === "joined" ? nick : "");
		if (state === "refused") this.#sayAddress(fill(TEXT.roomRefused, { name: contact.name }));
		this.#drawContact(contact);
		// setSendable() also reads the room's archive
		if (entered && contact === this.#conversation.contact) this.#conversation.setSendable(this.#chat.state === "ready");
	}

	/** @param {Contact} contact a contact that has changed */
	#drawContact(contact) {
		this.#contacts.draw(contact);
		this.#conversation.drawPeer();
		this.#menu.update();
	}

	// ---- the list ----

	/** @param {Contact} contact the contact whose unread messages might have changed */
	#drawUnread(contact) {
		contact.unread = this.#messages.unread(contact);
		contact.last = this.#messages.talk(contact).lines.at(-1) ?? null;
		this.#contacts.draw(contact);
		this.#parts.onUnread(this.#contacts.unread);
	}

	#drawEmpty() {
		this.#part("no-contacts").hidden = this.#contacts.size > 0;
	}

	/** @param {string} jid the JID of somebody who asks to see our presence and is not in the roster */
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
		this.#ofSite.showPeople(); // the site's list of people might have the name of this JID
	}

	// ---- conversations in localStorage ----

	/** Shows what is stored for this user. @param {string} user the site's opaque key for the user */
	#onUser(user) {
		this.#user = user;
		const talks = this.#messages.open(user);
		for (const talk of talks) this.#drawUnread(this.#contactOf(talk.jid));
		this.#chat.expectRooms(talks.filter(({ nick }) => nick !== ""));
		const open = readKept(tabStorage(), OPEN_KEY);
		const contact = open?.user === user && this.#contacts.find(open.jid);
		if (contact && !this.#conversation.contact) this.#open(contact, false);
		this.#drawEmpty();
	}

	/**
	 * @param {string | null} key the key of localStorage that another tab has changed
	 * @param {string | null} told the value that the other tab has stored; the storage can contain another value by now
	 */
	#onStored(key, told) {
		const talk = this.#messages.hear(key, told);
		if (talk) this.#redraw(talk);
	}

	/**
	 * Called when the page is back from the back/forward cache, because it has missed the changes that other pages have stored.
	 */
	#onRestored() {
		for (const talk of this.#messages.open(this.#user)) this.#redraw(talk);
	}

	/** @param {import("./talks.js").Talk} talk a conversation that another page has changed */
	#redraw(talk) {
		const contact = this.#contactOf(talk.jid);
		this.#conversation.draw(contact);
		this.#conversation.drawDraft(contact);
		this.#drawUnread(contact);
	}

	// ---- the connection ----

	/** @param {boolean} resumed true if it is the session of the previous page */
	#onReady(resumed) {
		this.#banner.hide();
		this.#contacts.forgetPresence(); // the known presence is from the previous session
		this.#setState("ready");
		this.#messages.ready(resumed);
		this.#ofSite.showSite();
	}

	/** Shows the name that a guest has entered, marked as a guest's name. The names of users come from the site. @param {any} detail */
	#onNick({ peer, nick }) {
		const contact = this.#contactOf(peer);
		if (!this.#ofSite.isGuest(peer) || contact.known) return;
		contact.name = guestName(nick.slice(0, NICK_MAX));
		this.#messages.talk(contact).name = contact.name;
		this.#drawContact(contact);
	}

	/** @param {string} state connecting, ready, lost or stopped; the style sheet uses it, too */
	#setState(state) {
		this.#parts.frame.dataset.state = state;
		this.#conversation.setSendable(state === "ready");
		if (this.#part("status")) this.#part("status").disabled = state !== "ready";
		this.#conversation.drawPeer();
	}

	/** @param {{reason: string, retryIn: number | null}} detail */
	#onLost({ reason, retryIn }) {
		this.#setState("lost");
		if (retryIn === 0) return;
		this.#contacts.forgetPresence();
		this.#conversation.drawPeer();
		this.#banner.lost(reason, retryIn);
	}
}
