/*
 * A site with guests in front of a real Prosody or ejabberd, on Debian's own files plus exactly the snippets of
 * docs/guests.md. For the tests of what the servers keep guests from.
 */
import assert from "node:assert/strict";
import { docSnippet } from "./docs.mjs";
import { httpRequest } from "./http.mjs";
import { DOMAIN, goOn, startSite } from "./xmpp_site.mjs";

const DOCUMENT = "docs/guests.md";
export const GUESTS = `guests.${DOMAIN}`;
export const STAFF = `support@${DOMAIN}`;
export const ROOM_SERVICE = `conference.${DOMAIN}`;
const USERS = { alice: "alice's site password", support: "support's site password" };
// Several servers start side by side, so on a busy machine an answer may take longer than the default of 4 s.
const SITE = { identity: "login guest", guest_domain: GUESTS, staff: STAFF, limit_guest_ip: "20/24h", timeout: "30s" };

const MUC = `Component "${ROOM_SERVICE}" "muc"\n\trestrict_room_creation = "local"\n\n`;

/** On ejabberd: lets guests through to the staff, as the document says. */
export async function letThroughToStaff(port) {
	const row = { localuser: "support", localhost: DOMAIN, user: "", host: GUESTS, nick: "Guests", group: "", subs: "both" };
	const answer = await httpRequest({
		port, path: "/api/add_rosteritem", method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(row),
	});
	assert.equal(answer.status, 200, answer.body);
}

const unchanged = (text) => text;

/** The options of startSite. change: what a test does to the snippet of the document; site: further keys of prebind.conf. */
export const OPTIONS = {
	Prosody: ({ change = unchanged, site = {} } = {}) => ({
		server: "prosody", way: "token", debian: true, users: USERS, site: { ...SITE, ...site }, more: MUC + change(docSnippet(DOCUMENT, "prosody")),
	}),
	ejabberd: ({ change = unchanged, site = {} } = {}) => ({
		server: "ejabberd", way: "jwt", debian: true, users: USERS, site: { ...SITE, ...site },
		bosh: { "  - example.org\n": `  - ${DOMAIN}\n  - ${GUESTS}\n` }, more: change(docSnippet(DOCUMENT, "ejabberd")),
	}),
};

/** Each starts such a site. */
export const SERVERS = {
	Prosody: (place, options) => startSite(place, OPTIONS.Prosody(options)),
	ejabberd: async (place, options) => {
		const made = await startSite(place, OPTIONS.ejabberd(options));
		await letThroughToStaff(made.port);
		return made;
	},
};

/** Everything that the server has for this session until it has handled what the session sent before. */
export async function heard(port, session, payload = "") {
	let text = "";
	let next = `${payload}<iq xmlns='jabber:client' type='get' id='until-here'><ping xmlns='urn:xmpp:ping'/></iq>`;
	do {
		text += (await goOn(port, session, next)).body;
		next = "";
	} while (!/id=['"]until-here/.test(text) && !/terminate/.test(text));
	return text;
}
