/*
 * Starts lighttpd with the project's own snippet, as an operator would include it: only its paths
 * and ports are replaced.
 */
import fs from "node:fs";
import path from "node:path";
import { top } from "./place.mjs";
import { accepts } from "./wait.mjs";

/**
 * Returns the text of a shipped file with its settings replaced. Each setting must be there exactly
 * once, because otherwise the test would not test the shipped file.
 * @param {string} file in the repository
 * @param {Record<string, string>} settings name in a `var.NAME = "…"` line to value
 */
export function snippet(file, settings) {
	let text = fs.readFileSync(path.join(top, file), "utf8");
	for (const [name, value] of Object.entries(settings)) {
		const line = new RegExp(`^var\\.${name}( *)= "[^"]*"`, "gm");
		if ([...text.matchAll(line)].length !== 1)
			throw new Error(`${file}: no single line var.${name} = "…"`);
		text = text.replace(line, () => `var.${name} = "${value}"`);
	}
	return text;
}

/**
 * Starts lighttpd.
 * @param {import('./place.mjs').Place} place
 * @param {{ port: number, snippets?: string[], modules?: string[], more?: string }} options
 *   snippets: configuration texts, included in this order; modules: in addition to those of
 *   Debian's file
 */
export function startLighttpd(place, { port, snippets = [], modules = [], more = "" }) {
	const root = place.folder("htdocs", 0o755);
	const main = [
		'server.modules = ("mod_access", "mod_alias", "mod_redirect")', // as Debian's lighttpd.conf
		...modules.map((name) => `server.modules += ("${name}")`),
		'server.bind = "127.0.0.1"',
		`server.port = ${port}`,
		`server.document-root = "${root}"`,
		`server.upload-dirs = ("${place.folder("upload")}")`,
		'mimetype.assign = (".js" => "text/javascript; charset=utf-8", ".css" => "text/css; charset=utf-8",',
		'  ".svg" => "image/svg+xml", ".html" => "text/html; charset=utf-8")',
		more,
		...snippets.map((text, i) => `include "${place.write(`lighttpd-${i}.conf`, text)}"`),
		"",
	].join("\n");
	const file = place.write("lighttpd.conf", main);
	return place.startUntil("lighttpd", ["lighttpd", "-D", "-f", file], () => accepts(port));
}

/**
 * Starts lighttpd with the shipped FastCGI snippet: the program on /chat, BOSH on /http-bind. more:
 * as in startLighttpd.
 */
export function lighttpdFastcgi(place, { port, socket, boshPort, ...more }) {
	const text = snippet("lighttpd/prebind.conf", {
		prebind_socket: socket,
		prebind_static: place.copy("static", "static"),
		prebind_bosh_port: String(boshPort),
	});
	return startLighttpd(place, { port, ...more, snippets: [text, ...(more.snippets ?? [])] });
}

/** Starts lighttpd with the shipped CGI snippet, which starts the program for each request. */
export function lighttpdCgi(place, { port, program, boshPort }) {
	const text = snippet("lighttpd/prebind-cgi.conf", {
		prebind_program: program,
		prebind_static: place.copy("static", "static"),
		prebind_bosh_port: String(boshPort),
	});
	return startLighttpd(place, { port, snippets: [text] });
}
