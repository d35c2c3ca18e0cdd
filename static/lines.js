// Merges the lines of a conversation: finds lines that are copies of one message, and combines the
// details of the copies. A message can arrive as it was sent, as a carbon, from the archive, from a group
// chat's history and from another tab. This module has no state and draws nothing.

const SAME_MS = 5_000; // largest difference between the times of two copies of a message without an id

/**
 * @typedef {"pending" | "unsent" | "" | "refused" | "delivered" | "read"} Fate what is known of a message that
 *   this user wrote; "" if the server has it
 *
 * @typedef {object} Line
 * @property {"in" | "out"} direction
 * @property {string} text
 * @property {Date} time
 * @property {string} id the message's id; can be empty
 * @property {string} author the sender's nick in a group chat, otherwise ""
 * @property {Fate} fate
 * @property {string} session while the message is pending, the resource of the session that it was sent in; otherwise it can be empty
 * @property {string} archiveId the message's id in this user's archive; can be empty
 * @property {boolean} seen true if this user has read it
 * @property {boolean} markable true if the sender asks to be told when the message is read
 * @property {boolean} edited true if its text replaced an earlier one (XEP-0308)
 */

/** @type {Fate[]} */
const FATES = ["pending", "unsent", "", "refused", "delivered", "read"]; // if two copies differ, the later fate in this list is correct
const GUESSES = ["pending", "unsent"];

/**
 * @param {{direction: "in" | "out", text: string, time: Date} & Partial<Line>} parts
 * @returns {Line}
 */
export const newLine = (parts) => ({ id: "", author: "", fate: "", session: "", archiveId: "", seen: parts.direction === "out", markable: false, edited: false, ...parts });

/** @template T @param {T[]} list @param {(each: T) => boolean} test @returns {number} -1 if there is none */
export function lastIndex(list, test) {
	let i = list.length - 1;
	while (i >= 0 && !test(list[i])) i--;
	return i;
}

/** @template T @param {T[]} list @param {(each: T) => boolean} test @returns {T | undefined} */
export const findLast = (list, test) => list[lastIndex(list, test)];

/**
 * Whether both lines are from the same person. This is always true if both have the direction "out". In a
 * group chat each tab of this user can have a nick of its own. Then a line that is "out" in one tab
 * is "in" in another tab, and only the nick shows that both have the same sender.
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

/** Whether a time has no milliseconds. Some archives store only whole seconds. @param {Date} time */
const isWhole = (time) => time.getTime() % 1000 === 0;

/** @param {Date} a @param {Date} b @returns {Date} the more exact time; if both are equally exact, the earlier time */
function betterTime(a, b) {
	if (isWhole(a) !== isWhole(b)) return isWhole(a) ? b : a;
	return b < a ? b : a;
}

/** Returns the correct one of two fates: the one that comes later in FATES. @param {Fate} a @param {Fate} b */
export const surer = (a, b) => (FATES.indexOf(b) > FATES.indexOf(a) ? b : a);

/**
 * Completes a line with the details of a copy of it. A fate that is only a guess (GUESSES) does not replace
 * another guess. The more exact of the two times is used, or the earlier one if both are equally exact.
 * Two tabs receive a message at different times. If each tab used its own time, the tabs could show
 * messages in different orders.
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
 * Replaces the text of a line by a correction. Only the sender of the line can correct it.
 * @param {Line[]} lines @param {Line} correction @param {string} id the id of the corrected message
 * @returns {Line | null} the corrected line; null if no line has this id and this sender
 */
export function correct(lines, correction, id) {
	const line = findLast(lines, (each) => each.id === id && sameSender(each, correction));
	if (!line) return null;
	Object.assign(line, { text: correction.text, edited: true });
	return line;
}

/**
 * Adds a line. If the line is a copy of a known line, only completes the known line with the copy's details.
 * @param {Line[]} lines @param {Line} line @param {Line} [next] a line of the conversation that comes after `line`
 * @returns {boolean} true if the line is new
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
 * Removes a line whose time has become more exact. The caller inserts it again.
 * @param {Line[]} lines @param {Line} line
 * @returns {Line | undefined} the next line whose exact time is not known. The caller must insert
 *   the removed line before the returned line, because the order of both lines comes from the archive
 */
function takeOut(lines, line) {
	const at = lines.indexOf(line);
	lines.splice(at, 1);
	return lines.slice(at).find(({ time }) => isWhole(time));
}

/**
 * Returns for each of these messages the first later message that is already in the conversation.
 * @param {Line[]} lines the conversation @param {Line[]} others these messages, in their order
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
 * Inserts a line at its time, after lines with the same time. If the line's time is known only to the
 * second, the line comes after all lines of that second.
 * @param {Line[]} lines @param {Line} line @param {Line} [next] a line of the conversation that comes after `line`
 */
function insert(lines, line, next) {
	const until = line.time.getTime() + (isWhole(line.time) ? 999 : 0);
	const at = lastIndex(lines, (each) => each.time.getTime() <= until) + 1;
	const before = next ? lines.indexOf(next) : -1;
	lines.splice(before >= 0 && before < at ? before : at, 0, line);
}
