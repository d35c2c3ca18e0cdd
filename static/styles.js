// The text of our style sheets, for the shadow tree of the embed. The file embed.js contains
// this text (bundle.mjs), so no request is needed.
const NAMES = ["chat.css", "embed.css"];

/** @returns {Promise<string[]>} */
export const styleTexts = () => Promise.all(NAMES.map(async (name) => (await fetch(new URL(name, import.meta.url))).text()));
