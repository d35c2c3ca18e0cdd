// "Find people": a field that searches the site's people while somebody types, with a list of names
// and pictures under it. It is an editable combobox with a list box (WAI-ARIA Authoring Practices):
// the focus stays in the field, and the arrow keys move in the list.
import { drawAvatar } from "./avatar.js";
import { h, named } from "./dom.js";

const LETTERS = 2; // a search needs at least this many characters
const PAUSE_MS = 250; // a pause in typing that is this long starts the search

/**
 * @typedef {import("./directory.js").Person} Person
 * @typedef {Pick<import("./directory.js").Parts, "part" | "fill"> & {search: (q: string) => Promise<Person[] | null>,
 *   choose: (person: Person) => void}} Parts
 */

export class Finder {
	#TEXT;
	/** @type {Parts} */ #parts;
	/** @type {HTMLInputElement} */ #field;
	#list;
	#says = h("p", { class: "no-match", role: "status" });
	/** @type {Person[]} */ #found = [];
	#active = -1; // index in #found; -1 for none
	#asked = ""; // the text that was searched for last
	/** @type {any} */ #timer = null;

	/** @param {typeof import("./texts.js").TEXT} texts @param {Parts} parts */
	constructor(texts, parts) {
		this.#TEXT = texts;
		this.#parts = parts;
		const attributes = {
			id: "find", class: "filter", type: "search", role: "combobox", autocomplete: "off", spellcheck: "false",
			"aria-label": texts.findPeople, placeholder: texts.findPeople, "aria-autocomplete": "list", "aria-controls": "found", "aria-expanded": "false",
		};
		this.#field = /** @type {HTMLInputElement} */ (h("input", attributes));
		this.#list = h("ul", { id: "found", class: "found", role: "listbox", "aria-label": texts.people, hidden: true });
		parts.part("requests").before(h("div", { class: "find" }, this.#field, this.#list, this.#says));
		this.#field.addEventListener("input", () => this.#onInput());
		this.#field.addEventListener("keydown", (event) => this.#onKey(event));
		this.#field.addEventListener("blur", () => this.#close());
		this.#field.addEventListener("focus", () => this.#found.length > 0 && this.#expand(true));
		this.#list.addEventListener("pointerdown", (event) => event.preventDefault()); // so that the focus stays in the field
	}

	#onInput() {
		clearTimeout(this.#timer);
		const q = this.#field.value.trim();
		this.#asked = q;
		if (Array.from(q).length < LETTERS) this.#show([], "");
		else this.#timer = setTimeout(() => this.#search(q), PAUSE_MS);
	}

	/** @param {string} q */
	async #search(q) {
		const found = await this.#parts.search(q);
		const TEXT = this.#TEXT;
		if (q !== this.#asked) return; // the user has changed the text meanwhile
		const count = found?.length ?? 0;
		if (!found) this.#show([], TEXT.findLater);
		else this.#show(found, count === 0 ? TEXT.nobodyFound : this.#parts.fill(TEXT.peopleFound, { count }));
	}

	/** @param {Person[]} found @param {string} says */
	#show(found, says) {
		this.#found = found;
		this.#active = -1;
		this.#list.replaceChildren(...found.map((person, i) => this.#row(person, i)));
		this.#says.textContent = says;
		this.#says.classList.toggle("visually-hidden", found.length > 0);
		this.#expand(found.length > 0);
	}

	/** @param {Person} person @param {number} i */
	#row(person, i) {
		const avatar = h("span", { class: "avatar", "aria-hidden": "true" });
		drawAvatar(avatar, person.name, person.picture);
		const also = person.user === person.name ? [] : [h("span", { class: "presence" }, named(person.user))];
		const row = h("li", { id: `found-${i}`, role: "option", "aria-selected": "false" }, avatar,
			h("span", { class: "who" }, h("span", { class: "name" }, named(person.name)), ...also));
		row.addEventListener("click", () => this.#choose(i));
		return row;
	}

	/** @param {boolean} open */
	#expand(open) {
		this.#list.hidden = !open;
		this.#field.setAttribute("aria-expanded", String(open));
		if (!open) this.#mark(-1);
	}

	#close() {
		this.#expand(false);
	}

	/** @param {number} i the active row; -1 for none */
	#mark(i) {
		this.#active = i;
		for (const [at, row] of Array.from(this.#list.children).entries()) row.setAttribute("aria-selected", String(at === i));
		if (i < 0) this.#field.removeAttribute("aria-activedescendant");
		else this.#field.setAttribute("aria-activedescendant", `found-${i}`);
		this.#list.children[i]?.scrollIntoView({ block: "nearest" });
	}

	/** @param {number} i */
	#choose(i) {
		const person = this.#found[i];
		this.#field.value = "";
		this.#asked = "";
		this.#show([], "");
		this.#parts.choose(person);
	}

	/** @param {KeyboardEvent} event */
	#onKey(event) {
		const last = this.#found.length - 1;
		const at = this.#active;
		if (event.isComposing) return;
		if (event.key === "ArrowDown" && last >= 0) this.#move(at >= last ? 0 : at + 1);
		else if (event.key === "ArrowUp" && last >= 0) this.#move(at <= 0 ? last : at - 1);
		else if (event.key === "Enter" && last >= 0 && !this.#list.hidden) this.#choose(Math.max(at, 0));
		else if (event.key === "Escape" && this.#field.value !== "") {
			this.#field.value = "";
			this.#onInput();
		} else return;
		event.preventDefault();
		event.stopPropagation(); // otherwise Escape would also close the conversation
	}

	/** @param {number} i */
	#move(i) {
		this.#expand(true);
		this.#mark(i);
	}
}
