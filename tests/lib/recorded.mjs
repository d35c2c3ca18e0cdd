/*
 * Reads the recorded exchanges with a real Tigase (tests/peers/tigase). The requests can be sent
 * again. The answers can be compared by status and meaning, not by bytes.
 */
import fs from "node:fs";
import net from "node:net";

const FOLDER = new URL("../peers/tigase/", import.meta.url);

/**
 * @typedef {object} RecordedRequest
 * @property {string} name NNN-name
 * @property {string} method
 * @property {string} target as in the request line
 * @property {string} version "HTTP/1.1"
 * @property {[string, string][]} headers as recorded
 * @property {Buffer} body the bytes after the blank line, with their chunk sizes
 *
 * @typedef {object} Meaning
 * @property {number} status
 * @property {"session" | "form" | "error" | "no result" | "list" | "none"} kind none: not a 200, or not the answer of a command
 * @property {"json" | "xml" | ""} format of a 200
 * @property {Record<string, string>} fields decoded, by var
 */

/** The names of the recorded requests, in order. */
export function recordedNames() {
	return fs.readdirSync(FOLDER).filter((name) => name.endsWith(".req")).map((name) => name.slice(0, -4)).sort();
}

/** @returns {RecordedRequest} */
export function recordedRequest(name) {
	const bytes = fs.readFileSync(new URL(`${name}.req`, FOLDER));
	const end = bytes.indexOf("\r\n\r\n");
	const [line, ...rest] = bytes.subarray(0, end).toString().split("\r\n");
	const [method, target, version] = line.split(" ");
	const headers = rest.map((text) => /** @type {[string, string]} */ (text.split(/: *(.*)/s).slice(0, 2)));
	return { name, method, target, version, headers, body: bytes.subarray(end + 4) };
}

/** The meaning of the real server's answer; null: it did not answer. */
export function recordedMeaning(name) {
	const bytes = fs.readFileSync(new URL(`${name}.resp`, FOLDER));
	return bytes.length === 0 ? null : meaningOf(parseResponse(bytes));
}

function unchunk(body) {
	const parts = [];
	for (let at = 0; ;) {
		const end = body.indexOf("\r\n", at);
		const size = end < 0 ? 0 : Number.parseInt(body.subarray(at, end).toString(), 16);
		if (!size)
			return Buffer.concat(parts);
		parts.push(body.subarray(end + 2, end + 2 + size));
		at = end + 2 + size + 2;
	}
}

/** The body without chunk sizes. */
export function plainBody({ headers, body }) {
	return headers.some(([name]) => /^transfer-encoding$/i.test(name)) ? unchunk(body) : body;
}

/** Returns status, headers and body of the response in the bytes. A 100 before it is skipped. */
export function parseResponse(bytes) {
	const end = bytes.indexOf("\r\n\r\n");
	if (end < 0)
		throw new Error(`no HTTP response: ${JSON.stringify(bytes.toString().slice(0, 200))}`);
	const [line, ...rest] = bytes.subarray(0, end).toString().split("\r\n");
	const status = Number(line.split(" ")[1]);
	const body = bytes.subarray(end + 4);
	if (status === 100)
		return parseResponse(body);
	const headers = Object.fromEntries(rest.map((text) => {
		const [name, value] = text.split(/: *(.*)/s);
		return [name.toLowerCase(), value];
	}));
	return { status, headers, body: (headers["transfer-encoding"] ? unchunk(body) : body).toString() };
}

/**
 * Sends a recorded request to a port of 127.0.0.1, and reads until the server closes the
 * connection.
 */
export function sendRecorded(port, { method, target, version, headers, body }) {
	const lines = headers.filter(([name]) => !/^connection$/i.test(name)).map(([name, value]) => `${name}: ${value}`);
	const head = [`${method} ${target} ${version}`, ...lines, "Connection: close", "", ""].join("\r\n");
	return new Promise((resolve, reject) => {
		const socket = net.connect(port, "127.0.0.1");
		const chunks = [];
		socket.on("error", reject);
		socket.on("data", (chunk) => chunks.push(chunk));
		socket.on("end", () => {
			try {
				resolve(parseResponse(Buffer.concat(chunks)));
			} catch (error) {
				reject(error);
			}
		});
		socket.write(Buffer.concat([Buffer.from(head), body]));
	});
}

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Removes one level of XML escapes. */
const unescape = (text) => text.replace(/&(amp|lt|gt|quot|apos|#39);/g, (_, name) => ENTITIES[name] ?? "'");

function xmlFields(text) {
	const items = [...text.matchAll(/<item>\s*<var>([^<]*)<\/var>(.*?)<\/item>/gs)];
	return Object.fromEntries(items.map(([, name, rest]) =>
		[name, unescape(unescape(/<value>([^<]*)<\/value>/.exec(rest)?.[1] ?? ""))]));
}

function jsonFields(text) {
	const fields = JSON.parse(text).command?.fields ?? [];
	return Object.fromEntries(fields.map((field) => [field.var, unescape(field.value ?? "")]));
}

function kindOf(fields, text) {
	if (fields.sid && fields.rid && fields.from)
		return "session";
	if (fields.FORM_TYPE)
		return "form";
	if (fields.Error)
		return "error";
	if (fields["Script result"])
		return "no result";
	return text.includes("pre-bind-bosh-session") ? "list" : "none";
}

/** @returns {Meaning} */
export function meaningOf({ status, headers, body }) {
	if (status !== 200)
		return { status, kind: "none", format: "", fields: {} };
	const json = headers["content-type"].startsWith("application/json");
	const fields = json ? jsonFields(body) : xmlFields(body);
	return { status, kind: kindOf(fields, body), format: json ? "json" : "xml", fields };
}
