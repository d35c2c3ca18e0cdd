// Shell, JavaScript and Lua: the linters that know them, over every file there is.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { top } from "../lib/place.mjs";
import { find, read } from "./repository.mjs";

const SHELL = [...find(".ci", /./), ...find("tests", /\/[a-z]+$/), ...find("sql", /\/[a-z]+$/), ...find("release", /\/[a-z]+$/)]
	.filter((file) => /^#!\/bin\/sh\b/.test(read(file)));

function run(program, args) {
	const { error, status, stdout, stderr } = spawnSync(program, args, { cwd: top, encoding: "utf8" });
	assert.equal(error?.message ?? status, 0, `${program}:\n${stdout}${stderr}`);
	return stdout;
}

const has = (program) => !spawnSync(program, ["--version"]).error;

test("shell scripts parse", () => {
	assert.ok(SHELL.length >= 4, SHELL.join(" "));
	for (const file of SHELL)
		run("sh", ["-n", file]);
});

test("shell scripts are executable", () => {
	for (const file of SHELL)
		assert.ok(fs.statSync(path.join(top, file)).mode & 0o100, file);
});

test("shellcheck finds nothing", { skip: !has("shellcheck") && "needs shellcheck" }, () => {
	run("shellcheck", SHELL);
});

test("the completion for bash parses, and completes what prebindctl --help lists", () => {
	const script = `. completions/prebindctl
		for line in "" "user a" "check --d" "user add bob --j" "--site x mi"; do
			COMP_WORDS=(build/prebindctl) && [ -z "$line" ] || read -ra more <<<"$line"
			COMP_WORDS+=("\${more[@]}") && [ "\${#COMP_WORDS[@]}" -gt 1 ] || COMP_WORDS+=("")
			COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)) && COMPREPLY=() && _prebindctl && echo "\${COMPREPLY[*]}"
		done`;
	const [verbs, ...rest] = run("bash", ["-c", script]).trim().split("\n");
	for (const verb of ["check", "user", "migrate", "--site"])
		assert.ok(verbs.split(" ").includes(verb), verbs);
	assert.deepEqual(rest, ["add", "--deep", "--jid", "migrate"]);
});

test("luacheck finds nothing", { skip: !has("luacheck") && "needs luacheck (lua-check)" }, () => {
	run("luacheck", ["--quiet", "--config", "prosody/.luacheckrc", ...find("prosody", /\.lua$/)]);
});

test("the manual pages: mandoc finds nothing", { skip: !has("mandoc") && "needs mandoc" }, () => {
	const made = run("docs/man/conf-page", ["docs/prebind.conf.example"]);
	assert.ok(made.split("\n").filter((line) => line.startsWith(".It Ic ")).length > 80, made);
	run("sh", ["-c", 'printf "%s" "$1" | mandoc -T lint -W warning', "sh", made]);
	run("mandoc", ["-T", "lint", "-W", "warning", ...find("docs/man", /\.8$/)]);
});

test("eslint finds nothing", () => {
	const report = JSON.parse(run("node_modules/.bin/eslint", ["--max-warnings=0", "--format=json", "."]));
	const seen = report.map(({ filePath }) => path.relative(top, filePath));
	for (const file of [...find("static", /\.js$/), ...find("tests", /\.mjs$/)])
		assert.ok(seen.includes(file), `${file} was not looked at`);
});

test("the types of static/ hold", () => {
	run("node_modules/.bin/tsc", ["--project", "tsconfig.json"]);
});
