/*
 * The arithmetic of `make coverage`: from gcov's lines to figures by folder, and from these to sentences.
 */
import path from "node:path";

/** @typedef {Map<number, { count: number, branches: number[], inside: string }>} Lines by line number: how often it ran, and each of its branches; its function */
/** @typedef {{ lines: number, linesRun: number, branches: number, branchesRun: number }} Figures */

/** The row of all folders together. */
export const TOTAL = "total";

/**
 * Adds what gcov says of a source to what is known. A header's lines are in more than one program.
 * @param {Map<string, Lines>} sources
 * @param {string} file
 * @param {{ line_number: number, count: number, branches: { count: number }[], function_name?: string }[]} lines
 */
export function add(sources, file, lines) {
	const known = sources.get(file) ?? new Map();
	for (const { line_number: number, count, branches, function_name: inside = "" } of lines) {
		const line = known.get(number) ?? { count: 0, branches: [], inside };
		line.count += count;
		branches.forEach((branch, i) => { line.branches[i] = (line.branches[i] ?? 0) + branch.count; });
		known.set(number, line);
	}
	sources.set(file, known);
}

/**
 * The figures of each folder, and of all together, which come last.
 * @param {Map<string, Lines>} sources
 * @returns {Map<string, Figures>}
 */
export function tally(sources) {
	/** @type {Map<string, Figures>} */
	const figures = new Map();
	const folders = [...new Set([...sources.keys()].map((file) => path.dirname(file)))].sort();
	for (const folder of [...folders, TOTAL])
		figures.set(folder, { lines: 0, linesRun: 0, branches: 0, branchesRun: 0 });
	for (const [file, lines] of sources)
		for (const { count, branches } of lines.values())
			for (const folder of [path.dirname(file), TOTAL]) {
				const sum = /** @type {Figures} */ (figures.get(folder));
				sum.lines += 1;
				sum.linesRun += count > 0 ? 1 : 0;
				sum.branches += branches.length;
				sum.branchesRun += branches.filter((times) => times > 0).length;
			}
	return figures;
}

/**
 * @param {number} run
 * @param {number} all
 */
const percent = (run, all) => all ? 100 * run / all : 100;

/** @param {Map<string, Figures>} figures */
export function table(figures) {
	const rows = [...figures].map(([folder, { lines, linesRun, branches, branchesRun }]) =>
		[folder, `${linesRun}/${lines}`, `${percent(linesRun, lines).toFixed(1)} %`, `${branchesRun}/${branches}`, `${percent(branchesRun, branches).toFixed(1)} %`]);
	return [["folder", "lines", "", "branches", ""], ...rows].map(([folder, ...cells]) =>
		folder.padEnd(16) + cells.map((cell, i) => cell.padStart(i % 2 ? 9 : 14)).join("")).join("\n");
}

/**
 * The lowest percentages that pass: lines of `folder lines branches`.
 * @param {string} text
 * @param {string} name for the error
 */
export function parseFloor(text, name) {
	/** @type {Map<string, { lines: number, branches: number }>} */
	const floor = new Map();
	text.split("\n").forEach((line, i) => {
		if (/^\s*(#|$)/.test(line))
			return;
		const [, folder, lines, branches] = /^(\S+)\s+([\d.]+)\s+([\d.]+)$/.exec(line) ?? [];
		if (!folder)
			throw new Error(`${name}:${i + 1}: expected a folder, its lines and its branches in percent: ${line}`);
		floor.set(folder, { lines: Number(lines), branches: Number(branches) });
	});
	if (!floor.has(TOTAL))
		throw new Error(`${name}: no line for ${TOTAL}`);
	return floor;
}

/**
 * A sentence for each figure below its floor, and for each folder that is in one of the two only.
 * @param {Map<string, Figures>} figures
 * @param {ReturnType<typeof parseFloor>} floor
 */
export function below(figures, floor) {
	const findings = [...floor.keys()].filter((folder) => !figures.has(folder)).map((folder) => `${folder} has no sources any more. Remove it from tests/coverage/floor.`);
	for (const [folder, { lines, linesRun, branches, branchesRun }] of figures) {
		const least = floor.get(folder);
		if (!least) {
			findings.push(`${folder} has no floor. Add it to tests/coverage/floor.`);
			continue;
		}
		for (const [what, now, then] of /** @type {[string, number, number][]} */ ([
			["lines", percent(linesRun, lines), least.lines], ["branches", percent(branchesRun, branches), least.branches]]))
			if (now < then)
				findings.push(`${folder}: the tests run ${now.toFixed(2)} % of the ${what}, ${(then - now).toFixed(2)} points below the floor of ${then} %. Add tests for what is new.`);
	}
	return findings;
}

/** Where every line is run, or named with the reason why not: what decides who somebody is, and what is kept. */
const WATCHED = /^cgi\/(identity|prebind|xmpp|store)\/|^cgi\/web\/(request|csrf)/;

/**
 * The lines of the watched sources that did not run: a row for each function. The key is "FILE FUNCTION".
 * @param {Map<string, Lines>} sources
 */
export function unreached(sources) {
	/** @type {Map<string, number[]>} */
	const rows = new Map();
	for (const [file, lines] of [...sources].filter(([name]) => WATCHED.test(name)).sort())
		for (const [number, { count, inside }] of lines)
			if (count === 0)
				rows.set(`${file} ${inside}`, [...rows.get(`${file} ${inside}`) ?? [], number]);
	return rows;
}

/**
 * The reasons why lines are not run: lines of `file function reason`.
 * @param {string} text
 * @param {string} name for the error
 */
export function parseReasons(text, name) {
	/** @type {Map<string, string>} */
	const reasons = new Map();
	text.split("\n").forEach((line, i) => {
		if (/^\s*(#|$)/.test(line))
			return;
		const [, file, inside, reason] = /^(\S+) (\S+) +(\S.*)$/.exec(line) ?? [];
		if (!file)
			throw new Error(`${name}:${i + 1}: expected a file, a function and the reason: ${line}`);
		reasons.set(`${file} ${inside}`, reason);
	});
	return reasons;
}

/**
 * A sentence for each function with lines that are neither run nor named, and for each reason whose source is gone.
 * @param {Map<string, Lines>} sources
 * @param {ReturnType<typeof parseReasons>} reasons
 */
export function unnamed(sources, reasons) {
	const there = new Set([...sources].flatMap(([file, lines]) => [...lines.values()].map(({ inside }) => `${file} ${inside}`)));
	return [
		...[...unreached(sources)].filter(([key]) => !reasons.has(key)).map(([key, numbers]) =>
			`${key}: no test runs line ${numbers.join(", ")}. Add a test, or the reason to tests/coverage/unreached.`),
		...[...reasons.keys()].filter((key) => !there.has(key)).map((key) => `${key} is no function any more. Remove it from tests/coverage/unreached.`),
	];
}
