// The finished programs have what the compiler and the linker can do against an attacker: no fixed addresses, no writable
// tables of functions, no executable stack, checked stacks and buffers, no folders of libraries of their own.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { Place } from "../lib/place.mjs";
import { build } from "../lib/prebind.mjs";

const PROGRAMS = ["prebind.fcgi", "prebindctl", "prebind-extauth"];

const readelf = (option, file) => execFileSync("readelf", ["-W", option, file], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });

/** What a finished file lacks, by name. */
function lacks(file) {
	const [head, segments, dynamic, symbols] = ["-h", "-l", "-d", "--dyn-syms"].map((option) => readelf(option, file));
	const has = {
		"position independence": /^\s*Type:\s+DYN /m.test(head) && /\bFlags:.*\bPIE\b/.test(dynamic),
		"read-only tables (RELRO)": /^\s*GNU_RELRO\s/m.test(segments),
		"all symbols bound at the start (BIND_NOW)": /\bBIND_NOW\b/.test(dynamic) && /\bFlags:.*\bNOW\b/.test(dynamic),
		"a stack that is not executable": /^\s*GNU_STACK\s+(0x\w+\s+){5}RW\s/m.test(segments),
		"no segment to write and execute": !/^\s*LOAD\s+(0x\w+\s+){5}RWE/m.test(segments),
		"no relocations in code": !/\bTEXTREL\b/.test(dynamic),
		"no folders of libraries (RPATH, RUNPATH)": !/\((RPATH|RUNPATH)\)/.test(dynamic),
		"the stack protector": /\s__stack_chk_fail\b/.test(symbols),
		"checked copies (FORTIFY)": /\s__(memcpy|v?snprintf|vasprintf|read|memmove)_chk\b/.test(symbols),
	};
	assert.match(dynamic, /\(NEEDED\)/, `${file}: readelf prints something else than this test reads`);
	return Object.keys(has).filter((name) => !has[name]);
}

/** A build for a sanitizer or for coverage has other flags. */
const isInstrumented = (file) => /__(asan|tsan|ubsan)_\w+|__gcov_\w+|\bmcount\b/.test(readelf("--symbols", file));

for (const name of PROGRAMS) {
	const file = path.join(build, name);
	test(`${name} lacks nothing`, { skip: isInstrumented(file) && "a build for measurements" }, () => {
		assert.deepEqual(lacks(file), []);
	});
}

test("the check sees each thing that a program lacks", async (t) => {
	const place = new Place();
	t.after(() => place.close());
	const source = place.write("soft.c", `#include <string.h>
		int main(int argc, char **argv) { char copy[64]; memcpy(copy, argv[0], (size_t)argc); return copy[0]; }`);
	const soft = place.path("soft");
	execFileSync(process.env.CC || "gcc", ["-O2", "-no-pie", "-fno-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-z", "norelro", "-z", "lazy", "-z", "execstack",
		"-Wl,-rpath,/tmp", "-o", soft, source]);
	assert.deepEqual(lacks(soft), ["position independence", "read-only tables (RELRO)", "all symbols bound at the start (BIND_NOW)",
		"a stack that is not executable", "no folders of libraries (RPATH, RUNPATH)", "the stack protector", "checked copies (FORTIFY)"]);
});
