// The C code: functions nobody may call, exceptions that say why, formatting.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { top } from "../lib/place.mjs";
import { code, find, none, read } from "./repository.mjs";

const SOURCES = find("cgi", /\.[ch]$/);
const OTHERS = [...find("tests", /\.[ch]$/), ...find("kit", /\.c$/)];
const CLANG_FORMAT = 14; // Debian 12's; others break lines elsewhere
const COLUMNS = 100; // of .clang-format

/** name, why not, and the only files that may all the same */
const FORBIDDEN = [
	["strcpy|strcat|stpcpy|sprintf|vsprintf|gets|scanf|sscanf|alloca", "knows no size"],
	["strncpy|strncat", "does not say whether it cut"],
	["strtok|localtime|gmtime|ctime|asctime|strerror|getpwnam|getpwuid|getgrnam|getgrgid|gethostbyname|readdir_r",
		"not thread-safe: there is a _r", /^cgi\/(main|ctl)\.c$|^cgi\/(ctl|setup)\//],
	["setlocale", "changes how numbers are read and written, in every thread"],
	["system|popen|execl|execlp|execv|execvp|execve", "starts programs"],
	["atoi|atol|atof", "takes rubbish for a number"],
	["rand|srand|random|srandom|drand48", "not random enough: secret_random"],
	["getenv|secure_getenv", "the environment is for the configuration and for CGI", /^cgi\/(conf\/|serve\/|main\.c|ctl\.c|ctl\/)/],
	["setenv|putenv|unsetenv", "before threads only", /^cgi\/(serve\/\w+\.c|net\/http_client\.c|main\.c)$/],
	["exit|abort", "below main everything returns", /^cgi\/(main|ctl|extauth)\.c$/],
	["cJSON_Parse|cJSON_GetObjectItem|cJSON_GetErrorPtr", "not strict, or not thread-safe"],
	["sqlite3_mprintf|sqlite3_vmprintf", "SQL is never put together from values"],
	["write", "can write less than it should, and then sets no errno: file_write", /^cgi\/(base\/(file|log|log_target)|serve\/processes)\.c$/],
	["FCGX_FPrintF|FCGX_VFPrintF", "has a history: FCGX_PutStr"],
];

test("no forbidden function is called", () => {
	const findings = [];
	for (const file of SOURCES) {
		const lines = code(read(file)).split("\n");
		for (const [names, why, allowed] of FORBIDDEN) {
			const call = new RegExp(`(?<![\\w.>])(${names})\\s*\\(`);
			lines.forEach((line, i) => {
				const found = call.exec(line)?.[1];
				if (found && !allowed?.test(file))
					findings.push(`${file}:${i + 1}: ${found}: ${why}`);
			});
		}
	}
	none(findings, "cgi/");
});

test("no function keeps state in a static variable", () => {
	const findings = SOURCES.flatMap((file) => code(read(file)).split("\n").flatMap((line, i) =>
		/^\s+static (?!const\b)(?!.*\bconst \w+(\[|\s*=))/.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : []));
	none(findings, "cgi/");
});

/** Functions that only their own file and a unit test call, and why they are tested alone. */
const TESTED_ALONE = {
	http_method_parse: "the router's table of methods needs it",
	jid_rule_check: "the rule's grammar",
	caller_cache_add: "a cache that decides who is let in",
	caller_cache_holds: "the same",
	history_note: "the history of a day, within a moment",
};

test("a function that only its own file calls is static", () => {
	const text = new Map(SOURCES.map((file) => [file, code(read(file))]));
	const declared = [...text].filter(([file]) => file.endsWith(".h")).flatMap(([, header]) =>
		[...header.matchAll(/^(?!typedef|static|#)[a-z][\w *]*?\b([a-z]\w+)\((?=[^;{]*;)/gm)].map(([, name]) => name));
	assert.ok(declared.length > 400, `only ${declared.length} declarations: the headers no longer look as this test reads them`);
	const users = (name) => [...text].filter(([file, source]) => file.endsWith(".c") && new RegExp(`\\b${name}\\b`).test(source));
	const lonely = declared.filter((name) => users(name).length < 2);
	none(lonely.filter((name) => !(name in TESTED_ALONE)), "used by one file:");
	none(Object.keys(TESTED_ALONE).filter((name) => !lonely.includes(name)), "no exception any more:");
});

test("no function shares its name with a static one of another file", () => {
	const defined = SOURCES.filter((file) => file.endsWith(".c")).flatMap((file) =>
		[...code(read(file)).matchAll(/^(static )?[a-z][\w *]*?\b(\w+)\([^;{]*?\)\n\{/gm)].map(([, isStatic, name]) => ({ file, isStatic, name })));
	assert.ok(defined.length > 1500, `only ${defined.length} functions: the sources no longer look as this test reads them`);
	const isGlobal = new Set(defined.filter(({ isStatic }) => !isStatic).map(({ name }) => name));
	none(defined.filter(({ isStatic, name }) => isStatic && isGlobal.has(name)).map(({ file, name }) => `${file}: ${name}`),
		"rename the static one:");
});

test("sizeof has parentheses", () => {
	const findings = [...SOURCES, ...OTHERS].flatMap((file) => code(read(file)).split("\n").flatMap((line, i) =>
		/\bsizeof [^(]/.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : []));
	none(findings, "write sizeof(x):");
});

test("an exception from a checker says why", () => {
	const findings = [...SOURCES, ...OTHERS].flatMap((file) => read(file).split("\n").flatMap((line, i) =>
		/NOLINT(?!\w*\([\w.,-]+\):? .*\w{3}|NEXTLINE\([\w.,-]+\):? .*\w{3})|cppcheck-suppress (?!\S+ .*\w{3})/.test(line)
			? [`${file}:${i + 1}: ${line.trim()}`] : []));
	none(findings, "write NOLINT(check): reason");
});

test("a source says at its head what it is for", () => {
	const findings = [...SOURCES, ...OTHERS].filter((file) => !/^\/\*\n \* \S/.test(read(file)));
	none(findings, "does not begin with a comment:");
});

test("a comment keeps to 100 columns; clang-format sees to the rest", () => {
	const width = (line) => [...line.replace(/^\t+/, (tabs) => " ".repeat(8 * tabs.length))].length;
	const findings = [...SOURCES, ...OTHERS].flatMap((file) => read(file).split("\n").flatMap((line, i) =>
		/^\s*(\/\*| \*)/.test(line) && width(line) > COLUMNS ? [`${file}:${i + 1}: ${line.trim()}`] : []));
	none(findings, "break the line:");
});

function clangFormatVersion() {
	try {
		return Number(/version (\d+)/.exec(execFileSync("clang-format", ["--version"], { encoding: "utf8" }))[1]);
	} catch {
		return 0;
	}
}

const version = clangFormatVersion();
test("clang-format would change nothing", {
	skip: version !== CLANG_FORMAT && `needs clang-format ${CLANG_FORMAT}, this machine has ${version || "none"}`,
}, () => {
	execFileSync("clang-format", ["--dry-run", "-Werror", ...SOURCES, ...OTHERS], { cwd: top, stdio: ["ignore", "pipe", "pipe"] });
});
