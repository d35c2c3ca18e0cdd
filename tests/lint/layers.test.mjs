// A file of cgi/ includes only downward, and each library is included in one file.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { code, find, markdownTable, none, read, tableFile } from "./repository.mjs";

const SOURCES = find("cgi", /\.[ch]$/);

/** @returns {{ line: number, header: string, ours: boolean }[]} */
function includes(file) {
	return read(file).split("\n").flatMap((text, i) => {
		const match = /^\s*#\s*include\s*(<|")([^">]+)/.exec(text);
		return match ? [{ line: i + 1, header: match[2], ours: match[1] === '"' }] : [];
	});
}

/** The layer of a path below cgi/: its folder, or the file itself at the top. */
const layerOf = (file) => file.split("/")[0];

function readLayers() {
	const rows = tableFile("tests/lint/layers");
	const all = rows.map(([layer]) => layer);
	return new Map(rows.map(([layer, ...below]) => [layer, below[0] === "everything" ? all : below]));
}

test("a layer includes itself and what the table allows", () => {
	const layers = readLayers();
	const findings = [];
	let seen = 0;
	for (const file of SOURCES) {
		const layer = layerOf(path.relative("cgi", file));
		for (const { line, header } of includes(file).filter((include) => include.ours)) {
			const target = layerOf(header);
			seen++;
			if (!layers.has(layer) || !header.includes("/"))
				findings.push(`${file}:${line}: "${header}": write the layer, "web/request.h"`);
			else if (target !== layer && !layers.get(layer).includes(target))
				findings.push(`${file}:${line}: ${layer}/ may not include ${target}/`);
		}
	}
	assert.ok(seen > 50, `only ${seen} include lines found`);
	none(findings, "the table is tests/lint/layers");
});

/** Folders whose files call only downward too. In the others a registry and its rows may call each other. */
const WITHOUT_CIRCLES = ["account", "conf", "net", "page", "prebind", "site", "web"];

/** Which .c files of a folder each of them needs: those that define a function or an object it names. */
function needs(folder) {
	const files = SOURCES.filter((file) => file.startsWith(`cgi/${folder}/`) && file.endsWith(".c"));
	const text = new Map(files.map((file) => [file, code(read(file))]));
	const definition = /^(?!static|typedef)[a-z][\w *]*?\b(\w+)(?:\([^;{]*\)\s*\{| = \{)/gm;
	const homes = new Map([...text].flatMap(([file, source]) => [...source.matchAll(definition)].map(([, name]) => [name, file])));
	assert.ok(homes.size >= files.length, `${folder}/: only ${homes.size} definitions found`);
	return new Map([...text].map(([file, source]) =>
		[file, new Set((source.match(/\w+/g) ?? []).map((word) => homes.get(word)).filter((home) => home && home !== file))]));
}

/** A way from a file back to itself, if there is one. */
function circle(graph, file, way = [file]) {
	for (const next of graph.get(way.at(-1))) {
		if (next === file)
			return [...way, next];
		const found = way.includes(next) ? null : circle(graph, file, [...way, next]);
		if (found)
			return found;
	}
	return null;
}

for (const folder of WITHOUT_CIRCLES)
	test(`no file of ${folder}/ needs one that needs it`, () => {
		const graph = needs(folder);
		none([...graph.keys()].map((file) => circle(graph, file)?.join(" -> ")).filter(Boolean), "move what both need into a file below:");
	});

test("every folder of cgi/ is in the table, and every row there", () => {
	const layers = [...readLayers().keys()].sort();
	const there = [...new Set(SOURCES.map((file) => layerOf(path.relative("cgi", file))))].filter((name) => !name.endsWith(".h"));
	assert.deepEqual(there.sort(), layers);
});

test("docs/architecture.md shows the same layers", () => {
	const shown = markdownTable("docs/architecture.md", "| folder | may include |").flatMap(([names, below]) =>
		names.split(", ").map((name) => [name, ...(below === "nothing of ours" ? [] : below.split(" "))]));
	assert.deepEqual(shown, tableFile("tests/lint/layers").map((row) => row.filter(Boolean)));
});

/** What is wrong with who includes a library's file: nobody may, unless it is a header, private to its folder. */
function homeFindings(library, home) {
	const users = SOURCES.filter((file) => includes(file).some(({ header }) => header === home));
	const strangers = users.filter((file) => path.dirname(file) !== path.dirname(`cgi/${home}`) || !file.endsWith(".c"));
	if (home.endsWith(".h") && users.length === 0)
		return [`${library}: no file includes ${home}`];
	return strangers.map((file) => `${library}: ${home} is for the .c files beside it, and is included in ${file}`);
}

test("each library is included in one file", () => {
	const findings = [];
	for (const [library, home, ...headers] of tableFile("tests/lint/libraries")) {
		const users = SOURCES.filter((file) => includes(file).some(({ header }) =>
			headers.some((own) => header === own || (own.endsWith("/") && header.startsWith(own)))));
		if (users.length !== 1 || users[0] !== `cgi/${home}`)
			findings.push(`${library} belongs to cgi/${home}, and is included in: ${users.join(" ") || "no file"}`);
		findings.push(...homeFindings(library, home));
	}
	none(findings, "the table is tests/lint/libraries");
});

test("docs/architecture.md shows the same libraries", () => {
	const shown = markdownTable("docs/architecture.md", "| library | file | for |").map(([library, file]) => [library, file]);
	assert.deepEqual(shown.sort(), tableFile("tests/lint/libraries").map(([library, file]) => [library, file]).sort());
});
