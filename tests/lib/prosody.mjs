/*
 * Prosody with a configuration and data of its own: one host, BOSH on a loopback port, nothing else listens.
 * Accounts and rosters are its data files (storage `internal`), written before it starts.
 */
import path from "node:path";
import { accepts } from "./wait.mjs";

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

function confText({ domain, port, dir, more }) {
	return `
data_path = ${lua(dir)}
daemonize = false
log = { { levels = { min = "info" }, to = "console" } }
admins = {}
plugin_paths = {}
modules_enabled = { "roster", "saslauth", "disco", "ping", "carbons", "bosh", "message", "presence", "iq" }
modules_disabled = { "s2s", "c2s", "tls", "offline" }
c2s_ports = {}
s2s_ports = {}
https_ports = {}
http_ports = { ${port} }
http_interfaces = { "127.0.0.1" }
http_default_host = ${lua(domain)}
consider_bosh_secure = true -- plain http, but only on loopback
authentication = "internal_plain"
storage = "internal"
${more}
VirtualHost ${lua(domain)}
`;
}

/**
 * @param {import('./place.mjs').Place} place
 * @param {{ domain: string, port: number, users: Record<string, string>, more?: string }} options
 *   users: localpart to password; more: global lines of its configuration
 * @returns {Promise<import('./place.mjs').Child>}
 */
export function startProsody(place, { domain, port, users, more = "" }) {
	const dir = place.folder("prosody");
	place.folder("certs"); // it looks there, for nothing
	const host = path.join("prosody", fileName(domain));
	for (const [name, password] of Object.entries(users)) {
		place.write(path.join(host, "accounts", `${fileName(name)}.dat`), `return { password = ${lua(password)}; };\n`);
		place.write(path.join(host, "roster", `${fileName(name)}.dat`), rosterText(name, users, domain));
	}
	const file = place.write("prosody.cfg.lua", confText({ domain, port, dir, more }));
	return place.startUntil("prosody", ["prosody", "-F", "--config", file], () => accepts(port));
}
