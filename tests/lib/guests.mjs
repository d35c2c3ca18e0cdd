/*
 * A site with guests in front of a real Prosody or ejabberd, on Debian's own files plus exactly the snippets of
 * docs/guests.md. For the tests of what the servers keep guests from.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { docSnippet } from "./docs.mjs";
import { httpRequest } from "./http.mjs";
import { top } from "./place.mjs";
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

/** Compiles our module for ejabberd, as the document says. @returns the environment in which ejabberd finds it */
function ejabberdModule(place) {
	const folder = place.folder("ejabberd-modules");
	const { status, stdout, stderr } = spawnSync("erlc", ["-Werror", "-o", folder, `${top}/ejabberd/mod_prebind_guests.erl`], { encoding: "utf8" });
	assert.equal(status, 0, stdout + stderr);
	return { ERL_FLAGS: `-pa ${folder}` };
}

const MODULE = / {6}mod_prebind_guests:\n(?: {8}.*\n)+/;

/** Takes our module out of ejabberd's snippet: what is left are ejabberd's own settings. */
export function withoutModule(text) {
	assert.match(text, MODULE);
	return text.replace(MODULE, "");
}

/** The options of startSite. change: what a test does to the snippet of the document; site: further keys of prebind.conf. */
export const OPTIONS = {
	Prosody: (_place, { change = unchanged, site = {} } = {}) => ({
		server: "prosody", way: "token", debian: true, users: USERS, site: { ...SITE, ...site }, more: MUC + change(docSnippet(DOCUMENT, "prosody")),
	}),
	ejabberd: (place, { change = unchanged, site = {}, bosh = {}, boshHost } = {}) => ({
		server: "ejabberd", way: "jwt", debian: true, users: USERS, site: { ...SITE, ...site },
		bosh: { "  - example.org\n": `  - ${DOMAIN}\n  - ${GUESTS}\n`, ...bosh }, more: change(docSnippet(DOCUMENT, "ejabberd")),
		env: ejabberdModule(place), boshHost,
	}),
};

async function startEjabberd(place, options) {
	const made = await startSite(place, OPTIONS.ejabberd(place, options));
	await letThroughToStaff(made.port);
	return made;
}

/** Each starts such a site. */
export const SERVERS = {
	Prosody: (place, options) => startSite(place, OPTIONS.Prosody(place, options)),
	ejabberd: startEjabberd,
	/* without our module, by ejabberd's own settings */
	"ejabberd alone": (place, { change = unchanged, ...options } = {}) =>
		startEjabberd(place, { ...options, change: (text) => change(withoutModule(text)) }),
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
