/*
 * Configuration out of the documents: a fence with a language and a name, ```yaml jwt, is a snippet that the tests
 * start the real server with. So what the documents say to paste is what was tried.
 */
import fs from "node:fs";
import path from "node:path";
import { top } from "./place.mjs";

/**
 * The named snippet of a document, with what must differ in a test replaced.
 * @param {string} file "docs/prosody.md"
 * @param {string} name
 * @param {Record<string, string>} [changes] text to text; each must be there, or the test would no longer test it
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
