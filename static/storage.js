// The browser's storages, which can be missing, forbidden or full. The chat works without them.

/** @param {"sessionStorage" | "localStorage"} kind @returns {Storage | null} */
function storageOf(kind) {
	try {
		return globalThis[kind] ?? null;
	} catch {
		return null;
	}
}

/** The storage of this tab. */
export const tabStorage = () => storageOf("sessionStorage");

/** The storage that all tabs of the site share. */
export const sharedStorage = () => storageOf("localStorage");

/** @param {string | null} text a stored value; null if there is none @returns {any} null if there is no value or it is not JSON */
export function parseKept(text) {
	try {
		return JSON.parse(text ?? "null");
	} catch {
		return null;
	}
}

/** @param {Storage | null} storage @param {string} key @returns {any} null if there is no value or it is not JSON */
export function readKept(storage, key) {
	try {
		return parseKept(storage?.getItem(key) ?? null);
	} catch {
		return null;
	}
}

/** @param {Storage | null} storage @param {string} key @param {any} value null removes the key */
export function keep(storage, key, value) {
	try {
		if (value === null) storage?.removeItem(key);
		else storage?.setItem(key, JSON.stringify(value));
	} catch {
		// The storage is full or forbidden, so the next page does not have this value.
	}
}

// Keys in the storage that all tabs share. At log-out handover.js removes all keys that begin with "prebind-".
const TALK = "prebind-talk ";

/** @param {string} user the site's opaque key for the user @param {string} jid */
export const talkKey = (user, jid) => `${TALK}${user} ${jid}`;

/** Whether a conversation is stored under this key. @param {string} key */
export const isTalkKey = (key) => key.startsWith(TALK);

/** The number of unread messages in the stored conversations. @param {string} user the site's opaque key for the user */
export function keptUnread(user) {
	const keys = keptKeys(sharedStorage()).filter((key) => key.startsWith(talkKey(user, "")));
	return keys.reduce((sum, key) => sum + Number(readKept(sharedStorage(), key)?.unread ?? 0), 0);
}

/** @param {Storage | null} storage @returns {string[]} */
export function keptKeys(storage) {
	try {
		return Array.from({ length: storage?.length ?? 0 }, (_, i) => storage?.key(i) ?? "");
	} catch {
		return [];
	}
}
