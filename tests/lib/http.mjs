/*
 * A small HTTP client that shows what the server sent: raw headers, no redirects, and a simple
 * cookie jar. It does not behave like a browser in other respects.
 */
import http from "node:http";

/** The headers that a browser adds to a navigation, to a form and to a script's request. */
export const NAVIGATION = { "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
export const FORM = { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
export const SCRIPT = { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" };

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string | string[]>} headers lower-case names
 * @property {string[]} rawHeaders
 * @property {string} body
 * @property {number} [bytes] size of the body as it was sent
 */

/**
 * Sends one request on its own connection.
 * @param {{ host?: string, port?: number, socketPath?: string, path: string, method?: string,
 *           headers?: Record<string, string>, body?: string }} what
 * @returns {Promise<Answer>}
 */
export function httpRequest({ body, ...what }) {
	const headers = { ...what.headers };
	if (body !== undefined)
		headers["Content-Length"] = String(Buffer.byteLength(body));
	return new Promise((resolve, reject) => {
		const request = http.request({ host: "127.0.0.1", agent: false, ...what, headers }, (response) => {
			const chunks = [];
			response.on("data", (chunk) => chunks.push(chunk));
			response.on("error", reject);
			response.on("end", () => resolve({
				status: response.statusCode,
				headers: response.headers,
				rawHeaders: response.rawHeaders,
				body: Buffer.concat(chunks).toString(),
				bytes: Buffer.concat(chunks).length,
			}));
		});
		request.on("error", reject);
		request.end(body);
	});
}

/** Encodes fields as a form does. */
export function formText(fields) {
	return new URLSearchParams(fields).toString();
}

/** The cookies of one imaginary browser. */
export class CookieJar {
	constructor() {
		/** @type {Map<string, string>} */
		this.cookies = new Map();
	}

	/** @param {string | string[] | undefined} setCookie */
	keep(setCookie) {
		for (const line of [setCookie ?? []].flat()) {
			const [pair, ...attributes] = line.split(/;\s*/);
			const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
			if (attributes.some((text) => /^max-age=0$/i.test(text)) || value === "")
				this.cookies.delete(name);
			else
				this.cookies.set(name, value);
		}
	}

	/** The headers to send: Cookie, or none. */
	get headers() {
		const text = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
		return text ? { Cookie: text } : {};
	}
}

/**
 * A visitor with a cookie jar who can log in. `send` decides how the program is called.
 */
export class Visitor {
	/** @param {(request: { method: string, path: string, headers: object, body?: string }) => Promise<Answer>} send */
	constructor(send) {
		this.send = send;
		this.jar = new CookieJar();
	}

	async request(method, path, { headers = {}, body } = {}) {
		const answer = await this.send({ method, path, headers: { ...this.jar.headers, ...headers }, body });
		this.jar.keep(answer.headers["set-cookie"]);
		return answer;
	}

	get(path, headers = NAVIGATION) {
		return this.request("GET", path, { headers });
	}

	post(path, fields, headers = FORM) {
		return this.request("POST", path, {
			headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
			body: formText(fields),
		});
	}

	/** Fetches the login form, fills it in and sends it; returns the answer. */
	async login(user, password, path = "/login") {
		const form = await this.get(path);
		return this.post(path, { ...hiddenFields(form.body), user, password });
	}
}

/** The hidden fields of the forms in a page; one is the form token. */
export function hiddenFields(html) {
	const fields = {};
	for (const [tag] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
		const name = /name="([^"]*)"/.exec(tag)?.[1];
		if (name)
			fields[name] = /value="([^"]*)"/.exec(tag)?.[1] ?? "";
	}
	return fields;
}

/** The data block of the page for its script; null: none. */
export function dataBlock(html) {
	const text = /<script type="application\/json" id="prebind"[^>]*>([^<]*)<\/script>/.exec(html)?.[1];
	return text === undefined ? null : JSON.parse(text);
}
