/*
 * What `make analyze` makes of the analyzers' output: a list of findings, compared with those that somebody has read
 * and found false (tests/analyze/known).
 */

/** @typedef {{ tool: string, file: string, line: number, name: string, check: string, message: string }} Finding name: of the function */
/** @typedef {{ tool: string, file: string, name: string, check: string, reason: string, at: string }} Known at: where the entry is */

/** The name of what stands outside of every function. */
export const OUTSIDE = "-";

/** gcc and clang-tidy write `FILE:LINE:COLUMN: warning: MESSAGE [CHECK]`. gcc may know no line: then it writes cc1 for the file. */
const COMPILER = /^(?<file>[^\s:]+):(?:(?<line>\d+):)?(?:\d+:)? (?:fatal )?(?:warning|error): (?<message>.*?)(?: \[CWE-\d+\])?(?: \[(?<check>[\w.,=+-]+)\])?$/;
const CPPCHECK = /^(?<file>[^\s:]+):(?<line>\d+): \w+: (?<check>\w+): (?<message>.*)$/;
const IN_FUNCTION = /^(?:[^\s:]+: )?(?:In function|At top level)(?: '([\w.]+)')?/;

/**
 * The name of the C function that a line belongs to. A function's head begins in the first column, and so does its end.
 * @param {string} source
 * @param {number} line
 */
export function enclosing(source, line) {
	const lines = source.split("\n").slice(0, line);
	for (let i = lines.length - 1; i >= 0; i--) {
		if (i < line - 1 && /^\}/.test(lines[i]))
			return OUTSIDE;
		const name = /^[a-z][\w *]*?\b(\w+)\([^;]*$/.exec(lines[i])?.[1];
		if (name)
			return name;
	}
	return OUTSIDE;
}

/**
 * The findings in what a tool printed, each once.
 * @param {string} tool
 * @param {string} output in the C locale
 * @param {string} unit the source that the tool was given, if it was one
 * @param {(file: string) => string} read the text of a source; "" if it is not ours
 */
export function parse(tool, output, unit, read) {
	/** @type {Map<string, Finding>} */
	const findings = new Map();
	let last = OUTSIDE;
	for (const text of output.split("\n")) {
		const head = IN_FUNCTION.exec(text);
		if (head)
			last = head[1]?.replace(/\..*/, "") ?? OUTSIDE;
		const found = (tool === "cppcheck" ? CPPCHECK : COMPILER).exec(text)?.groups;
		if (!found)
			continue;
		const line = Number(found.line ?? 0);
		const file = line ? found.file : unit;
		const name = line ? enclosing(read(file), line) : last;
		const finding = { tool, file, line, name, check: found.check ?? "error", message: found.message };
		findings.set(Object.values(finding).join("\n"), finding);
	}
	return [...findings.values()];
}

/**
 * The findings that somebody has read: lines of `tool file function check reason`.
 * @param {string} text
 * @param {string} name for the error
 */
export function parseKnown(text, name) {
	/** @type {Known[]} */
	const known = [];
	text.split("\n").forEach((line, i) => {
		if (/^\s*(#|$)/.test(line))
			return;
		const [, tool, file, fn, check, reason] = /^(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+ .*\S)$/.exec(line) ?? [];
		if (!reason)
			throw new Error(`${name}:${i + 1}: expected a tool, a file, a function, a check and a reason: ${line}`);
		known.push({ tool, file, name: fn, check, reason, at: `${name}:${i + 1}` });
	});
	return known;
}

/** @param {{ tool: string, file: string, name: string, check: string }} what */
const key = ({ tool, file, name, check }) => `${tool} ${file} ${name} ${check}`;

/**
 * A sentence for each finding that nobody has read, and for each entry that matches no finding. An entry stands for one
 * finding: a second one of the same check in the same function is new.
 * @param {Finding[]} findings
 * @param {Known[]} known
 */
export function compare(findings, known) {
	/** @type {Map<string, Known[]>} */
	const left = new Map();
	for (const entry of known)
		left.set(key(entry), [...left.get(key(entry)) ?? [], entry]);
	const sentences = [];
	for (const finding of findings)
		if (!left.get(key(finding))?.shift())
			sentences.push(`${finding.file}:${finding.line}: ${finding.message}\n  new: ${key(finding)}`);
	for (const entry of [...left.values()].flat())
		sentences.push(`${entry.at}: no such finding any more. Remove the line: ${key(entry)}`);
	return sentences;
}
