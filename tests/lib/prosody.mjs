/*
 * Starts Prosody with its own configuration and data: one host, from the file that docs/prosody.md
 * says to write. Only its HTTP port listens. Accounts and rosters are data files (storage
 * `internal`), which are written before Prosody starts. tests/servers/debian_files.test.mjs uses
 * Debian's own prosody.cfg.lua instead of ours.
 */
import fs from "node:fs";
import path from "node:path";
import { docSnippet } from "./docs.mjs";
import { accepts } from "./wait.mjs";

const DOCUMENT = "docs/prosody.md";

/** Quotes a text as a Lua string. */
function lua(text) {
	return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

/** Encodes a name as Prosody does for a file name. */
function fileName(text) {
	return text.replace(/[^a-zA-Z0-9]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The roster of one user, with all other users as contacts in both directions, but for the strangers. */
function rosterText(name, users, domain, strangers) {
	const others = Object.keys(users).filter((other) => other !== name && ![name, other].some((each) => strangers.includes(each)));
	const rows = others.map((other) =>
		`["${other}@${domain}"] = { subscription = "both"; groups = {}; name = ${lua(other[0].toUpperCase() + other.slice(1))}; };`);
	return `return { [false] = { version = 1; pending = {}; }; ${rows.join(" ")} };\n`;
}

/**
 * Returns the file that docs/prosody.md says to write: its snippet "bosh", and then the snippet for
 * the way to log in.
 * @param {{ domain: string, port: number, more?: string, login?: string, bosh?: Record<string, string> }} options
 *   more: text above the host; login: text below it
 */
export function prebindFile({ domain, port, more = "", login = "", bosh = {} }) {
	const text = docSnippet(DOCUMENT, "bosh", { 5280: String(port), '"example.org"': lua(domain), ...bosh });
	const [global, host, ...rest] = text.split(/^(?=VirtualHost )/m);
	if (!host || rest.length > 0)
		throw new Error(`${DOCUMENT}: snippet bosh has not one host`);
	return `${global}${more}\n${host}${login}\n`;
}

function confText({ dir, modules, ...file }) {
	return `
data_path = ${lua(dir)}
daemonize = false
log = { { levels = { min = "info" }, to = "console" } }
admins = {}
${modules ? `plugin_paths = { ${lua(modules)} }` : ""}
modules_enabled = { "roster", "saslauth", "disco", "ping", "carbons" }
modules_disabled = { "s2s", "c2s", "tls", "offline" }
c2s_ports = {}
s2s_ports = {}
authentication = "internal_plain"
storage = "internal"
${prebindFile(file)}`;
}

const DEBIAN = "/etc/prosody/prosody.cfg.lua";

/*
 * Replacements in Debian's file, because a test cannot use its folders and its log, and does not need
 * native clients and other servers.
 */
const FOR_TESTS = (dir, modules) => ({
	'pidfile = "/run/prosody/prosody.pid";': `pidfile = ${lua(`${dir}/prosody.pid`)}; data_path = ${lua(dir)}; daemonize = false; storage = "internal"`,
	'"/usr/local/lib/prosody/modules"': lua(modules ?? dir),
	'\tinfo = "/var/log/prosody/prosody.log";\n\terror = "/var/log/prosody/prosody.err";': '\t{ levels = { min = "info" }, to = "console" };',
	'\t-- "c2s"; -- Handle': '\t"c2s"; -- Handle',
	'\t-- "s2s"; -- Handle': '\t"s2s"; -- Handle',
});

function debianText(dir, modules) {
	return Object.entries(FOR_TESTS(dir, modules)).reduce((text, [old, changed]) => {
		if (!text.includes(old))
			throw new Error(`${DEBIAN} does not hold ${old}`);
		return text.replace(old, () => changed);
	}, fs.readFileSync(DEBIAN, "utf8"));
}

/** Empties the archive of all users. Prosody reads these files for each query. */
export function emptyArchive(place, domain) {
	const dir = place.path("prosody", fileName(domain), "archive");
	for (const name of fs.existsSync(dir) ? fs.readdirSync(dir) : [])
		fs.rmSync(path.join(dir, name));
}

/**
 * @param {import('./place.mjs').Place} place
 * @param {{ domain: string, port: number, users?: Record<string, string>, more?: string, name?: string,
 *           snippet?: [string, Record<string, string>], bosh?: Record<string, string>, modules?: string,
 *           debian?: boolean, env?: Record<string, string>, contacts?: boolean, strangers?: string[] }} options
 *   users: localpart to password; contacts: false: none is another's contact; strangers: those who are nobody's contacts; more: global lines of the configuration; snippet: name of the
 *   snippet in docs/prosody.md for the way to log in, and the replacements in it; bosh:
 *   replacements in the snippet "bosh"; modules: a folder of modules; debian: use Debian's file,
 *   which includes ours from conf.d, instead of a short one
 * @returns {Promise<import('./place.mjs').Child>}
 */
export function startProsody(place, { domain, port, users = {}, more = "", snippet, bosh, modules, debian, name: folder = "prosody", env, contacts = true, strangers = [] }) {
	const dir = place.folder(folder);
	place.folder("certs"); // Prosody looks for certificates there
	const host = path.join(folder, fileName(domain));
	for (const [name, password] of Object.entries(users)) {
		place.write(path.join(host, "accounts", `${fileName(name)}.dat`), `return { password = ${lua(password)}; };\n`);
		if (contacts)
			place.write(path.join(host, "roster", `${fileName(name)}.dat`), rosterText(name, users, domain, strangers));
	}
	const ours = { domain, port, more, bosh, login: snippet && docSnippet(DOCUMENT, ...snippet) };
	if (debian)
		place.write("conf.d/prebind.cfg.lua", prebindFile(ours));
	const file = place.write(`${folder}.cfg.lua`, debian ? debianText(dir, modules) : confText({ dir, modules, ...ours }));
	return place.startUntil(folder, ["prosody", "-F", "--config", file], () => accepts(port), { env });
}
