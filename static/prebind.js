// A chat session in a page, from its first byte to its last, for any user interface: takes the session the page came
// with or asks for one, attaches, tells what arrives, and gets another when it is lost, at the pace of pace.js. It
// draws nothing, and puts jid, sid and rid nowhere: not in an address, not in storage, not in the console, not in a
// global.
//
//   const chat = connect();
//   chat.addEventListener("ready", () => chat.send("bob@example.org", "hello"));
//
// Events, with their detail: connecting; ready {jid}; roster {items, whole}; message Message; presence Presence;
// request {jid}; unsent {ids}; lost {reason, retryIn}; needs-login {url}; other-user; error {code}. See README.md.
import { Attachment } from "./attach.js";
import { askForSession, parseSession, takeDataBlock } from "./bind.js";
import { BindPace } from "./pace.js";
import { bareJid, cleanText, readMessage, readPresence, readRoster } from "./stanza.js";

const LEAVE_MAX_MS = 1_500; // a log-out waits so long for the chat server
const VENDOR = "./vendor/strophe.js";
const NS_ROSTER = "jabber:iq:roster";
const NS_CARBONS = "urn:xmpp:carbons:2";

/**
 * @typedef {import("./attach.js").Client} Client
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./stanza.js").RosterItem} RosterItem
 *
 * @typedef {object} Options
 * @property {string} [base] where the program is mounted; else worked out from this file's own address
 * @property {Client} [client] Strophe.js; else static/vendor/strophe.js
 * @property {Environment} [environment] for tests
 *
 * @typedef {object} Environment
 * @property {typeof fetch} fetch
 * @property {() => number} now
 * @property {() => number} random
 * @property {(run: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {Document} document
 * @property {EventTarget & {location: {href: string}}} window
 * @property {() => number} pageAge milliseconds since the page was asked for
 */

export class PrebindEvent extends Event {
	/** @param {string} type @param {any} [detail] */
	constructor(type, detail = {}) {
		super(type);
		this.detail = detail;
	}
}

/** @returns {Environment} */
function browserEnvironment() {
	return {
		fetch: (...args) => fetch(...args),
		now: () => Date.now(),
		random: () => Math.random(),
		setTimeout: (run, ms) => setTimeout(run, ms),
		clearTimeout: (timer) => clearTimeout(timer),
		document,
		window,
		pageAge: () => {
			const [entry] = performance.getEntriesByType("navigation");
			const asked = /** @type {PerformanceNavigationTiming | undefined} */ (entry)?.requestStart ?? 0;
			return performance.now() - asked;
		},
	};
}

/** Strophe.js, made silent: what it logs can hold whole answers of the server. @returns {Promise<Client>} */
async function loadClient() {
	await import(VENDOR);
	const client = /** @type {any} */ (globalThis);
	client.Strophe.setLogLevel(client.Strophe.LogLevel.FATAL);
	return client;
}

export class Prebind extends EventTarget {
	/** @type {"new" | "binding" | "attaching" | "ready" | "lost" | "stopped"} */ #state = "new";
	/** @type {Environment} */ #env;
	/** @type {Client | null} */ #client;
	/** @type {BindPace} */ #pace;
	/** @type {Attachment | null} */ #attachment = null;
	/** @type {any} */ #retryTimer = null;
	#base;
	#user = ""; // bare JID; another user's session is never adopted
	#readyAt = 0;
	#show = "";

	/** The contacts, by bare JID. @type {Map<string, RosterItem>} */
	roster = new Map();

	/** @param {Options} [options] */
	constructor({ base, client, environment } = {}) {
		super();
		this.#env = environment ?? browserEnvironment();
		this.#client = client ?? null;
		this.#base = (base ?? new URL("..", import.meta.url).pathname).replace(/\/$/, "");
		this.#pace = new BindPace(this.#env);
	}

	get state() {
		return this.#state;
	}

	/** Bare JID of this user; "" before the first session. */
	get jid() {
		return this.#user;
	}

	/** Strophe's connection while ready, for what this module does not do. Another one after each loss. */
	get connection() {
		return this.#state === "ready" ? (this.#attachment?.connection ?? null) : null;
	}

	/** Takes the data block out of the page and connects. */
	start() {
		if (this.#state !== "new") return;
		const { document, window, now, pageAge } = this.#env;
		window.addEventListener("pageshow", (event) => this.#onPageShow(event));
		window.addEventListener("pagehide", () => this.#attachment?.leave());
		window.addEventListener("online", () => this.#onOnline());
		document.addEventListener("visibilitychange", () => this.#onVisible());

		const made = { page: window.location.href, madeAt: now() - pageAge() };
		const session = parseSession(takeDataBlock(document), made);
		if (!session) {
			this.#bind();
			return;
		}
		this.#pace.bound(true);
		this.#tell("connecting");
		this.#attach(session);
	}

	/** Try now: a person asked. Where the pace or a server forbids that, as soon as they allow. */
	retry() {
		if (this.#state === "lost") this.#schedule("by-hand", true);
	}

	/** Sends a chat message; its id, or "" when there is no session. @param {string} to @param {string} text */
	send(to, text) {
		const connection = this.connection;
		const body = cleanText(text);
		if (!connection || !this.#client || body.trim() === "") return "";
		const id = connection.getUniqueId();
		this.#attachment?.track(id);
		connection.send(this.#client.$msg({ to, id, type: "chat" }).c("body").t(body));
		connection.flush();
		return id;
	}

	/** How this user is shown to others. @param {string} show "" (available), away, xa, dnd */
	setShow(show) {
		this.#show = show;
		this.#sendPresence({});
	}

	/** Lets someone see this user's presence, and asks for theirs. @param {string} jid */
	accept(jid) {
		this.#sendPresence({ to: jid, type: "subscribed" });
		this.#sendPresence({ to: jid, type: "subscribe" });
	}

	/** @param {string} jid */
	deny(jid) {
		this.#sendPresence({ to: jid, type: "unsubscribed" });
	}

	/** Ends the chat session for good. Resolves when the server has answered, or soon anyway. */
	async logout() {
		this.#stop();
		const ended = this.#attachment?.end();
		this.#attachment = null;
		const soon = new Promise((resolve) => this.#env.setTimeout(() => resolve(undefined), LEAVE_MAX_MS));
		if (ended) await Promise.race([ended, soon]);
	}

	// ---- a session comes ----

	async #bind() {
		const { window, fetch, now } = this.#env;
		this.#state = "binding";
		this.#pace.bound();
		this.#tell("connecting");
		const url = `${this.#base}/prebind.json`;
		const answer = await askForSession({ url, page: window.location.href, fetch, now });
		if (this.#state !== "binding") return;
		if (answer.kind === "session") {
			this.#attach(answer.session);
		} else if (answer.kind === "needs-login") {
			this.#stop("needs-login", { url: `${this.#base}/` });
		} else if (answer.kind === "refused") {
			this.#stop("error", { code: answer.code });
		} else {
			this.#pace.failed(answer.afterMs);
			this.#schedule(answer.code);
		}
	}

	/** @param {Session} session */
	async #attach(session) {
		this.#state = "attaching";
		try {
			this.#client ??= await loadClient();
		} catch {
			this.#stop("error", { code: "no_client" });
		}
		if (this.#state !== "attaching" || !this.#client) return;
		if (this.#env.now() > session.goodUntil) {
			this.#schedule("too-old");
			return;
		}
		const user = bareJid(session.jid);
		if (this.#user && this.#user.toLowerCase() !== user.toLowerCase()) {
			this.#stop("other-user");
			return;
		}
		this.#user = user;
		this.#attachment = new Attachment(this.#client, session, this.#env, {
			alive: () => this.#onAlive(),
			lost: (reason) => this.#onLost(reason, false),
			message: (stanza) => this.#onMessage(stanza),
			presence: (stanza) => this.#onPresence(stanza),
			rosterPush: (stanza) => this.#onRosterPush(stanza),
		});
		this.#attachment.open();
	}

	#onAlive() {
		const connection = this.#attachment?.connection;
		if (!connection || !this.#client) return;
		const { $iq } = this.#client;
		this.#state = "ready";
		this.#readyAt = this.#env.now();
		this.#tell("ready", { jid: this.#user });
		// The roster first: a server sends the contacts' presence to those who have asked (RFC 6121, section 2.2).
		const roster = $iq({ type: "get" }).c("query", { xmlns: NS_ROSTER });
		connection.sendIQ(roster, (/** @type {Element} */ iq) => this.#onRoster(iq));
		this.#sendPresence({});
		connection.sendIQ($iq({ type: "set" }).c("enable", { xmlns: NS_CARBONS }));
		connection.flush();
	}

	// ---- what arrives ----

	/** @param {Element} iq */
	#onRoster(iq) {
		const items = readRoster(iq, this.#user);
		if (!items) return;
		this.roster = new Map(items.map((item) => [item.jid, item]));
		this.#tell("roster", { items, whole: true });
	}

	/** @param {Element} iq */
	#onRosterPush(iq) {
		const items = readRoster(iq, this.#user);
		if (!items || !this.#client) return;
		for (const item of items) {
			if (item.subscription === "remove") this.roster.delete(item.jid);
			else this.roster.set(item.jid, item);
		}
		this.connection?.send(this.#client.$iq({ type: "result", id: iq.getAttribute("id") ?? "" }));
		this.#tell("roster", { items, whole: false });
	}

	/** @param {Element} stanza */
	#onMessage(stanza) {
		const message = readMessage(stanza, this.#user, new Date(this.#env.now()));
		if (message) this.#tell("message", message);
	}

	/** Contacts may see us without a question; anyone else is a person's decision. @param {Element} stanza */
	#onPresence(stanza) {
		const presence = readPresence(stanza);
		if (!presence) return;
		if (presence.type !== "subscribe") this.#tell("presence", presence);
		else if (this.roster.has(presence.jid)) this.#sendPresence({ to: presence.jid, type: "subscribed" });
		else this.#tell("request", { jid: presence.jid });
	}

	// ---- a session goes ----

	/** @param {string} reason @param {boolean} alone only this page's session: no crowd comes back with it */
	#onLost(reason, alone) {
		const unsent = this.#attachment?.unsent ?? [];
		if (this.#state === "ready") this.#pace.ended(this.#env.now() - this.#readyAt, alone);
		else this.#pace.failed();
		this.#attachment = null;
		if (unsent.length > 0) this.#tell("unsent", { ids: unsent });
		if (reason === "conflict") {
			// Another window has taken this very address: taking it back would go on for ever.
			this.#state = "lost";
			this.#tell("lost", { reason, retryIn: null });
			return;
		}
		this.#schedule(reason);
	}

	/** @param {string} reason @param {boolean} [eager] */
	#schedule(reason, eager = false) {
		const retryIn = Math.ceil(this.#pace.wait(eager));
		this.#env.clearTimeout(this.#retryTimer);
		this.#state = "lost";
		this.#tell("lost", { reason, retryIn });
		this.#retryTimer = this.#env.setTimeout(() => this.#bind(), retryIn);
	}

	/** @param {string} [type] @param {any} [detail] */
	#stop(type, detail) {
		this.#env.clearTimeout(this.#retryTimer);
		this.#state = "stopped";
		if (type) this.#tell(type, detail);
	}

	/** Back from the back/forward cache: the session was left behind (pagehide). @param {Event} event */
	#onPageShow(event) {
		const restored = /** @type {PageTransitionEvent} */ (event).persisted;
		if (restored && this.#attachment) this.#onLost("page-restored", true);
	}

	#onOnline() {
		if (this.#state === "lost") this.#schedule("online", true);
		else this.#attachment?.check();
	}

	#onVisible() {
		if (this.#env.document.visibilityState === "visible") this.#attachment?.check();
	}

	/** @param {{to?: string, type?: string}} attributes */
	#sendPresence(attributes) {
		if (!this.connection || !this.#client) return;
		const presence = this.#client.$pres(attributes);
		if (!attributes.type && this.#show) presence.c("show").t(this.#show);
		this.connection.send(presence);
	}

	/** @param {string} type @param {any} [detail] */
	#tell(type, detail) {
		this.dispatchEvent(new PrebindEvent(type, detail));
	}
}

/** Starts a session in this page. The first event comes after this call has returned. @param {Options} [options] */
export function connect(options) {
	const chat = new Prebind(options);
	queueMicrotask(() => chat.start());
	return chat;
}
