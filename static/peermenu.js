// The button and the menu of the open conversation. The contents of the menu are in peeractions.js,
// which is loaded when the menu is first opened.
import { addressOf } from "./contacts.js";
import { h, icon } from "./dom.js";
import { loadMore, TEXT } from "./texts.js";

const DOTS = "M5 12h.01M12 12h.01M19 12h.01";

/** @typedef {import("./contacts.js").Contact} Contact */

export class PeerMenu {
	#parts;
	#button;
	#menu = h("div", { class: "peer-menu", id: "peer-menu", role: "group", "aria-label": TEXT.more, popover: "" });
	/** @type {Promise<import("./peeractions.js").PeerActions> | null} */ #actions = null;

	/**
	 * @param {HTMLElement} header the header of the conversation
	 * @param {Pick<import("./peeractions.js").Parts, "chat" | "contact" | "onDone" | "site">} parts
	 */
	constructor(header, parts) {
		this.#parts = parts;
		const attributes = { class: "quiet more", type: "button", "aria-label": TEXT.more, popovertarget: "peer-menu" };
		this.#button = h("button", attributes, icon(DOTS));
		header.append(this.#button, this.#menu);
		this.#menu.addEventListener("toggle", (event) => {
			if (/** @type {ToggleEvent} */ (event).newState === "open") this.#draw();
		});
	}

	/** Whether the menu is open. If the menu is open, Escape closes the menu and not the conversation. */
	get open() {
		return this.#menu.matches(":popover-open");
	}

	/** Shows the button if its menu has any entries. If the menu of a group chat is open, redraws it. */
	update() {
		const contact = this.#parts.contact();
		this.#button.hidden = !contact || contact.jid.includes("/"); // no menu for a member of a group chat, who is not a contact
		if (this.open && contact?.room) this.#draw();
	}

	async #draw() {
		try {
			const actions = await (this.#actions ??= this.#load());
			const contact = this.#parts.contact();
			if (contact) await actions.draw(contact);
		} catch {
			this.#actions = null; // loading failed, for example without a network; opening the menu again tries again
			this.#menu.textContent = TEXT.menuNotLoaded;
		}
	}

	async #load() {
		const { PeerActions } = await loadMore();
		const close = () => {
			this.#menu.hidePopover?.();
			this.#button.focus();
		};
		return new PeerActions(TEXT, { ...this.#parts, addressOf, menu: this.#menu, close });
	}
}
