/*
 * Makes the kit for shared hosting, from the programs that are built.
 */
import { execFileSync } from "node:child_process";
import { top } from "./place.mjs";
import { build } from "./prebind.mjs";

/** A sanitizer's library must be the first one, which it is not with a loader of our own. */
export const SANITIZED = /asan|tsan/.test(build) && "the kit has no sanitizer";

/**
 * Writes the kit into a folder of the place.
 * @param {import('./place.mjs').Place} place
 * @param {string} folder
 * @param {string} [from] where the programs are
 * @returns {string} the archive, whose folder is called prebind-kit
 */
export function makeKit(place, folder, from = build) {
	const kit = `${place.folder(folder)}/prebind-kit`;
	execFileSync("make", ["-s", "-o", "all", "-o", "vendor", `BUILD=${from}`, `KIT=${kit}`, `KIT_ROOT=${kit}-root`, "kit"],
		{ cwd: top, stdio: "pipe", env: { ...process.env, GZIP_LEVEL: "1" } }); // most of the time would go into compressing
	return `${kit}.tar.gz`;
}
