// The order of the contact list, which contacts a filter shows, and how a row shows the last
// message. This module only calculates, and draws nothing.
import { TEXT } from "./texts.js";

const byName = new Intl.Collator();
const PREVIEW_MAX = 120; // longest preview of the last message, in characters; a row has no room for more
const WEEK_MS = 6 * 86_400_000; // a time in the last six days is shown as a weekday, because the weekday is then unambiguous

/** @typedef {import("./contacts.js").Contact} Contact */

const lang = globalThis.document?.documentElement.lang || undefined;
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(lang, { weekday: "short" });
const day = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(lang, { dateStyle: "short" });

/**
 * Conversations with unread messages come first, then all other conversations, then the contacts who are
 * online, then all other contacts.
 * @param {Contact} contact
 */
function rank(contact) {
	if (contact.unread > 0) return 0;
	if (contact.last) return 1;
	if (contact.room || (!contact.known && contact.resources.size === 0)) return 2; // a room or stranger that the user has just opened
	return contact.resources.size > 0 ? 3 : 4;
}

/** @param {Contact} contact */
const lastTime = ({ last }) => last?.time.getTime() ?? 0;

/**
 * Returns the contacts in the order of the list.
 * @param {Iterable<Contact>} contacts
 */
export function inOrder(contacts) {
	const ranked = Array.from(contacts, (contact) => ({ contact, rank: rank(contact), time: lastTime(contact) }));
	ranked.sort((a, b) => a.rank - b.rank || b.time - a.time || byName.compare(a.contact.name, b.contact.name));
	return ranked.map(({ contact }) => contact);
}

/** Returns a text without case and accents, as people type it when they search. @param {string} text */
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/**
 * Makes a test for contacts: each typed word must be in the name or the address. The domain is
 * searched only if an @ was typed, because most contacts have the same domain.
 * @param {string} typed @returns {(contact: Contact) => boolean}
 */
export function matcher(typed) {
	const words = folded(typed).split(/\s+/).filter(Boolean);
	const address = (/** @type {string} */ jid) => (typed.includes("@") ? jid : jid.split("@", 1)[0]);
	return ({ name, jid }) => {
		const text = words.length > 0 ? folded(`${name} ${address(jid)}`) : "";
		return words.every((word) => text.includes(word));
	};
}

/**
 * Returns the last message in one line. If the contact did not write it, the writer's name comes first.
 * @param {{text: string, author: string, direction: "in" | "out"}} line
 */
export function previewOf({ text, author, direction }) {
	const words = text.slice(0, PREVIEW_MAX * 2).replace(/\s+/g, " ").trim();
	const writer = direction === "out" ? TEXT.you : author;
	return Array.from(writer ? `${writer}: ${words}` : words).slice(0, PREVIEW_MAX).join("");
}

/** Formats a time of today as the time of day, and any other time as the day. @param {Date} time @param {Date} now */
export function shortTime(time, now) {
	if (time.toDateString() === now.toDateString()) return clock.format(time);
	const age = now.getTime() - time.getTime();
	if (age >= 0 && age < WEEK_MS) return weekday.format(time);
	return (time.getFullYear() === now.getFullYear() ? day : dayOfYear).format(time);
}
