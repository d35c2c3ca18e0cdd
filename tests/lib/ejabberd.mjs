/*
 * Starts Debian's ejabberd with its own configuration and data: one host, and only HTTP on a
 * loopback port. It has no node name, so that Erlang starts neither its distribution nor its port
 * mapper (epmd).
 */
import fs from "node:fs";
import path from "node:path";
import { BoshClient } from "./bosh_client.mjs";
import { docSnippet } from "./docs.mjs";
import { httpRequest } from "./http.mjs";
import { until } from "./wait.mjs";

const DOCUMENT = "docs/ejabberd.md";
const PORT = "5280"; // in the document's snippets
const BOSH_LINE = "      /http-bind: mod_bosh\n";
const API_LINE = "      /api: mod_http_api\n"; // the tests make accounts by it
const API_RIGHTS = `
api_permissions:
  "tests":
    who:
      ip: 127.0.0.1/8
    what: [register, check_account, add_rosteritem, remove_mam_for_user]
`;

// By default Erlang's threads look for work for a while before they sleep. Other files of tests need the processor meanwhile.
const NO_BUSY_WAITS = ["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"];

/** Debian's folder of Erlang libraries. */
function erlangLibraries() {
	const folder = fs.readdirSync("/usr/lib").map((name) => path.join("/usr/lib", name))
		.find((name) => fs.existsSync(name) && fs.statSync(name).isDirectory()
			&& fs.readdirSync(name).some((entry) => entry.startsWith("ejabberd-")));
	if (!folder)
		throw new Error("ejabberd is not installed: tests/install test");
	return folder;
}

/** The top-level keys of a YAML text, each with its lines. */
function yamlBlocks(text) {
	const blocks = new Map();
	let lines;
	for (const line of text.split("\n").filter((each) => /^[^#\s]|^\s+[^#\s]/.test(each))) {
		const key = /^(\w+):/.exec(line)?.[1];
		if (key)
			blocks.set(key, lines = []);
		lines.push(line);
	}
	return blocks;
}

/**
 * The entries below a key, each with its lines, by the name in them: a port, or a module's name.
 */
function entries(lines, start, name) {
	const texts = lines.slice(1).join("\n").split(start).filter(Boolean).map((text) => text.trimEnd());
	return new Map(texts.map((text) => [name.exec(text)[1], text]));
}

const listeners = (lines) => entries(lines, /^(?= {2}-)/m, /^ {4}port: (\d+)$/m);
const modules = (lines) => entries(lines, /^(?= {2}\w)/m, /^ {2}(\w+):/);

/*
 * How docs/ejabberd.md says to merge a key with the one that is there. A key that is not here replaces
 * the old one.
 */
const CHANGE = {
	listen: (old, lines) => ["listen:", ...new Map([...listeners(old), ...listeners(lines)]).values()],
	modules: (old, lines) => ["modules:", ...new Map([...modules(old), ...modules(lines)]).values()],
	acl: (old, lines) => ["acl:", ...new Map([...modules(old), ...modules(lines)]).values()],
	access_rules: (old, lines) => ["access_rules:", ...new Map([...modules(old), ...modules(lines)]).values()],
	api_permissions: (old, lines) => [...old, ...lines.slice(1)],
};

function yamlMerge(texts) {
	const all = new Map();
	for (const text of texts) {
		for (const [key, lines] of yamlBlocks(text))
			all.set(key, CHANGE[key] && all.has(key) ? CHANGE[key](all.get(key), lines) : lines);
	}
	return all;
}

const yamlText = (blocks) => [...blocks.values()].flat().join("\n") + "\n";

/*
 * Removes the parts of Debian's file that a test cannot use: ports that are taken, and a certificate
 * that only ejabberd can read.
 */
function forTests(blocks) {
	blocks.set("listen", ["listen:", listeners(blocks.get("listen")).get(PORT)]);
	blocks.delete("certfiles");
	return blocks;
}

const DEBIAN = "/usr/share/ejabberd/ejabberd.yml.example"; // the package makes ejabberd.yml from it

function baseConf() {
	return `
loglevel: info
acl:
  loopback:
    ip: [127.0.0.0/8]
modules:
  mod_admin_extra: {}
  mod_bosh: {}
  mod_carboncopy: {}
  mod_roster: {}
  mod_disco: {}
  mod_ping: {}
`;
}

function callApi(port, command, body) {
	return httpRequest({
		port, path: `/api/${command}`, method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
	});
}

/** Makes all users each other's contacts. */
export async function makeContacts(port, domain, names) {
	for (const localuser of names) {
		for (const user of names.filter((name) => name !== localuser)) {
			const nick = user[0].toUpperCase() + user.slice(1);
			const row = { localuser, localhost: domain, user, host: domain, nick, group: "", subs: "both" };
			await until(`${localuser} to have ${user}`, async () => (await callApi(port, "add_rosteritem", row)).status === 200);
		}
	}
}

/** Empties the archive of these users. */
export async function emptyArchive(port, domain, names) {
	for (const user of names) {
		const { status, body } = await callApi(port, "remove_mam_for_user", { user, host: domain });
		if (status !== 200)
			throw new Error(`ejabberd keeps the archive of ${user}: ${status} ${body}`);
	}
}

/**
 * @param {import('./place.mjs').Place} place
 * @param {{ domain: string, port: number, snippets: Record<string, Record<string, string>>, users?: Record<string, string>,
 *           name?: string, more?: string, debian?: boolean, env?: Record<string, string> }} options
 *   snippets: name in docs/ejabberd.md to the replacements in it; "bosh" is always used, without
 *   replacements if it is not named. users: localpart to password, registered by ejabberd's API;
 *   more: text added to the configuration; debian: change Debian's file instead of a short one of
 *   ours; env: added to the environment
 * @returns {Promise<import('./place.mjs').Child>}
 */
export async function startEjabberd(place, { domain, port, snippets, users = {}, name = "ejabberd", more = "", debian, env: moreEnv }) {
	const { bosh, ...others } = snippets;
	const texts = Object.entries(others).map(([each, changes]) => docSnippet(DOCUMENT, each, changes));
	const base = debian ? fs.readFileSync(DEBIAN, "utf8") : baseConf();
	const blocks = yamlMerge([base, docSnippet(DOCUMENT, "bosh", { "example.org": domain, ...bosh }), ...texts, API_RIGHTS, more]);
	const conf = yamlText(forTests(blocks)).replace(`    port: ${PORT}\n`, `    port: ${port}\n`);
	const file = place.write(`${name}.yml`, conf.includes("/api:") ? conf : conf.replace(BOSH_LINE, `$&${API_LINE}`));
	const spool = place.folder(name);
	const argv = ["erl", ...NO_BUSY_WAITS, "-noinput", "-mnesia", "dir", `"${spool}"`, "-s", "ejabberd"];
	const env = {
		HOME: spool,
		ERL_LIBS: erlangLibraries(),
		ERL_CRASH_DUMP: "/dev/null",
		EJABBERD_CONFIG_PATH: file,
		EJABBERD_LOG_PATH: path.join(spool, "ejabberd.log"),
		...moreEnv,
	};
	const child = await place.startUntil(name, argv, () => httpRequest({ port, path: "/" }), { env, seconds: 180 });
	for (const [user, password] of Object.entries(users))
		await until(`${user} to be registered`, async () => (await callApi(port, "register", { user, host: domain, password })).status === 200);
	await openSession(port, domain, Object.entries(users)[0]);
	return child;
}

/**
 * Erlang reads a module's code when it is first called. On a busy machine that makes a first session and a first login take longer than a
 * visitor is let wait. This one ends before anybody else logs in.
 * @param {[string, string] | undefined} who name and password
 */
async function openSession(port, domain, who) {
	const client = new BoshClient({ port, domain });
	try {
		if (!who)
			await client.create();
		else if (await client.authenticate(...who, "SCRAM-SHA-1") === "success")
			await client.bind();
		await client.end();
	} catch (error) {
		if (!error.message.includes("HTTP 404")) // it has another path
			throw error;
	}
}
