// The lines of a conversation: which of them are copies of one message, and what the copies together
// say. A message can come as it was sent, as a carbon, from the archive, from a group chat's history
// and from another tab. This module has no state and draws nothing.

const SAME_MS = 5_000; // largest difference between the times of two copies of a message without an id

/**
 * @typedef {"pending" | "unsent" | "" | "refused" | "delivered" | "read"} Fate what is known of a message that
 *   this user wrote; "": the server has it
 *
 * @typedef {object} Line
 * @property {"in" | "out"} direction
 * @property {string} text
 * @property {Date} time
 * @property {string} id of the message; may be empty
 * @property {string} author only in a group chat, else ""
 * @property {Fate} fate
 * @property {string} session while it is pending: the resource of the session that it was sent in, else maybe empty
 * @property {string} archiveId its id in this user's archive; may be empty
 * @property {boolean} seen this user has read it
 * @property {boolean} markable its sender wants to know when it is read
 * @property {boolean} edited its text replaced an earlier one (XEP-0308)
 */

/** @type {Fate[]} */
const FATES = ["pending", "unsent", "", "refused", "delivered", "read"]; // of two copies that differ, the one further right is right
const GUESSES = ["pending", "unsent"];

/**
 * @param {{direction: "in" | "out", text: string, time: Date} & Partial<Line>} parts
 * @returns {Line}
 */
export const newLine = (parts) => ({ id: "", author: "", fate: "", session: "", archiveId: "", seen: parts.direction === "out", markable: false, edited: false, ...parts });

/** @template T @param {T[]} list @param {(each: T) => boolean} test @returns {number} -1: none */
export function lastIndex(list, test) {
	let i = list.length - 1;
	while (i >= 0 && !test(list[i])) i--;
	return i;
}

/** @template T @param {T[]} list @param {(each: T) => boolean} test @returns {T | undefined} */
export const findLast = (list, test) => list[lastIndex(list, test)];

/**
 * Whether both are from the same person. This user's own lines are, whatever the nick: in a group
 * chat another tab of this user has another nick, for which this user's line is a member's.
 * @param {Line} a @param {Line} b
 */
const sameSender = (a, b) =>
	(a.direction === "out" && b.direction === "out") || (a.author === b.author && (a.author !== "" || a.direction === b.direction));

/** Whether both are copies of one message. @param {Line} a @param {Line} b */
export function isSame(a, b) {
	if (!sameSender(a, b)) return false;
	const sameText = a.text === b.text;
	if (a.id && b.id) return a.id === b.id && (sameText || a.edited || b.edited);
	return sameText && Math.abs(a.time.getTime() - b.time.getTime()) < SAME_MS;
}

/** An archive may know only the second. @param {Date} time */
const isWhole = (time) => time.getTime() % 1000 === 0;

/** @param {Date} a @param {Date} b @returns {Date} a if both are as good */
function betterTime(a, b) {
	if (isWhole(a) !== isWhole(b)) return isWhole(a) ? b : a;
	return b < a ? b : a;
}

/** The one of two fates that is believed. @param {Fate} a @param {Fate} b */
export const surer = (a, b) => (FATES.indexOf(b) > FATES.indexOf(a) ? b : a);

/**
 * Adds to a line what a copy of it knows. If both only guess the message's fate, the line's own
 * guess stays. Of two times the more exact counts, then the earlier: two tabs hear a message at
 * different times, and with each its own time they would put two messages in a different order.
 * @param {Line} line changed in place @param {Line} copy
 * @returns {boolean} whether the line has changed
 */
export function learn(line, copy) {
	const before = JSON.stringify(line);
	line.seen ||= copy.seen;
	line.archiveId ||= copy.archiveId;
	line.time = betterTime(line.time, copy.time);
	if (!GUESSES.includes(line.fate) || !GUESSES.includes(copy.fate)) line.fate = surer(line.fate, copy.fate);
	if (copy.edited && !line.edited) Object.assign(line, { text: copy.text, edited: true });
	return JSON.stringify(line) !== before;
}

/**
 * Replaces the text of the line that this one corrects. Only its sender can do that.
 * @param {Line[]} lines @param {Line} correction @param {string} id of the corrected message
 * @returns {Line | null} the corrected line; null: it is not known
 */
export function correct(lines, correction, id) {
	const line = findLast(lines, (each) => each.id === id && sameSender(each, correction));
	if (!line) return null;
	Object.assign(line, { text: correction.text, edited: true });
	return line;
}

/**
 * Adds a line, unless it is a copy of one that is known: then that one learns from it.
 * @param {Line[]} lines @param {Line} line @param {Line} [next] one of the lines that comes after it
 * @returns {boolean} whether it is new
 */
export function merge(lines, line, next) {
	const known = findLast(lines, (each) => isSame(each, line));
	const before = known?.time;
	if (known) learn(known, line);
	if (known && known.time !== before) next = takeOut(lines, known) ?? next;
	if (known?.time !== before || !known) insert(lines, known ?? line, next);
	return !known;
}

/**
 * Takes a line out whose time is better known now.
 * @param {Line[]} lines @param {Line} line
 * @returns {Line | undefined} the next one whose exact time is not known: the archive has told the order of the two
 */
function takeOut(lines, line) {
	const at = lines.indexOf(line);
	lines.splice(at, 1);
	return lines.slice(at).find(({ time }) => isWhole(time));
}

/**
 * For each of these messages the next one that a conversation has already.
 * @param {Line[]} lines of the conversation @param {Line[]} others in their order
 * @returns {(Line | undefined)[]}
 */
export function nextKnown(lines, others) {
	/** @type {(Line | undefined)[]} */ const next = [];
	/** @type {Line | undefined} */ let found;
	for (let i = others.length - 1; i >= 0; i--) {
		next[i] = found;
		found = findLast(lines, (each) => isSame(each, others[i])) ?? found;
	}
	return next;
}

/**
 * Inserts a line at its time; lines of the same time keep their order. A line of which only the
 * second is known comes last in that second.
 * @param {Line[]} lines @param {Line} line @param {Line} [next] one of the lines that comes after it
 */
function insert(lines, line, next) {
	const until = line.time.getTime() + (isWhole(line.time) ? 999 : 0);
	const at = lastIndex(lines, (each) => each.time.getTime() <= until) + 1;
	const before = next ? lines.indexOf(next) : -1;
	lines.splice(before >= 0 && before < at ? before : at, 0, line);
}
