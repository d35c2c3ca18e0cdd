// The one place that makes a document of text. If a page's policy requires trusted types, browsers take text for that only
// from a policy with a name, and the page may list the names that it allows: ours is "prebind". No script runs in such a
// document.

/** @typedef {{createHTML: (text: string) => any}} Policy */

/** @type {Policy | null} */ let policy = null;

/** @returns {Policy} */
function makePolicy() {
	const asItIs = { createHTML: (/** @type {string} */ text) => text };
	try {
		return /** @type {any} */ (globalThis).trustedTypes.createPolicy("prebind", asItIs);
	} catch {
		return asItIs; // the browser has no trusted types, or the page allows no policy of ours
	}
}

/** @param {string} text @param {DOMParserSupportedType} type */
export function parse(text, type) {
	policy ??= makePolicy();
	return new DOMParser().parseFromString(policy.createHTML(text), type);
}

/** @param {string} text */
export const parseXml = (text) => parse(text, "text/xml").documentElement;
