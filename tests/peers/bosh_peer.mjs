/*
 * A scripted BOSH service: it answers each body with the next payload of a script, whatever was asked, and keeps
 * what it was asked. For answers that a real server gives rarely, or never.
 */
import http from "node:http";

const STREAMS = "xmlns:stream='http://etherx.jabber.org/streams'";
const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const BIND = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'";

/** @typedef {string | ((body: string) => string) | { status?: number, raw?: string, hang?: boolean }} Step */

/** Payloads, as servers write them. */
export const say = {
	mechanisms: (...names) => `<stream:features><mechanisms ${SASL}>${
		names.map((name) => `<mechanism>${name}</mechanism>`).join("")}</mechanisms></stream:features>`,
	success: (data = "") => `<success ${SASL}>${data}</success>`,
	challenge: (text) => `<challenge ${SASL}>${Buffer.from(text).toString("base64")}</challenge>`,
	failure: (condition) => `<failure ${SASL}><${condition}/></failure>`,
	bindOffer: (more = "") => `<stream:features><bind ${BIND}/>${more}</stream:features>`,
	sessionOffer: (optional) => `<session xmlns='urn:ietf:params:xml:ns:xmpp-session'>${optional ? "<optional/>" : ""}</session>`,
	bound: (jid) => (body) => `<iq type='result' id='${iqId(body)}' xmlns='jabber:client'><bind ${BIND}><jid>${jid}</jid></bind></iq>`,
	result: (body) => `<iq type='result' id='${iqId(body)}' xmlns='jabber:client'/>`,
	iqError: (condition) => (body) => `<iq type='error' id='${iqId(body)}' xmlns='jabber:client'><error type='cancel'><${
		condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
	nothing: "",
};

function iqId(body) {
	return /<iq\b[^>]*\bid=['"]([^'"]*)/.exec(body)?.[1];
}

export class BoshPeer {
	/** @param {import('../lib/place.mjs').Place} place closes it when it closes */
	static async start(place) {
		const peer = new BoshPeer();
		await new Promise((resolve) => peer.server.listen(0, "127.0.0.1", () => resolve(null)));
		place.onClose(() => {
			peer.server.closeAllConnections();
			return new Promise((resolve) => peer.server.close(resolve));
		});
		return peer;
	}

	constructor() {
		/** @type {string[]} */
		this.bodies = [];
		/** @type {Step[]} */
		this.steps = [];
		this.connections = 0;
		this.server = http.createServer((request, response) => this.serve(request, response));
		this.server.on("connection", () => this.connections++);
	}

	get url() {
		return `http://127.0.0.1:${this.server.address().port}/http-bind`;
	}

	/** @param {...Step} steps what to answer from now on, in this order; a terminate is answered as such */
	script(...steps) {
		this.steps = steps;
		this.bodies = [];
		this.connections = 0;
	}

	/** The rids received, in order. */
	get rids() {
		return this.bodies.map((body) => Number(/\brid=['"](\d+)/.exec(body)[1]));
	}

	/** Whether the last body ended the session. */
	get ended() {
		return /\btype=['"]terminate/.test(this.bodies.at(-1));
	}

	async serve(request, response) {
		let body = "";
		for await (const chunk of request.setEncoding("utf8"))
			body += chunk;
		this.bodies.push(body);
		const step = this.ended ? "" : this.steps.shift();
		if (step?.hang)
			return;
		if (step === undefined || step.status) {
			response.writeHead(step?.status ?? 410).end();
			return;
		}
		const payload = typeof step === "function" ? step(body) : step;
		response.writeHead(200, { "Content-Type": "text/xml; charset=utf-8" });
		response.end(step.raw ?? this.wrap(payload));
	}

	/** The answer to a creation names the session. */
	wrap(payload) {
		const session = /\bsid=/.test(this.bodies.at(-1)) ? "" : " sid='s-1' wait='60' hold='1' requests='2' inactivity='30' ver='1.6'";
		const type = this.ended ? " type='terminate'" : "";
		return `<body xmlns='http://jabber.org/protocol/httpbind' ${STREAMS}${session}${type}>${payload}</body>`;
	}
}
