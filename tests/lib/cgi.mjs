/*
 * The web server's side of CGI (RFC 3875) and FastCGI: turns a request into variables, and an
 * answer into status, headers and body. The FastCGI client sends one request on each connection, as
 * lighttpd and Apache do by default.
 */
import net from "node:net";

const MOUNT = "/chat";
const BEGIN = 1, ABORT = 2, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, STDERR = 7;
const RESPONDER = 1;
const CONTENT_MAX = 65535;

/**
 * Returns the variables of a request, as a server on http://example.org sends them with the program
 * on /chat.
 * @param {{ method?: string, path?: string, headers?: Record<string, string>, body?: string, params?: object }} request
 *   path: below the mount point, with its query; params: variables to set, or to leave out
 *   (undefined)
 * @returns {Record<string, string>}
 */
export function cgiParams({ method = "GET", path = "/", headers = {}, body, params = {} }) {
	const [file, query = ""] = path.split(/\?(.*)/s);
	const variables = {
		GATEWAY_INTERFACE: "CGI/1.1",
		SERVER_PROTOCOL: "HTTP/1.1",
		SERVER_SOFTWARE: "test",
		SERVER_NAME: "example.org",
		SERVER_PORT: "80",
		REQUEST_METHOD: method,
		REQUEST_URI: MOUNT + path,
		REQUEST_SCHEME: "http",
		SCRIPT_NAME: MOUNT,
		PATH_INFO: decodeURIComponent(file),
		QUERY_STRING: query,
		REMOTE_ADDR: "127.0.0.1",
		HTTP_HOST: "example.org",
	};
	if (body !== undefined)
		variables.CONTENT_LENGTH = String(Buffer.byteLength(body));
	for (const [name, value] of Object.entries(headers)) {
		const variable = name.toUpperCase().replaceAll("-", "_");
		variables[variable === "CONTENT_TYPE" ? variable : `HTTP_${variable}`] = value;
	}
	Object.assign(variables, params);
	return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}

/** Returns status, headers and body of a CGI answer; throws if the text is not one. */
export function parseAnswer(text) {
	const end = text.indexOf("\r\n\r\n");
	if (end < 0)
		throw new Error(`not a CGI answer: ${JSON.stringify(text.slice(0, 200))}`);
	const headers = {};
	const rawHeaders = [];
	for (const line of text.slice(0, end).split("\r\n")) {
		const colon = line.indexOf(": ");
		if (colon < 1)
			throw new Error(`not a header line: ${JSON.stringify(line)}`);
		const [name, value] = [line.slice(0, colon), line.slice(colon + 2)];
		rawHeaders.push(name, value);
		if (name.toLowerCase() === "set-cookie")
			(headers["set-cookie"] ??= []).push(value);
		else if (name.toLowerCase() in headers)
			throw new Error(`header twice: ${name}`);
		else
			headers[name.toLowerCase()] = value;
	}
	return { status: Number.parseInt(headers.status ?? "200", 10), headers, rawHeaders, body: text.slice(end + 4) };
}

function record(type, content = Buffer.alloc(0)) {
	const head = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
	return Buffer.concat([head, content]);
}

/** A record of an answer. */
export const answerRecord = (text) => record(STDOUT, Buffer.from(text));

/** A stream as records: the content in pieces, then an empty record. */
function stream(type, content) {
	const records = [];
	for (let at = 0; at < content.length; at += CONTENT_MAX)
		records.push(record(type, content.subarray(at, at + CONTENT_MAX)));
	return [...records, record(type)];
}

function nameValue(name, value) {
	const length = (n) => (n < 128 ? Buffer.from([n]) : Buffer.from([(n >> 24) | 128, n >> 16, n >> 8, n]));
	const [a, b] = [Buffer.from(name), Buffer.from(value)];
	return Buffer.concat([length(a.length), length(b.length), a, b]);
}

/** Splits bytes into records. */
function readRecords(data) {
	const records = [];
	let at = 0;
	while (at + 8 <= data.length) {
		const length = data.readUInt16BE(at + 4);
		const content = data.subarray(at + 8, at + 8 + length);
		records.push({ type: data[at + 1], content });
		at += 8 + length + data[at + 6];
	}
	return records;
}

/**
 * Sends a body's pieces as they come. It stops after the answer, because then nobody reads them.
 */
async function trickle(socket, pieces) {
	for await (const piece of pieces) {
		if (!socket.writable)
			return;
		socket.write(record(STDIN, Buffer.from(piece)));
	}
	socket.write(record(STDIN));
}

/** The bytes of one request; with pieces: without its body. */
export function requestBytes(request) {
	const params = [...Object.entries(cgiParams(request)), ...(request.again ?? [])].map(([name, value]) => nameValue(name, value));
	return Buffer.concat([
		record(BEGIN, Buffer.from([0, RESPONDER, 0, 0, 0, 0, 0, 0])),
		...stream(PARAMS, Buffer.concat(params)),
		...(request.pieces ? [] : stream(STDIN, Buffer.from(request.body ?? ""))),
	]);
}

/**
 * Sends one request to a FastCGI program.
 * @param {string | import('node:net').TcpNetConnectOpts} where the socket's path, or an address
 * @param {object} request as for cgiParams; pieces: an async iterator in place of body; again: [name, value] of variables that
 *   come a second time; signal: when it is aborted, the web server closes the connection; abort: a signal at which it sends FCGI_ABORT_REQUEST
 * @returns {Promise<import('./http.mjs').Answer & { stderr: string }>}
 */
export function fastcgiRequest(where, request) {
	return new Promise((resolve, reject) => {
		const socket = net.connect(typeof where === "string" ? { path: where } : where);
		const chunks = [];
		request.signal?.addEventListener("abort", () => {
			socket.destroy();
			reject(new Error("left"));
		});
		request.abort?.addEventListener("abort", () => socket.write(record(ABORT)));
		socket.on("error", reject);
		socket.on("data", (chunk) => chunks.push(chunk));
		socket.on("end", () => {
			const records = readRecords(Buffer.concat(chunks));
			const text = (type) => Buffer.concat(records.filter((r) => r.type === type).map((r) => r.content)).toString();
			if (!records.some((r) => r.type === END))
				reject(new Error("the connection ended before the request did"));
			else
				try {
					resolve({ ...parseAnswer(text(STDOUT)), stderr: text(STDERR) });
				} catch (error) {
					reject(error);
				}
		});
		socket.write(requestBytes(request));
		if (request.pieces)
			trickle(socket, request.pieces).catch(reject);
	});
}
