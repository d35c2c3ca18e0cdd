// Builds elements of a document, and turns URLs in a text into links.

const URL_PATTERN = /\bhttps?:\/\/[^\s<>"'`]+/gi;
const NOT_AT_THE_END = /[.,;:!?)\]}»”’…]+$/; // punctuation that belongs to the sentence, not to the URL

/**
 * Makes an element with attributes, and children that are elements or texts. An attribute that is
 * false is left out.
 * @param {string} name @param {Record<string, string | boolean>} [attributes] @param {...(Node | string)} inner
 */
export function h(name, attributes = {}, ...inner) {
	const el = document.createElement(name);
	for (const [key, value] of Object.entries(attributes))
		if (value !== false) el.setAttribute(key, value === true ? "" : value);
	el.append(...inner);
	return el;
}

/**
 * Shows a name in its own writing direction, which does not affect the text around the name.
 * @param {string} name
 */
export const named = (name) => h("bdi", {}, name);

const SVG = "http://www.w3.org/2000/svg";

/** Makes a line drawing; size in CSS pixels. @param {string} path @param {number} [size] */
export function icon(path, size = 22) {
	const svg = document.createElementNS(SVG, "svg");
	const line = document.createElementNS(SVG, "path");
	for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" }))
		svg.setAttribute(key, String(value));
	line.setAttribute("d", path);
	svg.append(line);
	return svg;
}

/**
 * Turns the http(s) URLs in a text into links. Returns the links and the text between them. The links send no referrer, and the
 * opened page has no access to this page. A link shows the URL that it opens.
 * @param {string} text @returns {(Node | string)[]}
 */
export function linked(text) {
	/** @type {(Node | string)[]} */ const parts = [];
	let done = 0;
	for (const match of text.matchAll(URL_PATTERN)) {
		const shown = match[0].replace(NOT_AT_THE_END, "");
		if (!URL.canParse(shown)) continue;
		const href = new URL(shown).href;
		parts.push(text.slice(done, match.index));
		parts.push(h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, shown));
		done = match.index + shown.length;
	}
	parts.push(text.slice(done));
	return parts.filter((part) => part !== "");
}
