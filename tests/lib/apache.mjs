/*
 * Starts Apache with the project's own snippet, as an operator would include it: only its paths and
 * ports are replaced. Apache runs unprivileged, with our own main file and Debian's modules.
 * tests/lib/namespace.mjs runs the files exactly as they are shipped.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { top } from "./place.mjs";
import { accepts } from "./wait.mjs";

const AVAILABLE = "/etc/apache2/mods-available"; // Debian's: a .load for each module, a .conf for some
/** The modules that a site needs and that Debian's Apache has enabled, with the MPM. */
const USUAL_MODULES = ["mpm_event", "authz_core", "authz_host", "authn_core", "authn_file", "authz_user", "auth_basic",
	"access_compat", "alias", "dir", "mime", "env", "setenvif", "filter", "reqtimeout"];

/**
 * Returns the text of a shipped file with its settings replaced. Each setting must be there exactly
 * once, because otherwise the test would not test the shipped file.
 * @param {string} file in the repository
 * @param {Record<string, string>} settings name in a `Define NAME value` line to value
 */
export function snippet(file, settings) {
	let text = fs.readFileSync(path.join(top, file), "utf8");
	for (const [name, value] of Object.entries(settings)) {
		const line = new RegExp(`^Define ${name}( +)\\S.*$`, "gm");
		if ([...text.matchAll(line)].length !== 1)
			throw new Error(`${file}: no single line Define ${name} …`);
		text = text.replace(line, () => `Define ${name} "${value}"`);
	}
	return text;
}

/** The modules that the head of a shipped file says to enable, by `a2enmod NAME…`. */
export function modulesOf(text) {
	const line = /^#.*\ba2enmod ([a-z_ ]+?) *(&&|$)/m.exec(text);
	if (!line)
		throw new Error("the file has no line with a2enmod");
	return line[1].split(" ");
}

/**
 * What a2enmod would enable: these modules and their dependencies. A dependency precedes its
 * module.
 */
function withDependencies(names, found = new Set()) {
	for (const name of names) {
		const text = fs.readFileSync(path.join(AVAILABLE, `${name}.load`), "utf8");
		const needs = /^# Depends: *(.*)$/m.exec(text)?.[1].split(/\s+/).filter((other) => other && other !== name) ?? [];
		withDependencies(needs.filter((other) => !found.has(other)), found);
		found.add(name);
	}
	return [...found];
}

/**
 * Writes a main file and its parts.
 * @param {import('./place.mjs').Place} place
 * @param {{ port: number, snippets?: string[], modules?: string[], more?: string }} options
 *   snippets: configuration texts, included in this order; modules: in addition to the usual ones;
 *   more: text for the main file
 * @returns {string} the main file
 */
function writeConfiguration(place, { port, snippets = [], modules = [], more = "" }) {
	const root = place.folder("htdocs", 0o755);
	const run = place.folder("apache");
	const main = [
		`ServerRoot "${run}"`,
		`DefaultRuntimeDir "${run}"`,
		`PidFile "${run}/apache.pid"`,
		"ServerName 127.0.0.1",
		`Listen 127.0.0.1:${port}`,
		`ErrorLog "||/bin/cat"`, // our pipe cannot be opened as /dev/stderr
		"LogLevel warn",
		...withDependencies([...USUAL_MODULES, ...modules]).map((name) => `Include "${AVAILABLE}/${name}.load"`),
		"StartServers 1", // enough for a test; Apache starts more if it needs them
		"TypesConfig /etc/mime.types",
		`DocumentRoot "${root}"`,
		"<Directory />\n    AllowOverride None\n    Require all denied\n</Directory>", // as Debian's apache2.conf
		`<Directory "${root}">\n    Require all granted\n</Directory>`,
		more,
		...snippets.map((text, i) => `Include "${place.write(`apache-${i}.conf`, text)}"`),
		"",
	].join("\n");
	return place.write("apache.conf", main);
}

/** Starts Apache. options: as in writeConfiguration. */
export function startApache(place, options) {
	const file = writeConfiguration(place, options);
	return place.startUntil("apache2", ["apache2", "-D", "FOREGROUND", "-f", file], () => accepts(options.port));
}

/** What Apache's configuration test says. options: as in writeConfiguration. */
export function testConfiguration(place, options) {
	const file = writeConfiguration(place, { ...options, more: `${options.more ?? ""}\nErrorLog /dev/stderr` });
	return spawnSync("apache2", ["-t", "-f", file], { encoding: "utf8" }).stderr;
}

/**
 * Starts Apache with the shipped FastCGI snippet: the program on /chat, BOSH on /http-bind. more:
 * as in startApache.
 */
export function apacheFastcgi(place, { port, socket, boshPort, ...more }) {
	const text = snippet("apache/prebind.conf", {
		prebind_socket: socket,
		prebind_static: place.copy("static", "static"),
		prebind_bosh: `http://127.0.0.1:${boshPort}/http-bind`,
	});
	return startApache(place, {
		port, ...more, snippets: [text, ...(more.snippets ?? [])], modules: [...modulesOf(text), ...(more.modules ?? [])],
	});
}
