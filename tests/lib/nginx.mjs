/*
 * Starts nginx with the project's own snippet, as an operator would include it: only its paths and
 * ports are replaced. tests/lib/namespace.mjs runs the files exactly as they are shipped.
 */
import fs from "node:fs";
import path from "node:path";
import { top } from "./place.mjs";
import { accepts } from "./wait.mjs";

const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** The shipped file with these texts replaced. Each must be there, because otherwise the test would not test it. */
function snippet(replacements) {
	let text = fs.readFileSync(path.join(top, "nginx/prebind.conf"), "utf8");
	for (const [shipped, ours] of Object.entries(replacements)) {
		if (!text.includes(shipped))
			throw new Error(`nginx/prebind.conf: no ${shipped}`);
		text = text.replaceAll(shipped, () => ours);
	}
	return text;
}

/**
 * Starts nginx with the shipped snippet: the program on /chat, BOSH on /http-bind.
 * @param {import('./place.mjs').Place} place
 * @param {{ port: number, socket: string, boshPort: number }} options
 * @returns {Promise<import('./place.mjs').Child & { accessLog: string }>}
 */
export async function nginxFastcgi(place, { port, socket, boshPort }) {
	const run = place.folder("nginx");
	const accessLog = path.join(run, "access.log");
	const text = snippet({
		"unix:/run/prebind/prebind.sock": `unix:${socket}`,
		"/usr/local/share/prebind/static": place.copy("static", "static"),
		"127.0.0.1:5280": `127.0.0.1:${boshPort}`,
	});
	const file = place.write("nginx/nginx.conf", [
		"daemon off;",
		"worker_processes 1;",
		`pid ${run}/nginx.pid;`,
		"error_log stderr error;",
		"events { worker_connections 1024; }",
		"http {",
		`access_log ${accessLog};`,
		...TEMPORARY.map((name) => `${name}_temp_path ${run}/${name};`),
		"server {",
		`listen 127.0.0.1:${port};`,
		`include ${place.write("nginx/prebind.conf", text)};`,
		"}",
		"}",
		"",
	].join("\n"));
	const child = await place.startUntil("nginx", ["nginx", "-e", "stderr", "-c", file], () => accepts(port));
	return Object.assign(child, { accessLog });
}
