/*
 * A scripted Tigase: the REST ad-hoc call answered with recorded bytes (tests/peers/tigase), chosen as the real
 * server chooses them, or as a test says. It knows no XMPP: a session that it hands out cannot be attached to.
 *   node tests/peers/tigase_peer.mjs --port 0 [--user JID] [--password P] [--api-key K] [--answer NAME]
 */
import fs from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";

const RECORDINGS = new URL("tigase/", import.meta.url);
const RECORDED_JID = "alice@example.test/web1";
const RECORDED_BARE_JID = "alice@example.test";
const RECORDED_HOSTNAME = "localhost";
const COMMAND = "pre-bind-bosh-session";
const NOT_ALLOWED = "045-auth-non-admin";
const DRIP_MS = 30;

/** The recorded answers by what the server finds; [JSON, XML]. */
const ANSWERS = {
	list: ["002-get-list-json", "001-get-list-commands"],
	fullJid: ["020-json-full-jid", "010-xml-full-jid"],
	bareJid: ["021-json-bare-jid", "011-xml-bare-jid"],
	noFrom: ["032-json-missing-from", "052-xml-missing-from"],
	malformed: ["029-json-truncated", "059-xml-malformed"],
	unknownNode: ["034-json-unknown-node", "058-xml-unknown-node"],
};

/**
 * @typedef {object} PeerRequest what came in
 * @property {string} method
 * @property {string} path with the query
 * @property {Record<string, string>} headers lower-case names
 * @property {string} body
 * @property {number} connection 1 for the first one made, and so on
 */

/**
 * @typedef {object} Script how to answer
 * @property {string} [recording] NNN-name
 * @property {string | Buffer} [raw] these bytes, and then the end
 * @property {"hang" | "close" | "reset" | "drip"} [way] drip: a right head, then a byte now and then
 * @property {string} [jid] a session of that JID, whichever was asked for
 * @property {number} [delayMs] before the answer
 * @property {Promise<unknown>} [until] what else to wait for before it
 * @property {number} [times] afterwards as the server again; without: always
 */

/** The bytes of one recorded answer. */
export function recording(name) {
	return fs.readFileSync(new URL(`${name}.resp`, RECORDINGS));
}

/** The names of the recorded answers. */
export function recordings() {
	return fs.readdirSync(RECORDINGS).filter((name) => name.endsWith(".resp")).map((name) => name.slice(0, -5));
}

/** Head (with its blank line) and body, as they stand there. */
function split(bytes) {
	const end = bytes.indexOf("\r\n\r\n");
	return end < 0 ? { head: bytes.toString("latin1"), body: Buffer.alloc(0) }
		: { head: bytes.subarray(0, end + 4).toString("latin1"), body: bytes.subarray(end + 4) };
}

function isChunked(head) {
	return /^transfer-encoding: *chunked/im.test(head);
}

/** The text in chunks. */
function unchunk(body) {
	const parts = [];
	for (let at = 0; ;) {
		const end = body.indexOf("\r\n", at);
		const size = end < 0 ? 0 : parseInt(body.subarray(at, end).toString(), 16);
		if (!size)
			return Buffer.concat(parts).toString();
		parts.push(body.subarray(end + 2, end + 2 + size));
		at = end + 2 + size + 2;
	}
}

/** Every value has one level of XML escaping of its own, under that of XML or JSON. */
function escapeValue(text, json) {
	const xml = (value) => value.replace(/[&<>"']/g, (c) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" }[c]};`);
	return json ? JSON.stringify(xml(text)).slice(1, -1) : xml(xml(text));
}

/** A recorded session, for another JID and on another node: only the text and its length change. */
function readdress(bytes, jid, json, hostname) {
	const { head, body } = split(bytes);
	const [recorded, wanted] = jid.includes("/") ? [RECORDED_JID, jid] : [`${RECORDED_BARE_JID}/`, `${jid}/`];
	const text = unchunk(body).replaceAll(recorded, () => escapeValue(wanted, json))
		.replace(RECORDED_HOSTNAME, hostname);
	return Buffer.from(`${head}${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`);
}

/** The `from` of a command; null: the body is malformed. */
function readCommand(body, json) {
	if (!json) {
		const unescape = (text) => text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) =>
			({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" })[name]);
		const value = (pattern) => unescape(pattern.exec(body)?.[1] ?? "").trim();
		return /<command>[^]*<\/command>\s*$/.test(body) && !/<!DOCTYPE/.test(body)
			? { node: value(/<node>([^<]*)<\/node>/), from: value(/<var>from<\/var>\s*<value>([^<]*)<\/value>/) }
			: null;
	}
	try {
		const { node, fields } = JSON.parse(body).command;
		const from = (fields ?? []).find((field) => field.var === "from")?.value ?? "";
		return fields.every((field) => typeof field.value === "string" || Array.isArray(field.value))
			? { node, from: [from].flat()[0] }
			: null;
	} catch {
		return null;
	}
}

const ADD_USER = "http://jabber.org/protocol/admin#add-user";

/** Any command: its node, and its fields by name; null: malformed. */
function readFields(body, json) {
	if (!json) {
		const unescape = (text) => text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name) =>
			({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" })[name]);
		const items = [...body.matchAll(/<item><var>([^<]*)<\/var><value>([^<]*)<\/value><\/item>/g)];
		return { node: /<node>([^<]*)<\/node>/.exec(body)?.[1], fields: Object.fromEntries(items.map(([, name, value]) => [name, unescape(value)])) };
	}
	try {
		const { node, fields } = JSON.parse(body).command;
		return { node, fields: Object.fromEntries(fields.map((field) => [field.var, field.value])) };
	} catch {
		return null;
	}
}

function asAnswer(json, text) {
	return Buffer.from("HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 10:47:56 GMT\r\nTransfer-encoding: chunked\r\n"
		+ `Content-type: application/${json ? "json" : "xml"}\r\n\r\n${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`);
}

/** An answer of add-user with these fields. */
function asForm(json, fields) {
	const head = { jid: "sess-man@example.test", node: ADD_USER };
	const items = Object.entries(fields).map(([name, value]) => ({ var: name, type: "fixed", value: escapeValue(value, false).replaceAll("&amp;", "&") }));
	return json ? asAnswer(true, JSON.stringify({ command: { ...head, fields: items } }))
		: asAnswer(false, `<command>\n<jid>${head.jid}</jid>\n<node>${head.node}</node>\n<fields>${Object.entries(fields).map(([name, value]) =>
			`<item><var>${name}</var><type>fixed</type><value>${escapeValue(value, false)}</value></item>`).join("")}</fields>\n</command>\n`);
}

/** Reads requests off a connection; calls back with each. */
class Reader {
	/** @param {(request: Omit<PeerRequest, "connection">) => void} each */
	constructor(each) {
		this.each = each;
		this.held = Buffer.alloc(0);
	}

	/** @param {Buffer} data */
	push(data) {
		this.held = Buffer.concat([this.held, data]);
		for (let request; (request = this.take());)
			this.each(request);
	}

	take() {
		const end = this.held.indexOf("\r\n\r\n");
		if (end < 0)
			return null;
		const [first, ...lines] = this.held.subarray(0, end).toString("latin1").split("\r\n");
		const [method, path] = first.split(" ");
		const headers = Object.fromEntries(lines.map((line) => {
			const colon = line.indexOf(":");
			return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
		}));
		const stop = end + 4 + Number(headers["content-length"] ?? 0);
		if (this.held.length < stop)
			return null;
		const body = this.held.subarray(end + 4, stop).toString();
		this.held = this.held.subarray(stop);
		return { method, path, headers, body };
	}
}

export class TigasePeer {
	/**
	 * @param {{ user: string, password: string, apiKey: string | null, hostname?: string,
	 *           tls?: { key: Buffer | string, cert: Buffer | string } | null }} accepted
	 */
	constructor(accepted) {
		this.accepted = accepted;
		/** @type {PeerRequest[]} */
		this.requests = [];
		this.connections = 0;
		/** Requests that are being answered, and how many there were at most. */
		this.running = 0;
		this.mostRunning = 0;
		/** @type {Set<net.Socket>} */
		this.sockets = new Set();
		/** @type {Script | null} */
		this.script = null;
		/** What is answered at addresses with this in their path, whatever the rest. @type {{ path: string, recording: string } | null} */
		this.answerAt = null;
		/** What add-user has made: JID to password. */
		this.accounts = new Map();
		/** What its access lists refuse: "bind", "add". Every command is in the list all the same. */
		this.refused = new Set();
		this.mayNotAdd = false;
		const serve = (socket) => this.serve(socket);
		this.server = accepted.tls ? tls.createServer(accepted.tls, serve) : net.createServer(serve);
		this.server.on("tlsClientError", () => {}); // a client that does not trust us: a test's business
	}

	/** @param {number} port */
	async listen(port) {
		await new Promise((resolve, reject) => {
			this.server.once("error", reject);
			this.server.listen(port, "127.0.0.1", () => resolve(null));
		});
		this.port = /** @type {net.AddressInfo} */ (this.server.address()).port;
		return this;
	}

	/** How many sessions were asked for. */
	get binds() {
		return this.requests.filter(({ method }) => method === "POST").length;
	}

	/** The configuration's tigase_url. */
	get url() {
		return `${this.accepted.tls ? "https://localhost" : "http://127.0.0.1"}:${this.port}/rest/adhoc/bosh@example.test`;
	}

	/**
	 * The keys of a site whose back end this is.
	 * @param {import('../lib/place.mjs').Place} place where the password's file is put
	 * @param {Record<string, string | number>} [keys] other ones, or other values
	 */
	site(place, keys = {}) {
		const { user, password, apiKey } = this.accepted;
		return {
			jid: "{user}@example.test",
			backend: "tigase",
			tigase_url: this.url,
			tigase_user: user,
			tigase_password_file: place.write("etc/tigase.password", `${password}\n`),
			...(apiKey === null ? {} : { tigase_api_key_file: place.write("etc/tigase.key", `${apiKey}\n`) }),
			...keys,
		};
	}

	/**
	 * How to answer from now on; null: as the server would.
	 * @param {string | Script | null} script a recording's name, or more
	 */
	answer(script) {
		this.script = typeof script === "string" ? { recording: script } : script;
	}

	/** Stops listening and breaks what is open; may be called twice. */
	async close() {
		for (const socket of this.sockets)
			socket.destroy();
		await new Promise((resolve) => this.server.close(resolve));
	}

	/** @param {net.Socket} socket */
	serve(socket) {
		const connection = ++this.connections;
		const reader = new Reader((request) => {
			this.requests.push({ ...request, connection });
			this.mostRunning = Math.max(this.mostRunning, ++this.running);
			this.respond(socket, request).catch((error) => socket.destroy(error)).finally(() => this.running--);
		});
		this.sockets.add(socket);
		socket.on("data", (data) => reader.push(data));
		socket.on("close", () => this.sockets.delete(socket));
		socket.on("error", () => {}); // the program may go away at any time: that is a test's business
	}

	/** @param {net.Socket} socket */
	async respond(socket, request) {
		const script = this.answerAt && request.path.includes(this.answerAt.path) ? this.answerAt : this.takeScript();
		if (script?.delayMs)
			await new Promise((resolve) => setTimeout(resolve, script.delayMs));
		await script?.until;
		switch (script?.way) {
		case "hang": return;
		case "close": socket.end(); return;
		case "reset": socket.resetAndDestroy(); return;
		case "drip": drip(socket); return;
		}
		if (script?.raw !== undefined) {
			socket.end(script.raw);
			return;
		}
		send(socket, script?.recording ? recording(script.recording) : this.asServer(request, script?.jid));
	}

	takeScript() {
		const script = this.script;
		if (script?.times !== undefined && --script.times === 0)
			this.script = null;
		return script;
	}

	/** What the real server answers; its order of checks: key, Basic, path, content type, body. */
	asServer({ method, path, headers, body }, writtenJid) {
		const { user, password, apiKey } = this.accepted;
		const [pathname, query = ""] = path.split("?");
		const basic = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
		const keys = [headers["api-key"], new URLSearchParams(query).get("api-key")].filter(Boolean);
		if (apiKey !== null && keys.join() !== apiKey)
			return recording(keys.length ? "143-apikey-wrong" : "140-apikey-missing");
		if (headers.authorization !== basic)
			return recording(headers.authorization ? "041-auth-wrong-password" : "040-auth-none");
		if (/^\/rest\/adhoc\/sess-man@[a-z0-9.-]+$/.test(pathname))
			return this.asSessionManager(method, headers, body);
		if (!/^\/rest\/adhoc\/bosh@[a-z0-9.-]+$/.test(pathname)) // %40: as the newer versions
			return recording("108-wrong-path");
		if (method === "GET")
			return recording(ANSWERS.list[query.includes("type=application/json") ? 0 : 1]);
		if (method !== "POST")
			return recording("113-method-options");
		return this.asCommand(headers, body, writtenJid);
	}

	/**
	 * Component sess-man and its add-user. Not recorded: written after the script AddUser.groovy of Tigase's server, in the
	 * form that its other answers have.
	 */
	asSessionManager(method, headers, body) {
		const json = (headers["content-type"] ?? "").includes("/json");
		if (method === "GET")
			return asAnswer(false, `<items>\n  <item>\n    <jid>sess-man@example.test</jid>\n    <node>${ADD_USER}</node>\n`
				+ "    <name>Add user</name>\n  </item>\n</items>\n");
		const command = readFields(body, json);
		if (command?.node !== ADD_USER)
			return recording(ANSWERS.unknownNode[json ? 0 : 1]);
		if (this.refused.has("add"))
			return recording(NOT_ALLOWED);
		const { accountjid: jid, password, "password-verify": verify, email } = command.fields;
		if (!jid || !password || !verify || !email)
			return asForm(json, { FORM_TYPE: "http://jabber.org/protocol/admin", accountjid: jid ?? "" });
		if (this.mayNotAdd)
			return asForm(json, { Error: "You do not have enough permissions to create account for this domain." });
		if (this.accounts.has(jid))
			return asForm(json, { Note: "User already exists, can't be added." });
		this.accounts.set(jid, password);
		return asForm(json, { Note: "Operation successful" });
	}

	asCommand(headers, body, writtenJid) {
		const type = headers["content-type"] ?? "";
		const json = type.includes("/json");
		const pick = (pair) => recording(pair[json ? 0 : 1]);
		if (headers["transfer-encoding"])
			return recording("070-chunked-request");
		if (!json && !type.includes("/xml"))
			return recording("067-ct-form");
		const command = readCommand(body, json);
		if (!command)
			return pick(ANSWERS.malformed);
		if (command.node !== COMMAND)
			return pick(ANSWERS.unknownNode);
		if (this.refused.has("bind"))
			return recording(NOT_ALLOWED);
		if (!command.from)
			return pick(ANSWERS.noFrom);
		const answer = pick(command.from.includes("/") ? ANSWERS.fullJid : ANSWERS.bareJid);
		return readdress(answer, writtenJid ?? command.from, json, this.accepted.hostname ?? RECORDED_HOSTNAME);
	}
}

/** Head and body in two packets, as the JDK's server: the second waits for the first one's ACK (Nagle). */
function send(socket, bytes) {
	if (bytes.length === 0) // a recording of no answer at all
		return;
	const { head, body } = split(bytes);
	socket.write(head, "latin1");
	if (body.length)
		socket.write(body);
	if (/^connection: *close/im.test(head) || (!isChunked(head) && !/^content-length:/im.test(head)))
		socket.end();
}

/** @param {net.Socket} socket */
function drip(socket) {
	socket.write("HTTP/1.1 200 OK\r\nContent-type: application/json\r\nContent-length: 1000\r\n\r\n");
	const timer = setInterval(() => socket.write(" "), DRIP_MS);
	socket.once("close", () => clearInterval(timer));
}

/**
 * Starts one on 127.0.0.1.
 * @param {{ port?: number, user?: string, password?: string, apiKey?: string | null, hostname?: string,
 *           tls?: { key: Buffer | string, cert: Buffer | string } | null,
 *           place?: import('../lib/place.mjs').Place }} [options]
 *   port 0: a free one; hostname: of the node that its sessions are on; place: closes it when it closes
 */
export async function startTigasePeer(options = {}) {
	const { port = 0, user = "admin@example.test", password = "adminpass", apiKey = null, place, ...more } = options;
	const peer = await new TigasePeer({ user, password, apiKey, ...more }).listen(port);
	place?.onClose(() => peer.close());
	return peer;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const { values } = parseArgs({
		options: {
			port: { type: "string", default: "0" },
			user: { type: "string" },
			password: { type: "string" },
			"api-key": { type: "string" },
			answer: { type: "string" },
		},
	});
	const peer = await startTigasePeer({
		port: Number(values.port),
		user: values.user,
		password: values.password,
		apiKey: values["api-key"],
	});
	peer.answer(values.answer ?? null);
	console.log(peer.port);
}
