// The only place that parses text into a document. If the page's Content-Security-Policy requires trusted types, a browser
// accepts text for parsing only from a named policy. The page can list the names that it allows;
// our policy is "prebind". No script runs in a parsed document.

/** @typedef {{createHTML: (text: string) => any}} Policy */

/** @type {Policy | null} */ let policy = null;

/** @returns {Policy} */
function makePolicy() {
	const asItIs = { createHTML: (/** @type {string} */ text) => text };
	try {
		return /** @type {any} */ (globalThis).trustedTypes.createPolicy("prebind", asItIs);
	} catch {
		return asItIs; // the browser has no trusted types, or the page does not allow our policy
	}
}

/** @param {string} text @param {DOMParserSupportedType} type */
export function parse(text, type) {
	policy ??= makePolicy();
	return new DOMParser().parseFromString(policy.createHTML(text), type);
}

/** @param {string} text */
export const parseXml = (text) => parse(text, "text/xml").documentElement;
