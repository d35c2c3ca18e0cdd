/*
 * Reads configuration from the documents. A fence with a language and a name, such as ```yaml jwt,
 * is a snippet. Tests start the real servers with the snippets, so the text that a reader pastes is
 * tested.
 */
import fs from "node:fs";
import path from "node:path";
import { top } from "./place.mjs";

/**
 * Returns the named snippet of a document, with replacements for the test.
 * @param {string} file "docs/prosody.md"
 * @param {string} name
 * @param {Record<string, string>} [changes] old text to new text; each old text must be there
 */
export function docSnippet(file, name, changes = {}) {
	const text = fs.readFileSync(path.join(top, file), "utf8");
	const found = [...text.matchAll(/^```\w+ (\w+)\n([\s\S]*?)^```$/gm)].filter(([, called]) => called === name);
	if (found.length !== 1)
		throw new Error(`${file}: ${found.length} snippets are called ${name}`);
	return Object.entries(changes).reduce((snippet, [old, changed]) => {
		if (!snippet.includes(old))
			throw new Error(`${file}: snippet ${name} does not hold ${old}`);
		return snippet.replaceAll(old, () => changed);
	}, found[0][2]);
}
