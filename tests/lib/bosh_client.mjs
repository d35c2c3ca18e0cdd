/*
 * A small XMPP client over BOSH (XEP-0124, XEP-0206): creates a session, logs in by SASL PLAIN,
 * SCRAM or X-OAUTH2, binds, sends stanzas. It is independent of the program's own BOSH code, so
 * tests can use it to find out what servers accept.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes, randomInt } from "node:crypto";
import { httpRequest } from "./http.mjs";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const BIND = "urn:ietf:params:xml:ns:xmpp-bind";

const base64 = (data) => Buffer.from(data).toString("base64");
const unbase64 = (text) => Buffer.from(text, "base64");

function xml(text) {
	return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** The attributes of SCRAM's messages: "r=…,s=…" */
function scramFields(text) {
	return Object.fromEntries(text.split(",").map((field) => [field[0], field.slice(2)]));
}

/** SCRAM (RFC 5802) for "SCRAM-SHA-1" and "SCRAM-SHA-256": makes the client's messages. */
class Scram {
	constructor(mechanism, user, password) {
		this.hash = mechanism === "SCRAM-SHA-256" ? "sha256" : "sha1";
		this.password = password;
		this.bare = `n=${user.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${randomBytes(12).toString("hex")}`;
	}

	first() {
		return `n,,${this.bare}`;
	}

	final(challenge) {
		const { r, s, i } = scramFields(challenge);
		const hmac = (key, text) => createHmac(this.hash, key).update(text).digest();
		const size = this.hash === "sha1" ? 20 : 32;
		const salted = pbkdf2Sync(this.password, unbase64(s), Number(i), size, this.hash);
		const clientKey = hmac(salted, "Client Key");
		const withoutProof = `c=biws,r=${r}`;
		const message = `${this.bare},${challenge},${withoutProof}`;
		const signature = hmac(createHash(this.hash).update(clientKey).digest(), message);
		const proof = clientKey.map((byte, at) => byte ^ signature[at]);
		return `${withoutProof},p=${base64(proof)}`;
	}
}

export class BoshClient {
	/**
	 * @param {{ port: number, domain: string, path?: string, agent?: import('node:http').Agent, headers?: Record<string, string> }} where
	 *   agent: keeps connections; without it each body has its own; headers: more of them
	 */
	constructor({ port, domain, path = "/http-bind", agent, headers = {} }) {
		Object.assign(this, { port, domain, path, agent: agent ?? false, headers });
		this.rid = randomInt(1, 2 ** 40);
		this.sid = "";
	}

	/** Sends one body and returns the answer's body, which may be empty. */
	async send(attributes, payload = "") {
		const answer = await httpRequest({
			agent: this.agent,
			port: this.port,
			path: this.path,
			method: "POST",
			headers: { "Content-Type": "text/xml; charset=utf-8", ...this.headers },
			body: `<body rid='${this.rid++}'${this.sid && ` sid='${this.sid}'`} ${attributes}`
				+ ` xmlns='http://jabber.org/protocol/httpbind'>${payload}</body>`,
		});
		if (answer.status !== 200)
			throw new Error(`BOSH: HTTP ${answer.status}: ${answer.body}`);
		return answer.body;
	}

	/**
	 * Sends a payload and returns its answer. An empty answer is a poll that ended early: it polls
	 * again.
	 */
	async ask(payload) {
		let body = await this.send("", payload);
		for (let polls = 0; /^<body[^>]*(\/>|><\/body>)$/.test(body.trim()) && !/terminate/.test(body) && polls < 3; polls++)
			body = await this.send("");
		return body;
	}

	/**
	 * Creates the session and returns the names of the mechanisms; attributes: added to the body's.
	 */
	async create(attributes = "") {
		const body = await this.send(`to='${this.domain}' wait='10' hold='1' ver='1.6' xml:lang='en' `
			+ `content='text/xml; charset=utf-8' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh' ${attributes}`);
		this.sid = /\bsid=['"]([^'"]+)/.exec(body)?.[1] ?? "";
		if (!this.sid)
			throw new Error(`BOSH: no session: ${body}`);
		const features = /<mechanism[ >]/.test(body) ? body : await this.ask("");
		return [...features.matchAll(/<mechanism(?: [^>]*)?>([^<]*)</g)].map(([, name]) => name);
	}

	/**
	 * Creates the session and logs in.
	 * @param {string} user
	 * @param {string} password or an OAuth token
	 * @param {string} [mechanism]
	 * @returns {Promise<string>} "success", or the condition of the failure
	 */
	async authenticate(user, password, mechanism = "PLAIN") {
		await this.create();
		const scram = mechanism.startsWith("SCRAM") && new Scram(mechanism, user, password);
		let body = await this.ask(`<auth xmlns='${SASL}' mechanism='${mechanism}'>${
			base64(scram ? scram.first() : `\0${user}\0${password}`)}</auth>`);
		const challenge = /<challenge[^>]*>([^<]*)</.exec(body)?.[1];
		if (scram && challenge)
			body = await this.ask(`<response xmlns='${SASL}'>${base64(scram.final(unbase64(challenge).toString()))}</response>`);
		if (/<success/.test(body))
			return "success";
		return /<failure[^>]*><([a-z-]+)/.exec(body)?.[1] ?? body;
	}

	/** To be called after "success". Restarts the stream and binds; returns the full JID. */
	async bind(resource = "test") {
		const features = await this.send(`to='${this.domain}' xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'`);
		if (!/<bind/.test(features) && !/<bind/.test(await this.ask("")))
			throw new Error(`BOSH: no bind offered: ${features}`);
		const body = await this.ask(`<iq xmlns='jabber:client' type='set' id='bind-1'><bind xmlns='${BIND}'><resource>${
			xml(resource)}</resource></bind></iq>`);
		const jid = /<jid>([^<]*)</.exec(body)?.[1];
		if (!jid)
			throw new Error(`BOSH: not bound: ${body}`);
		return jid;
	}

	end() {
		return this.send("type='terminate'").catch(() => {});
	}
}

/**
 * Logs in, binds and ends the session in one call.
 * @param {{ port: number, domain: string, path?: string, user: string, password: string, mechanism?: string }} who
 * @returns {Promise<string>} the full JID, or the condition of the failure
 */
export async function boshLogin({ user, password, mechanism, ...where }) {
	const client = new BoshClient(where);
	const result = await client.authenticate(user, password, mechanism);
	const jid = result === "success" ? await client.bind() : result;
	await client.end();
	return jid;
}
