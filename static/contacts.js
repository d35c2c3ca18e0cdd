// The contacts with their presence and unread counts, and their list in the page. The keyboard
// works as in a list box: the list is one Tab stop, and the arrow keys move inside it.
import { drawAvatar } from "./avatar.js";
import { named } from "./dom.js";
import { inOrder, matcher, previewOf, shortTime } from "./order.js";
import { jidName } from "./stanza.js";
import { fill, TEXT } from "./texts.js";

const FILTER_FROM = 6; // a list with fewer contacts needs no filter
const HOLD_MS = 5000; // while a pointer is pressed, the list does not change, but for at most this time
// If resources have equal priority, the resource whose `show` comes first in this list is shown.
const SHOW_RANK = ["chat", "", "away", "xa", "dnd"];

/**
 * @typedef {object} Contact
 * @property {string} jid bare
 * @property {string} name
 * @property {boolean} known true if the contact is in the roster
 * @property {Map<string, {show: string, status: string, priority: number}>} resources the online resources, by name
 * @property {string} lockedTo full JID of the resource that wrote last, otherwise the bare JID (RFC 6121, section 5.1)
 * @property {number} unread
 * @property {import("./lines.js").Line | null} last the last message; null if none is known
 * @property {boolean} blocked true if the contact is known to be blocked
 * @property {string} picture URL of the picture that the site has; "" if none is known
 * @property {boolean} person true if the name comes from the site's list of people
 * @property {boolean} staff true for the site's staff
 * @property {{state: string, muted?: boolean, people: string[], members: import("./rooms.js").Member[]} | null} room muted:
 *   true if this user can only read; `room` is null if the contact is not a group chat
 */

/**
 * Makes a contact for a stranger. Strangers are shown with the whole address, because a part of the
 * address could imitate a contact's name.
 * @param {string} jid @returns {Contact}
 */
const newContact = (jid) => ({
	jid,
	name: jid,
	known: false,
	resources: new Map(),
	lockedTo: jid,
	unread: 0,
	last: null,
	blocked: false,
	picture: "",
	person: false,
	staff: false,
	room: null,
});

/**
 * @param {Contact} contact
 * @returns {{show: string, status: string}} show can also be "offline", or "unknown" for a
 *   group chat or for somebody who is not a contact
 */
export function presenceOf(contact) {
	if (contact.room) return { show: "unknown", status: "" };
	const best = [...contact.resources.values()].sort(
		(a, b) => b.priority - a.priority || SHOW_RANK.indexOf(a.show) - SHOW_RANK.indexOf(b.show),
	)[0];
	return best ?? { show: contact.known ? "offline" : "unknown", status: "" };
}

/**
 * The address to show. It is "" for a person of the site who is not in the roster, because people of
 * the site find each other by their names.
 * @param {Contact} contact
 */
export function addressOf({ jid, person, known }) {
	return person && !known ? "" : jid;
}

const SHOWS = /** @type {const} */ (["away", "xa", "dnd", "offline", "unknown"]);

/** @param {Contact} contact */
export function presenceText(contact) {
	if (contact.room) return roomText(contact.room);
	if (contact.blocked) return TEXT.blocked;
	const { show, status } = presenceOf(contact);
	if (contact.staff && show === "unknown") return TEXT.staff;
	const key = SHOWS.find((each) => each === show) ?? "online";
	return [TEXT[key], status].filter(Boolean).join(" · ");
}

/** @param {{state: string, people: string[]}} room */
function roomText({ state, people }) {
	if (state === "joined") return fill(TEXT.roomPeople, { people: people.join(", ") });
	return state === "joining" ? TEXT.roomJoining : TEXT.roomLeft;
}

export class Contacts {
	/** @type {Map<string, Contact>} */ #contacts = new Map();
	/** @type {Map<string, HTMLElement>} */ #buttons = new Map();
	/** @type {Set<Contact>} */ #changed = new Set(); // to be drawn in the next frame
	#asked = false; // true if a redraw is requested for the next frame
	#pressed = -HOLD_MS; // performance.now() when a pointer was pressed on the list; -HOLD_MS after its release
	/** @type {string[]} */ #order = [];
	#open = "";
	#stop = ""; // JID of the contact whose button is the Tab stop
	#list;
	#template;
	#onOpen;
	#filter;
	#nobody; // the element that tells the user that no contact matches the filter

	/**
	 * @param {{list: HTMLElement, template: HTMLTemplateElement, onOpen: (contact: Contact) => void,
	 *   filter?: HTMLInputElement | null, nobody?: HTMLElement | null}} parts filter, nobody: null if
	 *   the site's own template does not have them
	 */
	constructor({ list, template, onOpen, filter = null, nobody = null }) {
		this.#list = list;
		this.#template = template;
		this.#onOpen = onOpen;
		this.#filter = filter;
		this.#nobody = nobody;
		list.addEventListener("keydown", (event) => this.#onKey(event));
		list.addEventListener("pointerdown", () => (this.#pressed = performance.now()));
		for (const end of ["pointerup", "pointercancel"]) list.addEventListener(end, () => (this.#pressed = -HOLD_MS));
		filter?.addEventListener("input", () => this.#drawFilter());
		filter?.addEventListener("keydown", (event) => this.#onFilterKey(event));
	}

	get size() {
		return this.#contacts.size;
	}

	/** @returns {Contact[]} */
	get all() {
		return [...this.#contacts.values()];
	}

	get unread() {
		return [...this.#contacts.values()].reduce((sum, contact) => sum + contact.unread, 0);
	}

	/**
	 * Returns the contact with this JID. Makes a new contact if the JID belongs to a stranger.
	 * @param {string} jid @returns {Contact}
	 */
	get(jid) {
		let contact = this.#contacts.get(jid);
		if (!contact) {
			contact = newContact(jid);
			this.#contacts.set(jid, contact);
			this.draw(contact);
		}
		return contact;
	}

	/** @param {string} jid */
	find(jid) {
		return this.#contacts.get(jid);
	}

	/**
	 * @param {import("./stanza.js").RosterItem[]} items
	 * @param {boolean} whole true if contacts that are not in `items` have left the roster
	 */
	setRoster(items, whole) {
		if (whole) for (const contact of this.#contacts.values()) contact.known = false;
		for (const item of items) {
			const contact = this.#contacts.get(item.jid) ?? newContact(item.jid);
			contact.known = item.subscription !== "remove";
			// After a contact is removed, the server stops sending its presence, and often sends no final "unavailable".
			if (!contact.known) contact.resources.clear();
			contact.name = contact.known ? item.name || jidName(item.jid) : item.jid;
			this.#contacts.set(item.jid, contact);
		}
		this.draw();
	}

	/**
	 * @param {import("./stanza.js").Presence} presence
	 * @returns {Contact | null} null if no contact has this JID
	 */
	setPresence({ jid, resource, type, show, status, priority }) {
		const contact = this.#contacts.get(jid);
		if (!contact) return null;
		if (type === "available") contact.resources.set(resource, { show, status, priority });
		else if (type === "unavailable" || type === "error") contact.resources.delete(resource);
		if (type === "error" || (type === "unavailable" && resource === "")) contact.resources.clear();
		contact.lockedTo = jid;
		this.draw(contact);
		return contact;
	}

	/** Call this when there is no session, because then no presence is known. */
	forgetPresence() {
		for (const contact of this.#contacts.values()) {
			contact.resources.clear();
			contact.lockedTo = contact.jid;
		}
		this.draw();
	}

	/** @param {Contact | null} contact */
	markOpen(contact) {
		const before = this.#contacts.get(this.#open);
		this.#open = contact?.jid ?? "";
		this.draw(...[before, contact].filter((each) => each !== null && each !== undefined));
	}

	/** Moves the keyboard focus to this contact. @param {string} jid */
	focus(jid) {
		this.#buttons.get(jid)?.focus();
	}

	/**
	 * Draws these contacts in the next frame, or all contacts if none are given.
	 * @param {...Contact} contacts
	 */
	draw(...contacts) {
		for (const contact of contacts.length > 0 ? contacts : this.#contacts.values()) this.#changed.add(contact);
		if (this.#asked) return;
		this.#asked = true;
		requestAnimationFrame(() => this.#drawChanged());
	}

	#drawChanged() {
		if (performance.now() - this.#pressed < HOLD_MS) {
			// waits, because a button that moves between press and release gets no click
			requestAnimationFrame(() => this.#drawChanged());
			return;
		}
		this.#asked = false;
		for (const contact of this.#changed) this.#drawOne(contact);
		this.#changed.clear();
		const sorted = inOrder(this.#contacts.values());
		this.#order = sorted.map((contact) => contact.jid);
		const focused = this.#focused();
		let place = this.#list.firstElementChild;
		for (const { jid } of sorted) {
			const item = /** @type {Element} */ (this.#buttons.get(jid)?.parentNode);
			if (place && item === place.nextElementSibling) {
				place.remove(); // this contact has moved down; moving its item is cheaper than moving the items it passed
				place = item;
			}
			if (item === place) place = place.nextElementSibling;
			else this.#list.insertBefore(item, place);
		}
		if (focused instanceof HTMLElement && this.#list.contains(focused) && focused !== this.#focused()) focused.focus();
		this.#drawFilter();
	}

	/** Hides the contacts that do not match what is typed into the filter. */
	#drawFilter() {
		const filter = this.#filter;
		if (filter) filter.hidden = this.#contacts.size < FILTER_FROM && filter.value === "";
		const matches = matcher(filter?.value ?? "");
		let shown = 0;
		for (const [jid, button] of this.#buttons) {
			const item = /** @type {HTMLElement} */ (button.parentNode);
			const match = matches(/** @type {Contact} */ (this.#contacts.get(jid)));
			if (item.hidden === match) item.hidden = !match;
			if (match) shown++;
		}
		if (this.#nobody) this.#nobody.textContent = shown === 0 && filter?.value ? TEXT.noMatch : "";
		this.#rove();
	}

	/** @param {Contact} contact */
	#drawOne(contact) {
		const button = this.#buttons.get(contact.jid) ?? this.#newButton(contact);
		const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (button.querySelector(`.${name}`));
		const presence = presenceOf(contact);
		if (part("name").textContent !== contact.name) part("name").replaceChildren(named(contact.name));
		drawAvatar(part("avatar"), contact.name, contact.picture);
		part("presence").textContent = presenceText(contact);
		this.#drawLast(button, contact);
		button.dataset.show = presence.show || "online";
		button.title = addressOf(contact);
		part("unread").hidden = contact.unread === 0;
		part("count").textContent = String(contact.unread);
		if (contact.jid === this.#open) button.setAttribute("aria-current", "true");
		else button.removeAttribute("aria-current");
	}

	/**
	 * Shows the last message in place of the presence. The dot still shows the presence, and screen
	 * readers read both.
	 * @param {HTMLElement} button @param {Contact} contact
	 */
	#drawLast(button, { last }) {
		const [text, when] = [".last", "time"].map((name) => /** @type {HTMLElement | null} */ (button.querySelector(name)));
		if (!text || !when) return; // a site's own template might not have these elements
		text.textContent = last ? previewOf(last) : "";
		when.textContent = last ? shortTime(last.time, new Date()) : "";
		if (last) when.setAttribute("datetime", last.time.toISOString());
		button.querySelector(".presence")?.classList.toggle("visually-hidden", last !== null);
	}

	/** @param {Contact} contact */
	#newButton(contact) {
		const item = /** @type {DocumentFragment} */ (this.#template.content.cloneNode(true));
		const button = /** @type {HTMLElement} */ (item.querySelector("button"));
		button.dataset.contact = contact.jid;
		button.tabIndex = -1;
		button.addEventListener("click", () => this.#onOpen(contact));
		button.addEventListener("focus", () => this.#rove(contact.jid));
		this.#buttons.set(contact.jid, button);
		return button;
	}

	/** Makes one of the buttons the Tab stop. @param {string} [jid] */
	#rove(jid = this.#stop) {
		const before = this.#buttons.get(this.#stop);
		const shown = (/** @type {string} */ each) => this.#buttons.get(each)?.parentElement?.hidden === false;
		this.#stop = shown(jid) ? jid : (this.#order.find(shown) ?? "");
		if (before) before.tabIndex = -1;
		const button = this.#buttons.get(this.#stop);
		if (button) button.tabIndex = 0;
	}

	/** The focused element of the page or shadow tree that the list is in. */
	#focused() {
		return /** @type {Document | ShadowRoot} */ (this.#list.getRootNode()).activeElement;
	}

	/** @param {KeyboardEvent} event */
	#onKey(event) {
		const buttons = /** @type {HTMLElement[]} */ (Array.from(this.#list.querySelectorAll("li:not([hidden]) button")));
		const at = buttons.indexOf(/** @type {HTMLElement} */ (this.#focused()));
		/** @type {Record<string, number>} */
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 };
		const next = buttons[to[event.key]];
		if (!next) return;
		event.preventDefault();
		next.focus();
	}

	/** The down arrow moves into the list, and Enter opens its first contact. @param {KeyboardEvent} event */
	#onFilterKey(event) {
		const filter = /** @type {HTMLInputElement} */ (this.#filter);
		const first = /** @type {HTMLElement | null} */ (this.#list.querySelector("li:not([hidden]) button"));
		if (event.isComposing) return;
		if (event.key === "ArrowDown" && first) first.focus();
		else if (event.key === "Enter" && first && filter.value !== "") first.click();
		else if (event.key !== "Escape" || filter.value === "") return;
		if (event.key !== "ArrowDown") filter.value = "";
		this.#drawFilter();
		event.preventDefault();
		event.stopPropagation(); // otherwise Escape would also close the conversation
	}
}
