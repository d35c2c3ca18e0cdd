// Repeats, in the next page, the previous page's unanswered requests. A server stores its
// last answers, and answers a repeated rid as it did before (XEP-0124, section 14.3). Without this
// module, answers to a page that is being left would be lost, and with them presence and messages.
//
// This module, not Strophe, sends these requests, because a request must not delay the other requests if
// the server no longer stores its answer. In this case Prosody answers with the error that the session does not
// exist, although the session exists. ejabberd never answers, and Tigase holds the request like a new request.

import { parseXml } from "./parse.js";
import { OPEN_MAX } from "./spacing.js";

const GIVE_UP_MS = 15_000; // requests are aborted after this time, because a browser limits the connections to a server

/**
 * @typedef {object} Sent a request that has no answer yet
 * @property {number} rid
 * @property {string} data the body; a server can refuse a repeated rid with another body
 *
 * @typedef {object} Parts
 * @property {Pick<import("./life.js").Environment, "fetch" | "setTimeout" | "clearTimeout">} env
 * @property {string} url the URL of the BOSH service
 * @property {import("./spacing.js").Spacing} spacing
 * @property {(rid: number, body: Element) => void} answered
 */

/**
 * Returns the requests whose answers the server can still have. A server stores as many answers as requests can be open.
 * @param {Sent[]} requests oldest first
 */
export const repeatable = (requests) => requests.slice(-OPEN_MAX);

/** @param {string} text @returns {Element | null} null if it is not the answer to this request */
function readBody(text) {
	const body = parseXml(text);
	return body.localName === "body" && body.getAttribute("type") !== "terminate" ? body : null;
}

export class Repeats {
	/** @type {Parts} */ #parts;
	/** @type {Sent[]} */ #open;
	#abort = new AbortController();
	/** @type {any} */ #timer;

	/** Sends the requests. @param {Sent[]} requests oldest first @param {Parts} parts */
	constructor(requests, parts) {
		this.#parts = parts;
		this.#open = [...requests];
		for (const { rid } of requests) parts.spacing.reserve(rid);
		this.#sendAll(requests);
		if (requests.length > 0) this.#timer = parts.env.setTimeout(() => this.stop(), GIVE_UP_MS);
	}

	/**
	 * Sends each request only after the answer to the request OPEN_MAX requests earlier has arrived. If the session comes
	 * from another tab, that tab might never have sent the last request. Then the server handles the last request as a new
	 * request, and drops its copy of the earlier answer.
	 * @param {Sent[]} requests
	 */
	async #sendAll(requests) {
		/** @type {{rid: number, settled: Promise<void>}[]} */ const sent = [];
		for (const request of requests) {
			const { rid } = request;
			for (const before of sent) if (before.rid <= rid - OPEN_MAX) await before.settled;
			if (this.#abort.signal.aborted) return;
			sent.push({ rid, settled: this.#send(request) });
		}
	}

	/** The requests that still have no answer, oldest first. */
	get open() {
		return this.#open;
	}

	stop() {
		this.#parts.env.clearTimeout(this.#timer);
		this.#abort.abort();
	}

	/** @param {Sent} request @returns {Promise<void>} resolves when later answers no longer wait for this request's answer */
	#send(request) {
		const { spacing } = this.#parts;
		spacing.holdStill();
		const settled = spacing.expect(request.rid);
		this.#fetch(request);
		return settled;
	}

	/** @param {Sent} request */
	async #fetch(request) {
		const { env, url, spacing, answered } = this.#parts;
		const { rid, data } = request;
		const { signal } = this.#abort;
		const headers = { "Content-Type": "text/xml; charset=utf-8" };
		try {
			const response = await env.fetch(url, { method: "POST", headers, body: data, signal });
			const body = readBody(await response.text());
			if (body && !signal.aborted) answered(rid, body);
		} catch {
			// No answer came. The session continues without this answer.
		}
		this.#open = this.#open.filter((each) => each !== request);
		spacing.settle(rid);
	}
}
