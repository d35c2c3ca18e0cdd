// The conversations of this user, which all tabs of the site share: the last lines of each, what is
// unread, the draft, and the group chats that the user is in. They are stored in localStorage under
// the site's opaque key for the user. They outlive the page, and are removed at log-out. Each tab receives most
// messages itself; lines.js merges the tabs' copies.
import { correct, findLast, isSame, lastIndex, learn, merge, newLine, nextKnown } from "./lines.js";
import { isTalkKey, keep, keptKeys, parseKept, readKept, talkKey } from "./storage.js";

const LINES_MAX = 1_000; // largest number of lines of a conversation in a page; limited because a page can stay open for weeks
const LINES_KEPT = 100; // number of lines of each conversation that are stored
const CHARS_KEPT = 24_000; // number of stored characters of each conversation; all conversations together fill a fifth of a site's storage
const TALKS_KEPT = 40;
const KEPT_MS = 30 * 86_400_000; // a conversation older than this is removed
const MARK = "prebind-mark "; // followed by the user's key; handover.js removes all keys that begin with "prebind-" at log-out

/**
 * @typedef {import("./lines.js").Line} Line
 *
 * @typedef {object} Talk
 * @property {string} jid the other side's JID
 * @property {string} name the name to show for a member of a group chat, a guest or the staff; otherwise ""
 * @property {string} nick this user's nick in a group chat; "" if this user is not in it
 * @property {Line[]} lines oldest first
 * @property {string | null} cut null if this page has removed no lines, or after conversation.js has read this value; otherwise the
 *   archive's id of the oldest remaining line whose archive id is known, or "" if no archive id is known
 * @property {string} displayed the archive's id of the last message that was reported to the server as read; can be empty
 * @property {string} draft
 * @property {number} draftAt when the draft was written, in milliseconds
 * @property {number} at when the conversation changed, in milliseconds
 */

/** @param {any} kept what is stored, JSON @returns {Line[]} */
const keptLines = (kept) => (kept?.lines ?? []).map((/** @type {any} */ line) => newLine({ ...line, time: new Date(line.time) }));

/** Returns the lines to store, which are the last ones. @param {Line[]} lines */
function lastLines(lines) {
	let chars = 0;
	const last = lines.slice(-LINES_KEPT);
	const from = lastIndex(last, (line) => (chars += line.text.length) > CHARS_KEPT);
	return last.slice(from + 1);
}

/** @param {Talk} talk @returns {any} JSON; null if there is nothing to store */
function toKept({ lines, ...talk }) {
	const last = lastLines(lines);
	const unread = last.filter((line) => !line.seen).length;
	return last.length > 0 || talk.draft || talk.nick ? { ...talk, cut: undefined, lines: last, unread } : null;
}

/**
 * Merges a conversation with the copy that another tab has stored. The later of the two drafts is kept.
 * @param {Talk} talk changed in place @param {any} kept
 */
function absorb(talk, kept) {
	const copies = keptLines(kept);
	const next = nextKnown(talk.lines, copies);
	for (const [i, copy] of copies.entries()) merge(talk.lines, copy, next[i]);
	if (kept?.draftAt > talk.draftAt) Object.assign(talk, { draft: kept.draft, draftAt: kept.draftAt });
}

/**
 * Whether this tab has more of a conversation than is stored. Fates in GUESSES do not count, because
 * otherwise two tabs could correct each other without end.
 * @param {Talk} talk @param {any} kept
 */
function knowsMore({ lines, draftAt }, kept) {
	const copies = keptLines(kept);
	const since = copies[0]?.time ?? new Date(0); // lines from before this time are not stored any more
	const isNews = (/** @type {Line} */ line) => {
		const copy = findLast(copies, (each) => isSame(each, line));
		return copy ? learn(copy, line) : line.time > since;
	};
	return draftAt > kept.draftAt || lastLines(lines).some(isNews);
}

export class Talks {
	/** @type {Map<string, Talk>} */ #talks = new Map();
	/** @type {Set<Talk>} */ #changed = new Set(); // not yet stored
	/** @type {Storage | null} */ #storage;
	/** @type {string | null} */ #mark = null;
	#now;
	#user = ""; // the site's opaque key for the user; while it is "", nothing is stored

	/** @param {{storage: Storage | null, now?: () => number}} where storage: localStorage */
	constructor({ storage, now = Date.now }) {
		this.#storage = storage;
		this.#now = now;
	}

	[Symbol.iterator]() {
		return this.#talks.values();
	}

	/**
	 * Reads what is stored for this user, and removes what is stored for other users. Call this again
	 * when the page might have missed changes.
	 * @param {string} user the site's opaque key for the user; "" if not known; then nothing is stored
	 */
	open(user) {
		this.#user = user;
		if (!user) return;
		for (const key of keptKeys(this.#storage)) {
			const kept = isTalkKey(key) || key.startsWith(MARK) ? readKept(this.#storage, key) : null;
			const own = key.startsWith(this.#key("")) || key === MARK + user;
			if (kept && (!own || this.#now() - kept.at > KEPT_MS)) keep(this.#storage, key, null);
			else if (kept && key !== MARK + user) this.#take(kept);
		}
		this.#mark = readKept(this.#storage, MARK + user)?.mark ?? this.#mark;
	}

	/** Stores nothing from now on, because the user has logged out. */
	close() {
		this.#user = "";
	}

	/**
	 * Call this when another tab has changed the storage. The processes of a browser do not see a change
	 * at the same time. So a tab can overwrite a change that it has not seen yet. Then both
	 * tabs store their versions again. But the other tab's page might be closed by then. So
	 * this tab gets the value that it has overwritten (`told`), and stores that value too.
	 * @param {string | null} key
	 * @param {string | null} [told] the value that the other tab has stored
	 * @returns {Talk | null} the conversation that might have changed
	 */
	hear(key, told = null) {
		const kept = this.#user && key?.startsWith(this.#key("")) ? readKept(this.#storage, key) : null;
		if (!kept) return null;
		absorb(this.get(String(kept.jid)), parseKept(told));
		const talk = this.#take(kept);
		if (knowsMore(talk, kept)) this.save(talk);
		return talk;
	}

	/** @param {string} jid @returns {Talk} */
	get(jid) {
		const talk = this.#talks.get(jid) ?? { jid, name: "", nick: "", lines: [], cut: null, displayed: "", draft: "", draftAt: 0, at: 0 };
		this.#talks.set(jid, talk);
		return talk;
	}

	/**
	 * The archive's id of the newest known message; "" if the archive was empty; null if the
	 * archive has not been read.
	 */
	get mark() {
		return this.#mark;
	}

	set mark(mark) {
		if (mark === this.#mark) return;
		this.#mark = mark;
		if (this.#user) keep(this.#storage, MARK + this.#user, { mark, at: this.#now() });
	}

	/** @param {Talk} talk */
	unread({ lines }) {
		return lines.filter((line) => !line.seen).length;
	}

	/** Marks these lines as read. @param {Talk} talk @param {Line[]} [lines] */
	see(talk, lines = talk.lines) {
		if (lines.every(({ seen }) => seen)) return;
		for (const line of lines) line.seen = true;
		this.save(talk);
	}

	/** @param {Talk} talk @param {string} draft */
	write(talk, draft) {
		if (draft === talk.draft) return;
		Object.assign(talk, { draft, draftAt: this.#now() });
		this.save(talk);
	}

	/**
	 * Adds a message, unless it is a copy of a known message. If this user wrote it, here or
	 * elsewhere, all lines above it count as read.
	 * @param {Talk} talk @param {Line} line
	 * @param {{replaces?: string, next?: Line}} [where] replaces: id of the message that `line` corrects; next: a line of the
	 *   conversation that comes after `line`
	 * @returns {boolean} false if the message was known, or has corrected a line
	 */
	add(talk, line, { replaces = "", next } = {}) {
		const { lines } = talk;
		const corrected = replaces !== "" && correct(lines, line, replaces);
		const added = !corrected && merge(lines, line, next);
		// Lines are removed only when a line was added at the end. If they were removed while
		// earlier lines are added at the top, there would be a gap below the earlier lines.
		if (lines.length > LINES_MAX && lines[lines.length - 1] === line) this.#cut(talk);
		if (line.direction === "out") for (const each of lines) if (each.time <= line.time) each.seen = true;
		this.save(talk);
		return added;
	}

	/** Removes the oldest lines from the page. @param {Talk} talk */
	#cut(talk) {
		talk.lines.splice(0, LINES_MAX / 10);
		talk.cut = talk.lines.find(({ archiveId }) => archiveId !== "")?.archiveId ?? "";
	}

	/**
	 * Finds a message that this user wrote.
	 * @param {string} id @returns {{talk: Talk, line: Line} | null}
	 */
	findSent(id) {
		for (const talk of this) {
			const line = findLast(talk.lines, (each) => each.id === id && each.direction === "out");
			if (line) return { talk, line };
		}
		return null;
	}

	/** Stores a conversation after this turn of the event loop. @param {Talk} talk */
	save(talk) {
		talk.at = this.#now();
		this.#changed.add(talk);
		if (this.#changed.size === 1) queueMicrotask(() => this.flush());
	}

	/**
	 * Stores the changed conversations, merged with the changes that other tabs have stored
	 * meanwhile.
	 */
	flush() {
		const changed = [...this.#changed];
		this.#changed.clear();
		if (!this.#user) return;
		for (const talk of changed) {
			const kept = readKept(this.#storage, this.#key(talk.jid));
			absorb(talk, kept);
			keep(this.#storage, this.#key(talk.jid), toKept(talk));
			if (!kept) this.#dropOldest();
		}
	}

	/** @param {string} jid */
	#key(jid) {
		return talkKey(this.#user, jid);
	}

	/** @param {any} kept @returns {Talk} */
	#take(kept) {
		const talk = this.get(String(kept.jid));
		absorb(talk, kept);
		const texts = { name: String(kept.name ?? ""), nick: String(kept.nick ?? ""), displayed: String(kept.displayed ?? "") };
		Object.assign(talk, { ...texts, at: Number(kept.at) });
		return talk;
	}

	#dropOldest() {
		const keys = keptKeys(this.#storage).filter((key) => key.startsWith(this.#key("")));
		if (keys.length <= TALKS_KEPT) return;
		const at = (/** @type {string} */ key) => Number(readKept(this.#storage, key)?.at ?? 0);
		const [oldest] = keys.map((key) => ({ key, at: at(key) })).sort((a, b) => a.at - b.at);
		keep(this.#storage, oldest.key, null);
	}
}
