// docs/security.md: each requirement has one row, and each test that a row names is there.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { top } from "../lib/place.mjs";
import { makefileList, none, read, tableFile } from "./repository.mjs";

const DOCUMENT = "docs/security.md";
const rows = read(DOCUMENT).split("\n").filter((line) => /^\| (SEC|REL)-/.test(line))
	.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));

test("each requirement has one row, in the order of the list", () => {
	const ids = tableFile("tests/lint/requirements").map(([id]) => id);
	assert.ok(ids.length > 100, `only ${ids.length} requirements`);
	assert.deepEqual(rows.map(([id]) => id), ids);
	assert.equal(new Set(ids).size, ids.length);
});

test("each row names tests that are there, or says why it has none", () => {
	const findings = rows.flatMap(([id, what, proof]) => {
		const named = [...proof.matchAll(/`([^`]+)`/g)].map(([, file]) => file);
		const missing = named.filter((file) => !fs.existsSync(path.join(top, "tests", file)));
		const says = /\*(Partly|No|Not applicable)\*/.test(what);
		return [...missing.map((file) => `${id}: tests/${file} is not there`), ...(named.length === 0 && !says ? [`${id}: neither proof nor reason`] : [])];
	});
	none(findings, `${DOCUMENT}:`);
});

test("the number of fuzz targets is the one that the document says", () => {
	assert.match(read(DOCUMENT), new RegExp(`\\b${makefileList("FUZZ").length} targets\\b`));
});
