// The site's people: what /people.json returns about contacts, and about people for whom a visitor
// searches (finder.js). This module shows their names and pictures. The page shows a person's address only if the
// person is in the roster (contacts.js). siteparts.js loads this module if the site shows its people.
import { h, named } from "./dom.js";
import { Finder } from "./finder.js";
import { People } from "./people.js";
import { keep, readKept, tabStorage } from "./storage.js";

const KEY = "prebind-people"; // key in this tab's storage, with the people that /people.json has returned; the next page reads them
const KEPT_MS = 30 * 60_000; // after this time /people.json is queried again for a person, because the name or picture might have changed
const AT_ONCE = 20; // largest number of accounts in one request
const ANSWER_MAX_MS = 10_000;

/**
 * @typedef {import("./contacts.js").Contact} Contact
 * @typedef {typeof import("./texts.js").TEXT} Texts
 * @typedef {{user: string, name: string, picture: string, jid: string}} Person
 *
 * @typedef {object} Parts
 * @property {import("./prebind.js").Prebind} chat
 * @property {string} base where prebind is mounted
 * @property {"contacts" | "all"} people "all" if visitors can search for them
 * @property {() => string} user the site's opaque key for the user
 * @property {(id: string) => any} part the element with this id
 * @property {() => Contact[]} contacts
 * @property {(jid: string) => Contact} contactOf
 * @property {() => Contact | null} current the contact whose conversation is open
 * @property {(contact: Contact) => void} open opens the conversation
 * @property {(contact: Contact) => void} draw called when the contact has changed
 * @property {(template: string, values: Record<string, string | number>) => string} fill
 */

/** @param {any} data @returns {Person[]} */
function readPeople(data) {
	const whole = (/** @type {any} */ each) => ["user", "name", "picture", "jid"].every((key) => typeof each?.[key] === "string");
	return Array.isArray(data) ? data.filter(whole) : [];
}

export class Directory {
	#TEXT;
	/** @type {Parts} */ #parts;
	// by JID; `person` is null if the JID does not belong to a person of the site
	/** @type {Map<string, {person: Person | null, at: number}>} */ #known = new Map();
	#asking = false;
	#people;
	#offer = h("p", { class: "offer", role: "status" }); // offers to add the person whose conversation is open

	/** @param {Texts} texts @param {Parts} parts */
	constructor(texts, parts) {
		this.#TEXT = texts;
		this.#parts = parts;
		this.#people = new People(parts.chat);
		const kept = readKept(tabStorage(), KEY);
		if (kept?.user === parts.user()) this.#known = new Map(kept.known);
		if (parts.people === "all") new Finder(texts, { ...parts, search: (q) => this.#ask("q", q), choose: (person) => this.open(person) });
		parts.part("composer").before(this.#offer);
		this.update();
	}

	/** Call this when contacts or contact requests have arrived, and when another conversation is opened. */
	update() {
		this.#showAll();
		this.#drawOffer();
		void this.#learn();
	}

	/** The person with this account; null if not known. @param {string} jid @returns {Person | null} */
	person(jid) {
		return this.#known.get(jid)?.person ?? null;
	}

	/** The contact who is this user of the site; null if not known. @param {string} user @returns {Contact | null} */
	contactOfUser(user) {
		return this.#parts.contacts().find(({ jid }) => this.person(jid)?.user === user) ?? null;
	}

	/** Opens a conversation with a user of the site. @param {string} user @returns {Promise<boolean>} false if nobody is found */
	async openUser(user) {
		const [person] = (await this.#ask("user", user)) ?? [];
		if (person) this.open(person);
		return person !== undefined;
	}

	/** Opens a conversation with this person. @param {Person} person */
	open(person) {
		this.#remember(person.jid, person);
		const contact = this.#parts.contactOf(person.jid);
		this.#show(contact);
		this.#parts.open(contact);
	}

	/** @param {string} jid @param {Person | null} person */
	#remember(jid, person) {
		this.#known.set(jid, { person, at: Date.now() });
		keep(tabStorage(), KEY, { user: this.#parts.user(), known: [...this.#known] });
	}

	/** Gives a contact the name and the picture that the site has. @param {Contact} contact */
	#show(contact) {
		const person = this.person(contact.jid);
		if (!person || (contact.person && contact.name === person.name && contact.picture === person.picture)) return;
		contact.person = true;
		contact.name = person.name;
		contact.picture = person.picture;
		this.#parts.draw(contact);
	}

	/** Queries /people.json for the contacts that are not known yet. */
	async #learn() {
		if (this.#asking) return;
		this.#asking = true;
		for (let jids = this.#unknown(); jids.length > 0; jids = this.#unknown()) {
			const found = await this.#ask("jid", jids.join(" "));
			if (!found) break; // the next update() tries again
			for (const jid of jids) this.#remember(jid, found.find((person) => person.jid === jid) ?? null);
			this.#showAll();
		}
		this.#asking = false;
	}

	/** The list items of the contact requests. @returns {HTMLElement[]} */
	#requests() {
		return Array.from(this.#parts.part("requests").children);
	}

	#showAll() {
		for (const contact of this.#parts.contacts()) this.#show(contact);
		for (const item of this.#requests()) {
			const person = this.person(item.dataset.request ?? "");
			if (person) item.querySelector(".name")?.replaceChildren(named(person.name));
		}
	}

	#unknown() {
		const old = Date.now() - KEPT_MS;
		const asked = this.#parts.contacts().filter(({ jid, room, known }) => !room && !jid.includes("/") && (known || this.#parts.people === "all"));
		const asking = this.#parts.people === "all" ? this.#requests().map(({ dataset }) => dataset.request ?? "") : [];
		return [...asked.map(({ jid }) => jid), ...asking].filter((jid) => (this.#known.get(jid)?.at ?? 0) < old).slice(0, AT_ONCE);
	}

	/**
	 * @param {"q" | "user" | "jid"} what @param {string} text
	 * @returns {Promise<Person[] | null>} null if there was no answer, or there were too many requests
	 */
	async #ask(what, text) {
		const query = new URLSearchParams({ [what]: text });
		try {
			const request = { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(ANSWER_MAX_MS) };
			const answer = await fetch(`${this.#parts.base}/people.json?${query}`, request);
			return answer.ok ? readPeople(await answer.json()) : null;
		} catch {
			return null;
		}
	}

	/** Offers to add the person of the open conversation, unless that person is a contact already. */
	#drawOffer() {
		const contact = this.#parts.current();
		const person = contact && !contact.known && !contact.room ? this.person(contact.jid) : null;
		this.#offer.hidden = person === null;
		if (!person || !contact || this.#offer.dataset.jid === person.jid) {
			if (!person) delete this.#offer.dataset.jid;
			return;
		}
		const TEXT = this.#TEXT;
		const add = h("button", { type: "button", class: "quiet" }, TEXT.addContact);
		add.addEventListener("click", async () => {
			if (!(await this.#people.add(person.jid, person.name))) this.#offer.append(" ", TEXT.refusedChange);
		});
		this.#offer.dataset.jid = person.jid;
		this.#offer.replaceChildren(named(person.name), ` ${TEXT.notYetContact} `, add);
	}
}

