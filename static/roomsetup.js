// Sets up a room of the site or of a page after this user has created it by entering it first. The
// room stays when it is empty, and everybody is allowed to write. The staff own it, and not the user
// who came first.
import { child } from "./stanza.js";

const NS_OWNER = "http://jabber.org/protocol/muc#owner";
const NS_ADMIN = "http://jabber.org/protocol/muc#admin";
const NS_DATA = "jabber:x:data";
const CONFIG = "muc#roomconfig_";
const BY_DEFAULT = "members_by_default"; // a form field that only ejabberd has; if it is 1, everybody who enters is allowed to write

/**
 * Returns the values for all fields that a server's form can have. The forms of the servers differ.
 * @param {string} name @param {string[]} fields @returns {Record<string, string>}
 */
const wanted = (name, fields) => ({
	[`${CONFIG}roomname`]: name,
	[`${CONFIG}persistentroom`]: "1",
	[`${CONFIG}publicroom`]: "0", // the server's public list of rooms does not contain the room
	[`${CONFIG}membersonly`]: "0",
	// Only on ejabberd the room is moderated, because ejabberd can mute somebody only in a moderated room. On other
	// servers nobody could write in a moderated room.
	...(fields.includes(BY_DEFAULT) ? { [`${CONFIG}moderatedroom`]: "1", [BY_DEFAULT]: "1" } : {}),
	[`${CONFIG}changesubject`]: "0",
	[`${CONFIG}allowinvites`]: "0",
	[`${CONFIG}whois`]: "moderators",
	[`${CONFIG}enablearchiving`]: "1",
	mam: "1", // ejabberd's name for the archive
});

/**
 * @typedef {Pick<import("./prebind.js").Prebind, "build" | "ask" | "jid">} Chat
 */

/** @param {Chat} chat @param {string} to @param {string} type @param {string} xmlns */
const query = (chat, to, type, xmlns) => chat.build()?.$iq({ type, to }).c("query", { xmlns });

/** @param {Chat} chat @param {string} jid @param {string} name */
async function configure(chat, jid, name) {
	const ask = query(chat, jid, "get", NS_OWNER);
	const form = ask && child(child(await chat.ask(ask), "query", NS_OWNER), "x", NS_DATA);
	const answer = query(chat, jid, "set", NS_OWNER)?.c("x", { xmlns: NS_DATA, type: "submit" });
	if (!answer) return;
	const fields = Array.from(form?.children ?? []).map((field) => field.getAttribute("var") ?? "");
	if (fields.length > 0) answer.c("field", { var: "FORM_TYPE" }).c("value").t("http://jabber.org/protocol/muc#roomconfig").up().up();
	for (const [field, value] of Object.entries(wanted(name, fields)))
		if (fields.includes(field)) answer.c("field", { var: field }).c("value").t(value).up().up();
	await chat.ask(answer);
}

/** @param {Chat} chat @param {string} jid of the room @param {string} whose the JID of the user @param {string} affiliation */
async function affiliate(chat, jid, whose, affiliation) {
	const iq = query(chat, jid, "set", NS_ADMIN)?.c("item", { jid: whose, affiliation });
	return iq ? (await chat.ask(iq))?.getAttribute("type") === "result" : false;
}

/**
 * @param {Chat} chat
 * @param {{jid: string, name: string, staff: string[]}} room staff: JIDs; if there are none, the user who came first owns the room
 */
export async function setUpRoom(chat, { jid, name, staff }) {
	await configure(chat, jid, name);
	const own = chat.jid.toLowerCase();
	const given = await Promise.all(staff.map((each) => affiliate(chat, jid, each, "owner")));
	// not "none", because ejabberd would then let this user only read
	if (given.includes(true) && !staff.includes(own)) await affiliate(chat, jid, own, "member");
}
