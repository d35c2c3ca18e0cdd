/*
 * What the tests about the repository itself read it with. They fail when they find nothing to check: a
 * rule that looks in the wrong place must not be a rule that always holds.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { top } from "../lib/place.mjs";

const NOT_OURS = new Set(["node_modules", "build", "artifacts", "vendor", ".git"]);

/** @param {string} file */
export const read = (file) => fs.readFileSync(path.join(top, file), "utf8");

/** The files under a folder of the repository whose path matches; at least one. Files that make makes are not among them. */
export function find(folder, pattern) {
	const made = makefileList("BUNDLES");
	const found = [];
	const walk = (dir) => {
		for (const entry of fs.readdirSync(path.join(top, dir), { withFileTypes: true })) {
			const name = path.join(dir, entry.name);
			if (entry.isDirectory() && !NOT_OURS.has(entry.name))
				walk(name);
			else if (entry.isFile() && pattern.test(name) && !made.includes(name))
				found.push(name);
		}
	};
	walk(folder);
	assert.ok(found.length > 0, `nothing in ${folder}/ matches ${pattern}`);
	return found.sort();
}

/** The rows of a table file: words, without comments. */
export function tableFile(file) {
	const rows = read(file).split("\n").filter((line) => line && !line.startsWith("#")).map((line) => line.split(/\s+/));
	assert.ok(rows.length > 0, `${file} is empty`);
	return rows;
}

/** The body rows of the Markdown table with that head line. */
export function markdownTable(file, head) {
	const lines = read(file).split("\n");
	const start = lines.indexOf(head);
	assert.ok(start >= 0, `${file} has no table ${head}`);
	const rest = lines.slice(start + 2);
	const end = rest.findIndex((line) => !line.startsWith("|"));
	const rows = rest.slice(0, end < 0 ? rest.length : end)
		.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
	assert.ok(rows.length > 0, `${file}: the table ${head} is empty`);
	return rows;
}

/** The words of a list in the Makefile. */
export function makefileList(name) {
	const text = read("Makefile").replaceAll("\\\n", " ");
	const value = new RegExp(`^${name}\\s*=(.*)$`, "m").exec(text)?.[1];
	assert.ok(value !== undefined, `the Makefile has no list ${name}`);
	return value.trim().split(/\s+/);
}

/** A C source without its comments and the insides of its strings; lines stay where they are. */
export function code(text) {
	const blank = (part) => part.replace(/[^\n]/g, " ");
	return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (part) =>
		part[0] === "/" ? blank(part) : part[0] + blank(part.slice(1, -1)) + part[0]);
}

/** A C source without its comments; its strings and lines stay as they are. */
export const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (part) =>
	part[0] === "/" ? part.replace(/[^\n]/g, " ") : part);

/** Fails with one line for each finding. */
export function none(findings, rule) {
	if (findings.length > 0)
		assert.fail(`${rule}\n${findings.join("\n")}`);
}
