/*
 * A scripted site with a BOSH service for the browser's modules: its page, prebind.json, and a
 * minimal XMPP server with one account and two contacts. It can behave as real servers and networks
 * sometimes do:
 *   apartMs  of two requests of a session that leave the page closer than this one is never
 *            answered, and the session ends, as with Tigase. The page's clock counts, so that a busy
 *            machine changes nothing
 *   lateMs   each request arrives, and each answer leaves, after a random delay
 *   unknown  what it does with an old rid whose answer it no longer has: "refuse" says that the session
 *            does not exist, as Prosody does; "silence" never answers, as ejabberd does
 */
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { top } from "../lib/place.mjs";

const USER = "u1"; // the site's opaque key
const JID = "alice@example.org";
export const CONTACTS = ["bob@example.org", "carol@example.org"];
const HOLD = 1;
const WINDOW = HOLD + 1; // further ahead, a rid is refused
const STANZA = /<(iq|message|presence)\b(?:[^>]*\/>|[\s\S]*?<\/\1>)/g;
const TYPES = { ".js": "text/javascript", ".css": "text/css" };

const attribute = (text, name) => new RegExp(`\\b${name}=["']([^"']*)`).exec(text)?.[1];
const reply = (iq, type, inner = "") => `<iq xmlns="jabber:client" type="${type}" id="${attribute(iq, "id")}">${inner}</iq>`;
const bodyText = (inner, type = "") => `<body xmlns="http://jabber.org/protocol/httpbind"${type && ` type="${type}"`}>${inner}</body>`;

/** Numbers from 0 to 1 that are the same in each run. */
function randomNumbers(seed) {
	let state = seed;
	return () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
}

/** The answers of the XMPP server to one stanza, as XML. */
function answersTo(stanza) {
	if (!stanza.startsWith("<iq") || !/type=["'](get|set)/.test(stanza)) return "";
	if (stanza.includes("urn:xmpp:ping") || stanza.includes("urn:xmpp:carbons")) return reply(stanza, "result");
	if (!stanza.includes("jabber:iq:roster"))
		return reply(stanza, "error", '<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>');
	const items = CONTACTS.map((jid) => `<item jid="${jid}" subscription="both"/>`).join("");
	return reply(stanza, "result", `<query xmlns="jabber:iq:roster">${items}</query>`);
}

class Session {
	/** Texts of the messages from the page, in the order in which the server handled them. */
	texts = [];
	/** "": it lives; "client": the page ended it; else what went wrong. */
	ended = "";
	/** Whether the answers are lost on their way to the page. */
	inVain = false;
	#held = []; // open requests, oldest first
	#early = new Map(); // by rid: requests that wait for one before them
	#answers = new Map(); // by rid
	#out = ""; // XML that waits for a request
	#rid;
	#apartMs;
	#unknown;

	constructor({ rid, apartMs = 0, unknown = "refuse" }) {
		this.#rid = rid - 1;
		this.#apartMs = apartMs;
		this.#unknown = unknown;
	}

	/** How many requests are open. */
	get open() {
		return this.#held.length;
	}

	/** @param {string} body @param {number} at when it left the page @param {(text: string) => void} answer */
	receive(body, at, answer) {
		const rid = Number(attribute(body, "rid"));
		const request = { rid, body, answer, at };
		if (this.ended) answer(bodyText("", "terminate"));
		else if (this.#isLost(request)) this.#end("one of two requests at the same time was lost");
		else if (rid <= this.#rid) this.#repeat(request);
		else if (rid > this.#rid + WINDOW + 1) this.#end(`rid ${rid} after ${this.#rid}`);
		else this.#early.set(rid, request);
		for (let next; !this.ended && (next = this.#early.get(this.#rid + 1)); ) this.#handle(next);
	}

	/** Sends a message to the page. */
	say(text) {
		this.#out += `<message xmlns="jabber:client" type="chat" from="${CONTACTS[0]}/x" to="${JID}" id="${text}"><body>${text}</body></message>`;
		this.#flush();
	}

	/** Forgets the answers that it could give again. */
	forget() {
		this.#answers.clear();
	}

	#isLost(request) {
		const others = [...this.#held, ...this.#early.values()];
		return others.some(({ at, rid }) => rid !== request.rid && Math.abs(at - request.at) < this.#apartMs);
	}

	/** Answers as it has done. If the request is still held, the second one takes its place. */
	#repeat(request) {
		const known = this.#answers.get(request.rid);
		const held = this.#held.find(({ rid }) => rid === request.rid);
		if (known !== undefined) request.answer(known);
		else if (held) {
			held.answer(bodyText(""));
			held.answer = request.answer;
		} else if (this.#unknown === "refuse") request.answer(bodyText("", "terminate"));
	}

	#handle({ rid, body, ...request }) {
		this.#early.delete(rid);
		this.#rid = rid;
		for (const [stanza] of body.matchAll(STANZA)) {
			const text = /<body[^>]*>([^<]*)<\/body>/.exec(stanza)?.[1];
			if (stanza.startsWith("<message") && text !== undefined) this.texts.push(text);
			this.#out += answersTo(stanza);
		}
		this.#held.push({ rid, body, ...request });
		if (/^<body[^>]*\btype=["']terminate/.test(body)) this.#end("client");
		else this.#flush();
	}

	#flush() {
		while (this.#held.length > 0 && (this.#out !== "" || this.#held.length > HOLD)) {
			const { rid, answer } = this.#held.shift();
			const text = bodyText(this.#out);
			this.#out = "";
			this.#keep(rid, text);
			if (!this.inVain) answer(text);
		}
	}

	/** Keeps as many answers as there may be requests. */
	#keep(rid, text) {
		this.#answers.set(rid, text);
		this.#answers.delete(rid - WINDOW);
	}

	#end(why) {
		this.ended = why;
		for (const { answer } of this.#held.splice(0)) answer(bodyText("", "terminate"));
	}
}

export class ChatPeer {
	/** @type {Session[]} in the order in which they were made */
	sessions = [];
	#options;
	#random;

	/**
	 * @param {import('../lib/place.mjs').Place} place closes it when it closes
	 * @param {{ apartMs?: number, lateMs?: number, unknown?: "refuse" | "silence" }} [options]
	 */
	static async start(place, options = {}) {
		const peer = new ChatPeer(options);
		const server = http.createServer((request, response) => peer.#serve(request, response));
		await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
		peer.url = `http://127.0.0.1:${server.address().port}/`;
		place.onClose(() => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(resolve));
		});
		return peer;
	}

	constructor(options = {}) {
		this.#options = options;
		this.#random = randomNumbers(20_261_129);
	}

	/** Makes a session, as prebind.json describes it. */
	newSession() {
		const rid = 1_000_000 + this.sessions.length * 1000;
		this.sessions.push(new Session({ rid, ...this.#options }));
		const sid = String(this.sessions.length - 1);
		return { jid: `${JID}/web-${sid}`, sid, rid: String(rid), bosh_url: "/http-bind", hold: HOLD, wait: 60, expires_in: 60 };
	}

	#page() {
		return `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Chat</title>
<script type="application/json" id="prebind" data-user="${USER}">${JSON.stringify(this.newSession())}</script>
<script>
	const sent = () => String(performance.timeOrigin + performance.now());
	const { fetch, XMLHttpRequest } = window;
	window.fetch = (url, init) => fetch(url, { ...init, headers: { ...init.headers, "X-Sent": sent() } });
	const { send } = XMLHttpRequest.prototype;
	XMLHttpRequest.prototype.send = function (body) {
		this.setRequestHeader("X-Sent", sent());
		send.call(this, body);
	};
</script>
<script type="module">
	import { connect } from "/static/prebind.js";
	const chat = connect({ base: "" });
	const heard = [];
	let contacts = 0;
	chat.addEventListener("message", ({ detail }) => heard.push(detail.body));
	chat.addEventListener("roster", ({ detail }) => (contacts = detail.items.length));
	window.scene = { chat, heard, contacts: () => contacts };
</script>`;
	}

	#later(run) {
		const { lateMs } = this.#options;
		if (lateMs) setTimeout(run, this.#random() * lateMs);
		else run();
	}

	async #serve(request, response) {
		let body = "";
		for await (const chunk of request.setEncoding("utf8")) body += chunk;
		const send = (type, text) => response.writeHead(200, { "Content-Type": type }).end(text);
		const { pathname } = new URL(request.url, this.url);
		if (pathname === "/") send("text/html", this.#page());
		else if (pathname === "/prebind.json") send("application/json", JSON.stringify({ ...(body === "bind=no" ? {} : this.newSession()), user: USER }));
		else if (pathname === "/http-bind") this.#later(() => this.#bosh(request, body, (text) => this.#later(() => send("text/xml", text))));
		else send(TYPES[path.extname(pathname)] ?? "text/plain", fs.readFileSync(path.join(top, pathname)));
	}

	#bosh({ headers }, body, answer) {
		this.sessions[Number(attribute(body, "sid"))].receive(body, Number(headers["x-sent"]), answer);
	}
}
