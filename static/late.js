// The modules that a page loads later, when it first needs them.

// bundle.mjs replaces these URLs with those of the bundles.
const MORE = "./more.js";
const PANEL = "./panel.js";

/** @type {Map<string, number>} */ const failures = new Map(); // how often the import of each URL has failed

/**
 * Imports a module. After a failure, the next call uses another URL for the same file, because in many browsers every further
 * import of the first URL fails at once, until the page is reloaded (github.com/whatwg/html/issues/6768).
 * This does not help if the browser remembers the failure of a module that this one imports; the bundles import none.
 * @template T @param {string} url @param {() => Promise<T>} first imports this URL; a build tool can read it
 * @returns {Promise<T>}
 */
async function load(url, first) {
	const failed = failures.get(url) ?? 0;
	try {
		return await (failed === 0 ? first() : import(`${url}${url.includes("?") ? "&" : "?"}retry=${failed}`));
	} catch (error) {
		failures.set(url, failed + 1);
		throw error;
	}
}

export const importMore = () => load(MORE, () => import("./more.js"));
export const importPanel = () => load(PANEL, () => import("./panel.js"));
