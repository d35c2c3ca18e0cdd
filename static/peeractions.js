// The contents of the open conversation's menu. The menu can add, remove and block a contact. For a
// group chat it shows the members, and can leave and enter the chat.
import { h, named } from "./dom.js";
import { People } from "./people.js";

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {typeof import("./texts.js").TEXT} Texts
 *
 * @typedef {object} Parts
 * @property {import("./prebind.js").Prebind} chat
 * @property {HTMLElement} menu
 * @property {() => Contact | null} contact returns the contact whose conversation is open
 * @property {(contact: Contact) => string} addressOf returns "" if the address is not shown
 * @property {(contact: Contact) => void} onDone draws the contact after it has changed
 * @property {() => import("./site.js").Site | null} site returns null if the site has neither rooms nor staff
 * @property {() => void} close closes the menu
 */

/** @param {import("./rooms.js").Member} member @param {Texts} TEXT */
function roleText({ affiliation, role }, TEXT) {
	if (affiliation === "owner") return TEXT.roleOwner;
	if (affiliation === "admin") return TEXT.roleAdmin;
	if (role === "moderator") return TEXT.roleModerator;
	return role === "visitor" ? TEXT.roleVisitor : "";
}

export class PeerActions {
	#TEXT;
	#parts;
	#people;
	#says = h("p", { role: "status" });

	/** @param {Texts} texts @param {Parts} parts */
	constructor(texts, parts) {
		this.#TEXT = texts;
		this.#parts = parts;
		this.#people = new People(parts.chat);
	}

	/** Shows the actions that are possible for this contact. @param {Contact} contact */
	async draw(contact) {
		this.#says.textContent = "";
		if (contact.room) {
			this.#parts.menu.replaceChildren(...this.#roomParts(contact, contact.room), this.#says);
			return;
		}
		const [people, TEXT] = [this.#people, this.#TEXT];
		const { jid, known } = contact;
		const change = known
			? this.#action(TEXT.removeContact, () => people.remove(jid))
			: this.#action(TEXT.addContact, () => people.add(jid));
		const address = this.#parts.addressOf(contact);
		const shown = address ? [h("p", { class: "address" }, named(address))] : [];
		this.#parts.menu.replaceChildren(...shown, change, ...this.#report(contact), this.#says);
		const blocked = await people.blocked();
		if (!blocked || contact !== this.#parts.contact()) return;
		const there = blocked.has(jid);
		if (contact.blocked !== there) {
			contact.blocked = there;
			this.#parts.onDone(contact);
		}
		change.after(this.#action(there ? TEXT.unblock : TEXT.block, async () => {
			const done = await people.block(jid, !there);
			if (done) contact.blocked = !there;
			return done;
		}));
	}

	/** The button that reports this conversation to the staff, if the site has staff. @param {Contact} contact */
	#report(contact) {
		const site = this.#parts.site();
		return site?.canReport(contact) ? [this.#action(this.#TEXT.report, () => site.report(contact))] : [];
	}

	/** @param {Contact} contact @param {NonNullable<Contact["room"]>} room */
	#roomParts(contact, { state, members }) {
		const TEXT = this.#TEXT;
		const { jid } = contact;
		const { chat, site } = this.#parts;
		if (state !== "joined") return [this.#action(TEXT.enterRoom, () => site()?.enter(contact) || chat.join(jid))];
		const rows = members.map((member) => {
			const role = roleText(member, TEXT);
			return h("li", {}, named(member.nick), ...(role ? [" ", h("span", { class: "role" }, role)] : []));
		});
		return [
			h("h3", { id: "members" }, TEXT.members),
			h("ul", { class: "members", "aria-labelledby": "members", tabindex: "0" }, ...rows),
			...this.#report(contact),
			this.#action(TEXT.leaveRoom, () => chat.leaveRoom(jid)),
		];
	}

	/**
	 * Makes a button that calls run(), then closes the menu. If run() returns false, the menu shows an error instead.
	 * @param {string} text @param {() => any} run
	 */
	#action(text, run) {
		const button = h("button", { type: "button", class: "quiet" }, text);
		button.addEventListener("click", async () => {
			const contact = this.#parts.contact();
			if ((await run()) === false) this.#says.textContent = this.#TEXT.refusedChange;
			else if (contact) {
				this.#parts.close();
				this.#parts.onDone(contact);
			}
		});
		return button;
	}
}
