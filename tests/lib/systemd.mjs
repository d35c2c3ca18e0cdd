/*
 * systemd's side of a service, without systemd: the notify socket.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { top } from "./place.mjs";
import { until } from "./wait.mjs";

/**
 * Starts tests/lib/notify_listen.c.
 * @param {import('./place.mjs').Place} place
 * @param {string} socket a path, or @NAME
 * @returns a function that returns the lines so far
 */
export async function startNotifySocket(place, socket) {
	place.folder("bin", 0o755);
	const program = place.path("bin", "notify_listen");
	if (!fs.existsSync(program))
		execFileSync(process.env.CC || "gcc", ["-O1", "-o", program, path.join(top, "tests/lib/notify_listen.c")]);
	const child = place.start("notify_listen", [program, socket]);
	await until("the notify socket", () => child.stdout.startsWith("listening\n"), { gone: () => child.gone() });
	return () => child.stdout.split("\n").slice(1, -1);
}
