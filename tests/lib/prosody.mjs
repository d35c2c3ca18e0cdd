/*
 * Prosody with a configuration and data of its own: one host, BOSH on a loopback port as docs/prosody.md has it,
 * nothing else listens. Accounts and rosters are its data files (storage `internal`), written before it starts.
 */
import path from "node:path";
import { docSnippet } from "./docs.mjs";
import { accepts } from "./wait.mjs";

const DOCUMENT = "docs/prosody.md";

/** A text as a Lua string. */
function lua(text) {
	return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

/** How Prosody writes a name as a file's name. */
function fileName(text) {
	return text.replace(/[^a-zA-Z0-9]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Everybody has everybody else as a contact, both ways. */
function rosterText(name, users, domain) {
	const others = Object.keys(users).filter((other) => other !== name);
	const rows = others.map((other) =>
		`["${other}@${domain}"] = { subscription = "both"; groups = {}; name = ${lua(other[0].toUpperCase() + other.slice(1))}; };`);
	return `return { [false] = { version = 1; pending = {}; }; ${rows.join(" ")} };\n`;
}

function confText({ domain, port, dir, more, host }) {
	return `
data_path = ${lua(dir)}
daemonize = false
log = { { levels = { min = "info" }, to = "console" } }
admins = {}
modules_disabled = { "s2s", "c2s", "tls", "offline" }
c2s_ports = {}
s2s_ports = {}
authentication = "internal_plain"
storage = "internal"
${docSnippet(DOCUMENT, "bosh", { 5280: String(port), '"example.org"': lua(domain) })}
${more}
${host || `VirtualHost ${lua(domain)}\n`}`;
}

/**
 * @param {import('./place.mjs').Place} place
 * @param {{ domain: string, port: number, users?: Record<string, string>, more?: string, name?: string,
 *           snippet?: [string, Record<string, string>], env?: Record<string, string> }} options
 *   users: localpart to password; more: global lines of its configuration; snippet: one of docs/prosody.md with the
 *   host in it, and what is replaced there
 * @returns {Promise<import('./place.mjs').Child>}
 */
export function startProsody(place, { domain, port, users = {}, more = "", snippet, name: folder = "prosody", env }) {
	const dir = place.folder(folder);
	place.folder("certs"); // it looks there, for nothing
	const host = path.join(folder, fileName(domain));
	for (const [name, password] of Object.entries(users)) {
		place.write(path.join(host, "accounts", `${fileName(name)}.dat`), `return { password = ${lua(password)}; };\n`);
		place.write(path.join(host, "roster", `${fileName(name)}.dat`), rosterText(name, users, domain));
	}
	const hostText = snippet && docSnippet(DOCUMENT, ...snippet);
	const file = place.write(`${folder}.cfg.lua`, confText({ domain, port, dir, more, host: hostText }));
	return place.startUntil(folder, ["prosody", "-F", "--config", file], () => accepts(port), { env });
}
