// Every sentence the script itself says, in the language of the page: one module a language in lang/. What stands in
// the pages from the start is in the templates.
import en from "./lang/en.js";

const OTHERS = ["de", "fr"];

/** The language of the page, as far as there are words for it. */
export const language = (globalThis.document?.documentElement.lang || "en").toLowerCase().split("-")[0];

/** @type {typeof en} */
export const TEXT = OTHERS.includes(language) ? (await import(`./lang/${language}.js`)).default : en;

/** @param {string} text @param {Record<string, string | number>} values */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
