// The last requests of a page that is being left. These requests outlive the page. They repeat what might
// not have reached the server. Then they end the session, or keep it alive for the next page.

const RESEND_S = 5; // when the page is left, a request younger than this might not have reached the server
const NS_BOSH = "http://jabber.org/protocol/httpbind";

/**
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./repeats.js").Sent} Sent
 * @typedef {Pick<Session, "sid" | "rid" | "url">} Address the part of a session that a request needs
 *
 * @typedef {object} Line
 * @property {Pick<import("./environment.js").Environment, "fetch">} env
 * @property {Session} session
 * @property {any} connection Strophe's connection
 * @property {import("./spacing.js").Spacing | null} spacing
 * @property {Sent[]} repeated requests of the previous page that have no answer, oldest first
 * @property {(stanza: Element) => string} serialize
 */

/** @param {string} text */
const escapeXml = (text) => text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** @param {Address} session @param {number} rid @param {string} [type] @param {string} [inner] XML */
export const bodyText = ({ sid }, rid, type, inner = "") =>
	`<body xmlns="${NS_BOSH}" rid="${rid}" sid="${escapeXml(sid)}"${type ? ` type="${type}"` : ""}>${inner}</body>`;

/**
 * Sends a request that outlives the page. Strophe's own requests do not outlive it, because the browser cancels them.
 * @param {Pick<import("./environment.js").Environment, "fetch">} env @param {Address} session @param {string} body
 */
export function postLast(env, session, body) {
	const headers = { "Content-Type": "text/xml; charset=utf-8" };
	env.fetch(session.url, { method: "POST", keepalive: true, headers, body }).catch(() => {});
}

/**
 * Ends a session that no page uses.
 * @param {Pick<import("./environment.js").Environment, "fetch">} env @param {Address} session @param {number} [rid]
 */
export function discard(env, session, rid = session.rid) {
	postLast(env, session, bodyText(session, rid, "terminate", '<presence xmlns="jabber:client" type="unavailable"/>'));
}

/** @param {any} request a request of Strophe; the age is in seconds */
const readRequest = (request) => ({ data: request.data, age: request.age(), rid: request.rid ?? 0 });

/** The unanswered requests of a connection, oldest first. @param {any} connection @returns {Sent[]} */
export const openRequests = (connection) => connection._proto._requests.map(readRequest).map((/** @type {Sent} */ { rid, data }) => ({ rid, data }));

/** The stanzas that wait for a request. @param {any} connection @returns {Element[]} */
export const waitingStanzas = (connection) => connection._data.filter((/** @type {any} */ el) => el instanceof Object);

/**
 * Sends again each request that might not have reached the server, then the stanzas that wait.
 * Empty requests are repeated too, because the server accepts no rid after a missing rid. The
 * server does not process a repeated rid twice (XEP-0124, section 14.3).
 * @param {Line} line @param {number} lastRid the highest rid that is known to have been sent
 * @param {boolean} silent if true, this sends nothing, because another tab sends these requests
 * @returns {{lastRid: number, added: Sent[]}} added: the request with the stanzas that waited
 */
export function sendAgain({ env, session, connection, spacing, repeated, serialize }, lastRid, silent) {
	const post = (/** @type {string} */ body) => {
		if (silent) return;
		spacing?.holdStill();
		postLast(env, session, body);
		spacing?.sent();
	};
	for (const { data } of repeated) post(data);
	for (const { data, age, rid } of connection._proto._requests.map(readRequest)) {
		if (age < RESEND_S) post(data);
		// this request already has a rid, although it might not have been sent yet
		if (rid > lastRid) lastRid = rid;
	}
	const waiting = waitingStanzas(connection);
	if (waiting.length === 0 || connection.disconnecting) return { lastRid, added: [] };
	const rid = lastRid + 1;
	const data = bodyText(session, rid, "", waiting.map(serialize).join(""));
	post(data);
	return { lastRid: rid, added: [{ rid, data }] };
}
