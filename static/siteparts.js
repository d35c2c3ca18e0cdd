// Parts of the user interface that not every site has: the site's people (directory.js), its rooms and
// staff (site.js), and guests. The code for people, rooms and staff is fetched only if the site has them.
import { readSite } from "./bind.js";
import { presenceOf } from "./contacts.js";
import { bareJid } from "./stanza.js";
import { fill, loadMore, TEXT } from "./texts.js";

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {import("./directory.js").Directory} Directory
 * @typedef {import("./site.js").Site} Site
 *
 * @typedef {object} Parts
 * @property {import("./prebind.js").Prebind} chat
 * @property {string} base where prebind is mounted
 * @property {import("./bind.js").SiteInfo} [info] what the site's configuration says
 * @property {() => string} [address] the URL of the page that the user reads; "" if there is none
 * @property {(id: string) => any} part an element of the user interface
 * @property {() => string} user the site's opaque key for the user
 * @property {() => Contact[]} contacts
 * @property {(jid: string) => Contact} contactOf
 * @property {() => Contact | null} current the contact whose conversation is open
 * @property {(contact: Contact) => void} open
 * @property {(contact: Contact) => void} draw
 * @property {(contact: Contact) => import("./talks.js").Talk} talk
 * @property {(contact: Contact, text: string) => boolean} send
 */

/**
 * Returns a function that calls make() the first time, and returns the same promise each time. If make() fails, the next call tries again.
 * @template T @param {() => Promise<T>} make
 */
function once(make) {
	/** @type {Promise<T> | null} */ let made = null;
	return () => {
		made ??= make();
		made.catch(() => (made = null));
		return made;
	};
}

export class SiteParts {
	#parts;
	#info;
	/** @type {Site | null} */ #site = null;
	/** @type {Directory | null} */ #directory = null;

	/** @param {Parts} parts */
	constructor(parts) {
		this.#parts = parts;
		this.#info = parts.info ?? readSite(null);
	}

	// ---- rooms and staff ----

	/** The site's rooms and staff; null if the site has neither, or before site.js is loaded. */
	get site() {
		return this.#site;
	}

	/** Shows the site's rooms and staff, if it has any. Call this for each session. */
	showSite() {
		const { rooms, staff } = this.#info;
		if (rooms.length + staff.length > 0) this.#loadSite().catch(() => {});
	}

	/** Opens a room of a page. @param {string} jid @param {string} name the name to show */
	async openRoom(jid, name) {
		(await this.#loadSite()).openRoom(jid, name);
	}

	/** Opens a conversation with the site's staff. */
	async ask() {
		(await this.#loadSite()).ask();
	}

	#loadSite = once(async () => {
		const { Site } = await loadMore();
		const { address = () => "", ...parts } = this.#parts;
		return (this.#site = new Site(TEXT, { ...parts, info: this.#info, address, fill }));
	});

	// ---- people ----

	/** Shows the site's people, if it has any. Call this when the list of contacts has changed. */
	showPeople() {
		if (this.#directory) this.updatePeople();
		else if (this.#info.people) this.#loadDirectory().catch(() => {});
	}

	/** Call this when another conversation was opened, or when a message has arrived. */
	updatePeople() {
		this.#directory?.update();
	}

	/**
	 * Opens the conversation with a user of the site.
	 * @param {string} user @returns {Promise<boolean>} false if there is no such user
	 */
	async chatWith(user) {
		const directory = await this.#loadDirectory().catch(() => null);
		return Boolean(await directory?.openUser(user));
	}

	/**
	 * Returns a site user's presence as the list shows it; "" means online.
	 * @param {string} user @returns {string} "unknown" also for a user who is not a contact
	 */
	showOfUser(user) {
		const contact = this.#directory?.contactOfUser(user);
		return contact ? presenceOf(contact).show : "unknown";
	}

	#loadDirectory = once(async () => {
		const { Directory } = await loadMore();
		const { chat, draw } = this.#parts;
		return (this.#directory = new Directory(TEXT, {
			...this.#parts,
			people: this.#info.people || "contacts",
			draw: (contact) => {
				draw(contact);
				chat.dispatchEvent(new Event("people"));
			},
			fill,
		}));
	});

	// ---- guests ----

	/** @param {string} jid */
	isGuest(jid) {
		const domain = this.#info.guests;
		return domain !== "" && bareJid(jid).endsWith(`@${domain}`);
	}
}
