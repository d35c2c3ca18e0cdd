// Reads a session's data from the page, or asks for it with POST prebind.json. This module checks all
// data from outside, so life.js gets either a complete session or the name of a failure. Nothing is
// stored.
import { retryAfterMs } from "./pace.js";
import { parseKept } from "./storage.js";

const RID_MAX = Number.MAX_SAFE_INTEGER - 1_000_000; // largest rid that is accepted; counting up from a larger rid could lose precision
const WAIT_DEFAULT_S = 60;
const HOLD_DEFAULT = 1;
const LIFE_DEFAULT_S = 10; // used if the page does not say how long an unused session lives; the shortest lifetime of all known servers
const LIFE_MARGIN_S = 2; // subtracted from the lifetime, because a request to the BOSH service takes time too
const ANSWER_TIMEOUT_MS = 20_000;

/**
 * @typedef {object} Session
 * @property {string} jid full JID
 * @property {string} sid
 * @property {number} rid the next rid to send
 * @property {string} url absolute URL of the BOSH service
 * @property {number} wait the longest time that the server holds a request, in seconds
 * @property {number} hold
 * @property {number} goodUntil in milliseconds on the caller's clock; the session cannot be used after this time
 * @property {import("./repeats.js").Sent[]} [unanswered] the previous page's unanswered requests; missing if this page is the first
 *
 * @typedef {{kind: "session", session: Session, user: string}
 *   | {kind: "user", user: string, site: SiteInfo}
 *   | {kind: "needs-login"}
 *   | {kind: "refused", code: string}
 *   | {kind: "later", code: string, afterMs: number}} BindAnswer
 *   user: the site's opaque key for the logged-in user; refused: the same request would get the same
 *   answer; later: the request can be repeated after afterMs milliseconds
 *
 * @typedef {{url: string, page: string, fetch: typeof fetch, now: () => number, signal?: AbortSignal}} How
 */

/** @param {unknown} text @returns {number | null} null if it is not a rid, or is too large to count up from */
export function parseRid(text) {
	if (typeof text !== "string" || !/^[0-9]{1,16}$/.test(text)) return null;
	const rid = Number(text);
	return rid <= RID_MAX ? rid : null;
}

/** @param {unknown} value @param {number} min @param {number} max @param {number} otherwise */
function whole(value, min, max, otherwise) {
	const n = typeof value === "string" ? Number(value) : value;
	return typeof n === "number" && Number.isInteger(n) && n >= min && n <= max ? n : otherwise;
}

/** @param {unknown} text @param {string} page */
function boshUrl(text, page) {
	if (typeof text !== "string" || text === "") return null;
	try {
		const url = new URL(text, page);
		return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
	} catch {
		return null;
	}
}

/**
 * @param {any} data the JSON of prebind.json or of the page's data block
 * @param {{page: string, madeAt: number}} from page: the page's URL; madeAt: the earliest time
 *   at which the session can have been opened, in milliseconds
 * @returns {Session | null} null if the data is not a session
 */
export function parseSession(data, { page, madeAt }) {
	if (typeof data !== "object" || data === null) return null;
	const rid = parseRid(data.rid);
	const url = boshUrl(data.bosh_url, page);
	const jidIsFull = typeof data.jid === "string" && /^[^@/]+@[^@/]+\/./.test(data.jid);
	if (rid === null || url === null || !jidIsFull) return null;
	if (typeof data.sid !== "string" || data.sid === "") return null;
	const life = whole(data.expires_in, 1, 86_400, LIFE_DEFAULT_S);
	return {
		jid: data.jid,
		sid: data.sid,
		rid,
		url,
		wait: whole(data.wait, 1, 300, WAIT_DEFAULT_S),
		hold: whole(data.hold, 1, 2, HOLD_DEFAULT),
		goodUntil: madeAt + Math.max(life - LIFE_MARGIN_S, 1) * 1000,
	};
}

/**
 * Removes the data block from the page and returns its data. The data is secret and can be used only once.
 * `user` in the result comes from the block's data-user attribute.
 * @param {Document} document
 * @returns {unknown} null if there is no block or it is not JSON
 */
export function takeDataBlock(document) {
	const block = document.getElementById("prebind");
	if (!block) return null;
	block.remove();
	try {
		return { ...JSON.parse(block.textContent ?? ""), user: block.dataset?.user };
	} catch {
		return null;
	}
}

/** @param {Response} response @returns {Promise<any>} */
async function readJson(response) {
	try {
		return await response.json();
	} catch {
		return null;
	}
}

/** @param {Response} response @param {any} data @param {number} now @returns {BindAnswer} */
function readFailure(response, data, now) {
	const code = typeof data?.error === "string" ? data.error : `http_${response.status}`;
	const afterMs = retryAfterMs(response.headers.get("Retry-After"), now);
	if (response.status === 401) return { kind: "needs-login" };
	const passes = response.status >= 500 || response.status === 408 || response.status === 429;
	return passes ? { kind: "later", code, afterMs } : { kind: "refused", code };
}

/**
 * @typedef {{jid: string, name: string, join: boolean}} SiteRoom join: true if users enter it automatically
 * @typedef {{people: "" | "contacts" | "all", rooms: SiteRoom[], staff: string[], upload: string[], name: string,
 *   guests: string, guest: "" | "new" | "begun"}} SiteInfo people: which of the site's people are shown, "" if none; upload:
 *   the origins of the upload service; name: this user's name as others see it, can be empty; guests: the domain of the
 *   guests' JIDs, "" if the site has no guests; guest: "new" for a guest who has not entered a name yet, "begun" for a
 *   guest who has, "" for a user
 */

const GUEST_MARK = " (guest)"; // the same in every language, because XMPP servers check it

/** The name under which others see a guest. @param {string} name as it was typed */
export const guestName = (name) => name.replaceAll(GUEST_MARK, "").trim() + GUEST_MARK;

/** Reads the site's configuration. @param {any} data the JSON of the page's data block or of prebind.json @returns {SiteInfo} */
export function readSite(data) {
	const list = (/** @type {unknown} */ value) => (Array.isArray(value) ? value : []);
	const rooms = list(data?.rooms).filter(({ jid, name }) => typeof jid === "string" && typeof name === "string");
	const texts = (/** @type {unknown} */ value) => list(value).filter((each) => typeof each === "string");
	const said = typeof data?.name === "string" ? data.name : "";
	const guest = data?.guest === true;
	return {
		people: ["contacts", "all"].includes(data?.people) ? data.people : "",
		rooms: rooms.map(({ jid, name, join }) => ({ jid, name, join: join === true })),
		staff: texts(data?.staff),
		upload: guest ? [] : texts(data?.upload),
		guests: typeof data?.guests === "string" ? data.guests : "",
		guest: guest ? (typeof data.name === "string" ? "begun" : "new") : "",
		name: guest ? guestName(said) : said,
	};
}

/** Reads the site's configuration from the page's data block. Does not remove the block. @param {Document} document */
export const siteOfPage = (document) => readSite(parseKept(document.getElementById("prebind")?.textContent ?? null));

/** The site's opaque key for a user; "" if there is none. Equal keys mean the same user. @param {any} data */
export const readUser = (data) => (typeof data?.user === "string" && data.user.length <= 64 ? data.user : "");

/** @param {How} how @param {string} [form] @returns {Promise<{response: Response, data: any} | null>} */
async function post({ url, fetch, signal }, form) {
	try {
		const response = await fetch(url, {
			method: "POST",
			headers: { Accept: "application/json" },
			mode: "same-origin",
			credentials: "same-origin",
			cache: "no-store",
			redirect: "error",
			body: form === undefined ? undefined : new URLSearchParams(form),
			signal: signal ?? AbortSignal.timeout(ANSWER_TIMEOUT_MS),
		});
		return { response, data: await readJson(response) };
	} catch {
		return null;
	}
}

/** @type {BindAnswer} */
const NO_ANSWER = { kind: "later", code: "no_answer", afterMs: 0 };

/** Asks for a session. Never throws. @param {How} how @returns {Promise<BindAnswer>} */
export async function askForSession(how) {
	const madeAt = how.now();
	const answer = await post(how, "bind=yes");
	if (!answer) return NO_ANSWER;
	const { response, data } = answer;
	if (!response.ok) return readFailure(response, data, how.now());
	const session = parseSession(data, { page: how.page, madeAt });
	return session
		? { kind: "session", session, user: readUser(data) }
		: { kind: "later", code: "bad_answer", afterMs: 0 };
}

/**
 * Asks who is logged in, without opening a session. Never throws.
 * @param {How} how @param {string} [name] the name that a guest has entered
 * @returns {Promise<BindAnswer>}
 */
export async function askWho(how, name) {
	const answer = await post(how, name === undefined ? "bind=no" : `bind=no&name=${encodeURIComponent(name)}`);
	if (!answer) return NO_ANSWER;
	if (!answer.response.ok) return readFailure(answer.response, answer.data, how.now());
	const user = readUser(answer.data);
	return user ? { kind: "user", user, site: readSite(answer.data) } : { kind: "later", code: "bad_answer", afterMs: 0 };
}
