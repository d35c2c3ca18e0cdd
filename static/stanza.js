// Reads stanzas into plain objects, and has the few functions about JIDs that a page needs. It has
// no state, and uses neither the page nor the network. Only this file checks the senders of
// carbons, archived messages and roster pushes.

const NS_CARBONS = "urn:xmpp:carbons:2";
const NS_FORWARD = "urn:xmpp:forward:0";
const NS_DELAY = "urn:xmpp:delay";
const NS_CLIENT = "jabber:client";
const NS_CHAT_STATES = "http://jabber.org/protocol/chatstates";
const NS_RECEIPTS = "urn:xmpp:receipts";
const NS_MAM = "urn:xmpp:mam:2";
const NS_MUC_USER = "http://jabber.org/protocol/muc#user";
const NS_CORRECT = "urn:xmpp:message-correct:0";
const NS_SID = "urn:xmpp:sid:0";
const NS_MARKERS = "urn:xmpp:chat-markers:0";

/**
 * @typedef {object} Message
 * @property {"chat" | "room" | "error"} kind room: sent in a group chat; error: the message with this `id` did not arrive
 * @property {"in" | "out"} direction out: sent by this user from somewhere else (XEP-0280)
 * @property {string} peer bare JID of the other side
 * @property {string} from the sender's JID as received, often full
 * @property {string} other JID of the other side as received, often full
 * @property {boolean} occupant true if it is marked as a message between two members of a group chat (XEP-0045, section 7.5)
 * @property {string} id can be empty
 * @property {string} archiveId the id in our own archive (XEP-0359); can be empty
 * @property {string} replaces id of the message that this one corrects (XEP-0308); can be empty
 * @property {string} body
 * @property {Date} time
 * @property {boolean} delayed true if the message was stored before it came to this session
 * @property {boolean} receipt true if the sender asks for a receipt (XEP-0184)
 * @property {boolean} markable true if the sender asks to be told when it is read (XEP-0333)
 *
 * @typedef {object} Presence
 * @property {string} jid bare
 * @property {string} resource can be empty
 * @property {string} type available, unavailable, error, subscribe, subscribed, unsubscribe, unsubscribed
 * @property {string} show "", chat, away, xa, dnd
 * @property {string} status the contact's own words
 * @property {number} priority
 *
 * @typedef {object} RosterItem
 * @property {string} jid
 * @property {string} name can be empty
 * @property {string} subscription none, to, from, both, remove
 */

/** @param {string} jid */
export const bareJid = (jid) => jid.split("/", 1)[0];

/** @param {string} jid */
export const jidResource = (jid) => jid.slice(bareJid(jid).length + 1);

/** @param {string} jid */
export const jidDomain = (jid) => bareJid(jid).split("@").pop() ?? "";

/**
 * Reads an address that a person typed. An address without a domain gets this user's domain.
 * @param {string} text @param {string} own this user's JID; "" if not known yet
 */
export function typedJid(text, own) {
	const typed = text.trim().toLowerCase();
	return typed === "" || typed.includes("@") || own === "" ? typed : `${typed}@${jidDomain(own)}`;
}

/**
 * The JID of a page's room. A name that is not a JID is escaped (XEP-0106).
 * @param {string} text a JID, or the first part of a JID @param {string} other the JID of a room in the same domain; can be empty
 * @returns {string} "" if no domain is known
 */
export function roomJid(text, other) {
	const typed = text.trim().toLowerCase();
	if (/^[^@/\s]+@[^@/\s]+$/.test(typed)) return typed;
	const local = typed.replace(/[ "&'/:<>@\\]/g, (c) => `\\${c.charCodeAt(0).toString(16)}`);
	return local !== "" && other !== "" ? `${local}@${jidDomain(other)}` : "";
}

/**
 * Whether two bare JIDs are equal. Ignores case, because servers normalize JIDs, but our own JID has the case in
 * which it was requested.
 */
const sameBare = (/** @type {string} */ a, /** @type {string} */ b) =>
	bareJid(a).toLowerCase() === bareJid(b).toLowerCase();

/** Removes the escapes from a localpart (XEP-0106). @param {string} text */
const unescapeLocalpart = (text) =>
	text.replace(/\\(20|22|26|27|2f|3a|3c|3e|40|5c)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

/** The name to show for a JID that has no name in the roster. @param {string} jid */
export function jidName(jid) {
	const bare = bareJid(jid);
	const at = bare.indexOf("@");
	return at > 0 ? unescapeLocalpart(bare.slice(0, at)) : bare;
}

/**
 * Removes characters that XML cannot contain, because they would end the stream (XML 1.0, section 2.2).
 * @param {string} text
 */
export const cleanText = (text) =>
	text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "");

/** @param {Element | null} parent @param {string} name @param {string} [ns] @returns {Element | null} */
export function child(parent, name, ns) {
	for (const el of Array.from(parent?.children ?? []))
		if (el.localName === name && (ns === undefined || el.namespaceURI === ns)) return el;
	return null;
}

/** @param {Element} parent @param {string} name */
const childText = (parent, name) => child(parent, name)?.textContent ?? "";

/** @param {Element | null} delay @param {Date} now */
function stamp(delay, now) {
	const time = new Date(delay?.getAttribute("stamp") ?? NaN);
	return Number.isNaN(time.getTime()) || time > now ? now : time;
}

/**
 * Returns the message inside a carbon, or the message itself; null for a carbon that does not come
 * from our own account, because it is forged (XEP-0280, section 11).
 * @param {Element} stanza @param {string} own bare JID
 */
function unwrap(stanza, own) {
	const sent = child(stanza, "sent", NS_CARBONS);
	const carbon = sent ?? child(stanza, "received", NS_CARBONS);
	if (!carbon) return { message: stanza, delay: child(stanza, "delay", NS_DELAY), sent: false };
	if (!sameBare(stanza.getAttribute("from") ?? own, own)) return null;
	const forwarded = child(carbon, "forwarded", NS_FORWARD);
	const message = child(forwarded, "message", NS_CLIENT);
	return message && { message, delay: child(forwarded, "delay", NS_DELAY), sent: sent !== null };
}

/**
 * The message's id in our own archive; "" if there is none. Ids that others have set are ignored.
 * @param {Element} message @param {string} own bare JID
 */
function archiveIdOf(message, own) {
	for (const el of Array.from(message.children)) {
		const ours = el.localName === "stanza-id" && el.namespaceURI === NS_SID && sameBare(el.getAttribute("by") ?? "", own);
		if (ours) return el.getAttribute("id") ?? "";
	}
	return "";
}

/** Whether this is a private message between two members of a group chat. @param {Element} message @param {string} other the other side */
const isOccupants = (message, other) =>
	message.getAttribute("type") !== "groupchat" && jidResource(other) !== "" && child(message, "x", NS_MUC_USER) !== null;

/** @type {Record<string, "chat" | "room" | "error">} */
const KINDS = { chat: "chat", normal: "chat", groupchat: "room", error: "error" };

/**
 * @param {Element} stanza @param {string} own bare JID of this user @param {Date} now
 * @returns {Message | null} null if the stanza has nothing for a person to read
 */
export function readMessage(stanza, own, now) {
	const inner = unwrap(stanza, own);
	if (!inner) return null;
	const { message, delay, sent } = inner;
	const type = message.getAttribute("type") ?? "normal";
	const from = message.getAttribute("from") ?? own;
	const body = childText(message, "body");
	const other = sent ? (message.getAttribute("to") ?? own) : from;
	if (type === "error" ? sent : body === "" || !KINDS[type]) return null;
	return {
		kind: KINDS[type],
		direction: sent ? "out" : "in",
		peer: bareJid(other),
		from,
		other,
		occupant: isOccupants(message, other),
		id: message.getAttribute("id") ?? "",
		archiveId: archiveIdOf(message, own),
		replaces: child(message, "replace", NS_CORRECT)?.getAttribute("id") ?? "",
		body,
		time: stamp(delay, now),
		delayed: delay !== null,
		receipt: inner.message === stanza && child(message, "request", NS_RECEIPTS) !== null,
		markable: type !== "groupchat" && child(message, "markable", NS_MARKERS) !== null,
	};
}

/**
 * Reads whether the other side is writing (XEP-0085), and which message it has received (XEP-0184) or
 * read (XEP-0333).
 * Ignores carbons, because they concern another client of this user.
 * @param {Element} stanza
 * @returns {{peer: string, full: string, typing: boolean | null, received: string, displayed: string}}
 *   typing: null if the stanza does not say; received, displayed: "" if the stanza refers to no message
 */
export function readSigns(stanza) {
	const type = stanza.getAttribute("type") ?? "normal";
	const full = stanza.getAttribute("from") ?? "";
	const peer = bareJid(full);
	if (type === "error" || type === "groupchat") return { peer, full, typing: null, received: "", displayed: "" };
	const state = Array.from(stanza.children).find((el) => el.namespaceURI === NS_CHAT_STATES)?.localName;
	const received = child(stanza, "received", NS_RECEIPTS)?.getAttribute("id") ?? "";
	const displayed = child(stanza, "displayed", NS_MARKERS)?.getAttribute("id") ?? "";
	return { peer, full, typing: state ? state === "composing" : null, received, displayed };
}

/**
 * Reads which message this user has read with another client (XEP-0333).
 * @param {Element} stanza @param {string} own bare JID
 * @returns {{peer: string, id: string} | null}
 */
export function readSeen(stanza, own) {
	const inner = unwrap(stanza, own);
	const id = inner?.sent && child(inner.message, "displayed", NS_MARKERS)?.getAttribute("id");
	return id ? { peer: bareJid(inner.message.getAttribute("to") ?? own), id } : null;
}

/**
 * Reads a message from the archive (XEP-0313) of our own account, or of the group chat that it is from.
 * @param {Element} stanza @param {string} own bare JID @param {Date} now
 * @returns {{query: string, message: Message | null} | null} null if the stanza is not from an archive; message: null if
 *   it is forged or has nothing for a person to read
 */
export function readArchived(stanza, own, now) {
	const result = child(stanza, "result", NS_MAM);
	if (!result) return null;
	const query = result.getAttribute("queryid") ?? "";
	const forwarded = child(result, "forwarded", NS_FORWARD);
	const inner = child(forwarded, "message", NS_CLIENT);
	const message = inner && readMessage(inner, own, now);
	const by = stanza.getAttribute("from") ?? own;
	const ours = sameBare(by, own);
	if (!message || !(ours ? message.kind === "chat" : message.kind === "room" && sameBare(message.from, by))) return { query, message: null };
	const found = { archiveId: result.getAttribute("id") ?? "", time: stamp(child(forwarded, "delay", NS_DELAY), now), delayed: true };
	if (!ours) return { query, message: { ...message, ...found } };
	const sent = sameBare(message.from, own);
	const other = sent ? (inner.getAttribute("to") ?? own) : message.from;
	return {
		query,
		message: {
			...message,
			direction: sent ? "out" : "in",
			peer: bareJid(other),
			other,
			occupant: isOccupants(inner, other),
			...found,
		},
	};
}

/**
 * The status codes that a group chat sends (XEP-0045, section 15.6.2).
 * @param {Element} presence
 */
export const roomCodes = (presence) =>
	Array.from(child(presence, "x", NS_MUC_USER)?.children ?? [])
		.filter((el) => el.localName === "status")
		.map((el) => el.getAttribute("code") ?? "");

/** @param {Element} stanza @returns {Presence | null} */
export function readPresence(stanza) {
	const from = stanza.getAttribute("from");
	if (!from) return null;
	return {
		jid: bareJid(from),
		resource: jidResource(from),
		type: stanza.getAttribute("type") ?? "available",
		show: childText(stanza, "show").trim(),
		status: childText(stanza, "status").trim(),
		priority: Number.parseInt(childText(stanza, "priority"), 10) || 0,
	};
}

/**
 * Returns the items of a roster result or push; null if the stanza does not come from our own account.
 * Such a stanza must be ignored (RFC 6121, section 2.1.6).
 * @param {Element} iq @param {string} own bare JID @returns {RosterItem[] | null}
 */
export function readRoster(iq, own) {
	if (!sameBare(iq.getAttribute("from") ?? own, own)) return null;
	const query = child(iq, "query", "jabber:iq:roster");
	return Array.from(query?.children ?? [])
		.filter((item) => item.localName === "item" && item.getAttribute("jid"))
		.map((item) => ({
			jid: bareJid(item.getAttribute("jid") ?? ""),
			name: item.getAttribute("name") ?? "",
			subscription: item.getAttribute("subscription") ?? "none",
		}));
}
