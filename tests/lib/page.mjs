/*
 * A page of the chat without a browser: a Strophe.js that answers as told, a site that answers as told,
 * and a clock that only the test moves.
 */
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { askForSession } from "../../static/bind.js";
import { Prebind } from "../../static/prebind.js";

globalThis.crypto ??= webcrypto; // browsers have it, Node 18 has not

export const SESSION = {
	jid: "alice@example.org/web-1",
	sid: "s1",
	rid: "1000",
	bosh_url: "/http-bind",
	hold: 1,
	wait: 60,
	expires_in: 10,
};

export class Clock {
	time = 1_700_000_000_000;
	#timers = [];
	#next = 1;
	now = () => this.time;
	setTimeout = (run, ms) => {
		this.#timers.push({ id: this.#next, at: this.time + ms, run });
		return this.#next++;
	};
	clearTimeout = (id) => {
		this.#timers = this.#timers.filter((timer) => timer.id !== id);
	};

	/** Lets what is pending in promises happen. */
	async settle() {
		for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
	}

	async advance(ms) {
		const end = this.time + ms;
		await this.settle();
		for (;;) {
			const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.id - b.id)[0];
			if (!due) break;
			this.clearTimeout(due.id);
			this.time = Math.max(this.time, due.at);
			due.run();
			await this.settle();
		}
		this.time = end;
	}
}

/** As much of a DOM element as reading and building stanzas needs. */
export class Stanza {
	children = [];
	textContent = "";
	constructor(name, attributes = {}) {
		this.localName = name;
		this.attributes = { ...attributes };
		this.namespaceURI = attributes.xmlns;
		this.at = this;
	}
	get firstElementChild() {
		return this.children[0] ?? null;
	}
	setAttribute(name, value) {
		this.attributes[name] = value;
	}
	getAttribute(name) {
		return this.attributes[name] ?? null;
	}
	c(name, attributes) {
		const inner = new Stanza(name, attributes);
		inner.parent = this.at;
		this.at.children.push(inner);
		this.at = inner;
		return this;
	}
	t(text) {
		this.at.textContent += text;
		return this;
	}
	up() {
		this.at = this.at.parent ?? this;
		return this;
	}
	with(...inner) {
		this.children.push(...inner);
		return this;
	}
	tree() {
		return this;
	}
}
export const make = (name, attributes, ...inner) => new Stanza(name, attributes).with(...inner);

/** A DOMParser that knows these texts. @param {Record<string, Stanza>} known */
export const parserOf = (known) => class {
	parseFromString(text) {
		return { documentElement: known[text] ?? make("parsererror") };
	}
};

export const STATUS = { CONNFAIL: 2, DISCONNECTED: 6, DISCONNECTING: 7, ATTACHED: 8 };

export const NS_ROSTER = "jabber:iq:roster";
const isRosterGet = (stanza) => stanza.localName === "iq" && stanza.children[0]?.namespaceURI === NS_ROSTER;
export const namesOf = (stanzas) => stanzas.map((stanza) => stanza.children[0]?.localName ?? stanza.localName);

/** Strophe.js with a BOSH service behind it: `answer` is asked about each question that proves life: the first roster, and pings. */
class Bosh {
	connections = [];
	/** @type {(connection, attempt: number) => "pong" | number | Stanza | null} a number is an HTTP status; null: no answer */
	answer = () => "pong";
	serialize = (stanza) => stanza;
	roster = () => make("iq", { type: "result" }, make("query", { xmlns: NS_ROSTER }));

	get client() {
		const bosh = this;
		class Connection {
			handlers = [];
			sent = [];
			httpErrors = {};
			questions = 0;
			_data = [];
			connected = true;
			_proto = { _requests: [], posted: [], _abortAllRequests() {}, _onIdle() {}, _processRequest(i) { this.posted.push(this._requests[i].rid); }, _throttledRequestHandler() {} };
			constructor(service, options) {
				Object.assign(this, { service, options, open: true });
				bosh.connections.push(this);
			}
			attach(...args) {
				[this.jid, this.sid, this.rid, this.connect_callback, this.wait, this.hold] = args;
				this.connect_callback(STATUS.ATTACHED, null);
			}
			addHandler(run, ns, name, type) {
				this.handlers.push({ run, name, type });
			}
			addProtocolErrorHandler(_protocol, code, run) {
				this.httpErrors[code] = run;
			}
			getUniqueId() {
				return `id${this.sent.length}`;
			}
			send(stanza) {
				this.sent.push(stanza);
			}
			sendIQ(iq, ok, failed) {
				this.send(iq);
				if (isRosterGet(iq)) this.answerRoster = ok;
				if (iq.children[0]?.localName !== "ping" && !isRosterGet(iq)) return;
				queueMicrotask(() => this.#answerQuestion(bosh.answer(this, this.questions++), ok, failed));
			}
			#answerQuestion(answer, ok, failed) {
				if (answer === null) return;
				if (typeof answer === "number") this.fail(answer);
				else if (answer === "pong") {
					this.heard();
					ok(bosh.roster());
				} else failed(answer);
			}
			heard() {
				this.xmlInput(make("body"));
			}
			left(rid, ...stanzas) {
				this.xmlOutput(make("body", { rid: String(rid) }, ...stanzas));
			}
			receive(stanza) {
				for (const { run, name, type } of this.handlers)
					if (name === stanza.localName && (!type || type === stanza.getAttribute("type"))) run(stanza);
			}
			_dataRecv(request, stanza) {
				if (!stanza) this.xmlInput(request.getResponse());
				for (const each of stanza ? [stanza] : request.getResponse().children) this.receive(each);
			}
			fail(code) {
				this.httpErrors[code]?.(code);
				if (code >= 400 && code < 500) this.connect_callback(STATUS.DISCONNECTED, null);
			}
			_onIdle() {
				this._proto._onIdle();
			}
			flush() {}
			pause() {
				this.paused = true;
			}
			disconnect() {
				this.open = false;
				this.connect_callback(STATUS.DISCONNECTED, null);
			}
		}
		return {
			Strophe: { Connection, Status: STATUS, serialize: (stanza) => bosh.serialize(stanza) },
			$iq: (attributes) => new Stanza("iq", attributes),
			$msg: (attributes) => new Stanza("message", attributes),
			$pres: (attributes = {}) => new Stanza("presence", attributes),
			$build: (name, attributes) => new Stanza(name, attributes),
		};
	}
}

export const json = (status, data, headers = {}) => new Response(JSON.stringify(data), { status, headers });

/** A page: what its data block holds, and what the site answers. */
export function openPage({ block = SESSION, site = () => json(200, SESSION), pageAge = 100, tab = {}, who = "", ahead = false, base = "/chat", bosh: service = () => new Response("") } = {}) {
	const clock = tab.clock ?? new Clock();
	const bosh = new Bosh();
	const binds = [];
	const requests = [];
	const events = [];
	const { user = "", ...data } = block ?? {};
	const element = block && { textContent: JSON.stringify(data), dataset: { user }, remove: () => (page.removed = true) };
	const document = new EventTarget();
	Object.assign(document, { visibilityState: "visible", getElementById: (id) => (id === "prebind" ? element : null) });
	const window = Object.assign(new EventTarget(), { location: { href: "https://www.example.org/chat/" } });
	const fetch = async (url, request) => {
		requests.push({ url, request });
		if (!url.endsWith("/prebind.json")) return service(request);
		if (String(request.body) === "bind=no") return who ? json(200, { user: who, bind: "required" }) : json(401, { error: "login_required" });
		binds.push(clock.time);
		return site(binds.length);
	};
	const environment = { ...clock, document, window, fetch, random: () => 0, pageAge: () => pageAge, ...tab };
	const asked = ahead ? askForSession({ url: "/chat/prebind.json", page: window.location.href, fetch, now: clock.now }) : undefined;
	const chat = new Prebind({ base, client: bosh.client, ahead: asked, environment });
	const page = { clock, bosh, binds, requests, events, chat, document, window, removed: false };
	const names =
		"connecting ready roster message presence request unsent lost needs-login other-user error".split(" ");
	for (const name of names) chat.addEventListener(name, ({ detail }) => events.push({ name, ...detail }));
	page.named = (name) => events.filter((event) => event.name === name);
	page.connection = () => bosh.connections[bosh.connections.length - 1];
	return page;
}

export async function readyPage(options) {
	const page = openPage(options);
	page.chat.start();
	await page.clock.settle();
	assert.equal(page.chat.state, "ready");
	return page;
}

/** A tab of a browser: what its pages share. */
export function openTab(clock = new Clock()) {
	const items = new Map();
	const storage = {
		items,
		getItem: (key) => items.get(key) ?? null,
		setItem: (key, value) => items.set(key, value),
		removeItem: (key) => items.delete(key),
	};
	return { clock, storage };
}

export const MINE = { ...SESSION, user: "u1" };
export const hide = (page) => page.window.dispatchEvent(new Event("pagehide"));
export const bodies = (page) => page.requests.filter(({ url }) => url.endsWith("/http-bind")).map(({ request }) => request.body);
