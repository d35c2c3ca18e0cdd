// All texts that the script shows, in the language of the page. Each language has a module in lang/.
// Texts that are in the pages from the start are in the templates.
import en from "./lang/en.js";
import { importMore } from "./late.js";

const OTHERS = ["de", "fr"];

/** The language of the page, without its region. */
export const language = (globalThis.document?.documentElement.lang || "en").toLowerCase().split("-")[0];

/** @typedef {typeof en & typeof import("./lang/en.js").more} Texts the texts of more.js exist only after loadMore() */

let shown = language; // the language of the texts

/** Returns the texts of the language; English texts if there are none, or if they do not load. */
async function loadTexts() {
	if (!OTHERS.includes(language)) return en;
	const loaded = await import(`./lang/${language}.js`).catch(() => null);
	if (!loaded) shown = "en";
	return loaded?.default ?? en;
}

/** @type {Texts} */
export const TEXT = { ...(await loadTexts()) };

/** Loads more.js, and adds its texts to TEXT. */
export async function loadMore() {
	const loaded = await importMore();
	Object.assign(TEXT, loaded.texts[shown] ?? loaded.texts.en);
	return loaded;
}

/** @param {string} text @param {Record<string, string | number>} values */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
