// The life of a chat session in a page. It continues the session that the page before left. If
// there is none, it uses the session that came with this page, or asks for one. It attaches to the
// session, and gets a new one after a loss, as soon as pace.js allows. prebind.js handles the
// stanzas; this module draws nothing. jid, sid and rid are stored only in the tab's sessionStorage,
// and only from the start of a navigation to the next page. They must not get into an address, the
// console or a global.
import { Attachment, discard } from "./attach.js";
import { askForSession, askWho, parseSession, readUser, takeDataBlock } from "./bind.js";
import { forgetAll, Handover } from "./handover.js";
import { BindPace } from "./pace.js";
import { bareJid } from "./stanza.js";
import { Tabs } from "./tabs.js";

const LEAVE_MAX_MS = 1_500; // how long a log-out waits for the chat server
// a page that ends within this time after a click on a link ends because of that click
const NAVIGATION_MAX_MS = 10_000;
const RELOAD_MAX_MS = 2_000; // the same for the reload key
const VENDOR = "./vendor/strophe.js";

/**
 * @typedef {import("./attach.js").Client} Client
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./bind.js").BindAnswer} BindAnswer
 *
 * @typedef {object} Options
 * @property {string} [base] where the program is mounted; the default follows from this file's address
 * @property {Client} [client] Strophe.js; the default is static/vendor/strophe.js
 * @property {Promise<BindAnswer>} [ahead] the answer to a request for a session that was sent while this code was on its way
 * @property {Environment} [environment] for tests
 *
 * @typedef {object} Environment
 * @property {typeof fetch} fetch
 * @property {() => number} now
 * @property {() => number} random
 * @property {(run: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {(run: () => void) => void} [soon] runs a task after the current one without a timer: a hidden tab delays timers
 * @property {(ms: number) => void} [hold] blocks for this time
 * @property {Document} document
 * @property {EventTarget & {location: {href: string}}} window
 * @property {() => number} pageAge milliseconds since the page was requested
 * @property {Storage | null} [storage] sessionStorage
 * @property {LockManager | null} [locks]
 * @property {typeof BroadcastChannel | null} [Channel]
 * @property {EventTarget | null} [navigation] the Navigation API, which reports where the page goes
 */

export class PrebindEvent extends Event {
	/** @param {string} type @param {any} [detail] */
	constructor(type, detail = {}) {
		super(type);
		this.detail = detail;
	}
}

/**
 * @template T @param {() => T} get
 * @returns {T | null} null: the browser does not have it, or forbids it here
 */
function perhaps(get) {
	try {
		return get() ?? null;
	} catch {
		return null;
	}
}

/** Runs each function as a task of its own. @returns {(run: () => void) => void} */
function taskQueue() {
	/** @type {(() => void)[]} */ const tasks = [];
	const { port1, port2 } = new MessageChannel();
	port1.onmessage = () => tasks.shift()?.();
	return (run) => {
		tasks.push(run);
		port2.postMessage(null);
	};
}

/** @returns {Environment} */
function browserEnvironment() {
	return {
		fetch: (...args) => fetch(...args),
		now: () => Date.now(),
		random: () => Math.random(),
		setTimeout: (run, ms) => setTimeout(run, ms),
		clearTimeout: (timer) => clearTimeout(timer),
		soon: taskQueue(),
		hold: (ms) => {
			const until = performance.now() + ms;
			while (performance.now() < until);
		},
		document,
		window,
		pageAge: () => {
			const [entry] = performance.getEntriesByType("navigation");
			const asked = /** @type {PerformanceNavigationTiming | undefined} */ (entry)?.requestStart ?? 0;
			return performance.now() - asked;
		},
		storage: perhaps(() => window.sessionStorage),
		locks: perhaps(() => navigator.locks),
		Channel: perhaps(() => BroadcastChannel),
		navigation: perhaps(() => /** @type {any} */ (window).navigation),
	};
}

/**
 * Loads Strophe.js and turns off its log, which can contain whole answers of the server.
 * @returns {Promise<Client>}
 */
async function loadClient() {
	await import(VENDOR);
	const { Strophe, $iq, $msg, $pres, $build } = /** @type {any} */ (globalThis); // the page may load another Strophe.js later
	Strophe.setLogLevel(Strophe.LogLevel.FATAL);
	return { Strophe, $iq, $msg, $pres, $build };
}

export class Life extends EventTarget {
	/** @type {"new" | "binding" | "attaching" | "ready" | "lost" | "left" | "stopped"} */ #state = "new";
	/** @type {Environment} */ #env;
	/** @type {Client | null} */ #client;
	/** @type {BindPace} */ #pace;
	/** @type {Handover} */ #handover;
	/** @type {Tabs} */ #tabs;
	/** @type {Attachment | null} */ #attachment = null;
	/** @type {Attachment | null} */ #leaving = null; // waits for the server's answer to a log-out
	/** @type {Session | null} */ #spare = null; // came with the page; kept while the one from the page before is tried
	/** @type {Promise<BindAnswer> | null} */ #ahead;
	/** @type {any} */ #retryTimer = null;
	#base;
	#jid = ""; // bare; a session of another user is not accepted
	#user = ""; // the site's opaque key of the same user
	#readyAt = 0;
	/** @type {any} */ #staysTimer = null;
	#staysUntil = 0; // if the page ends before this time, it goes to another page of the site

	/** @param {Options} [options] */
	constructor({ base, client, ahead, environment } = {}) {
		super();
		const env = environment ?? browserEnvironment();
		this.#env = env;
		this.#client = client ?? null;
		this.#ahead = ahead ?? null;
		this.#base = (base ?? new URL("..", import.meta.url).pathname).replace(/\/$/, "");
		this.#pace = new BindPace(env);
		this.#handover = new Handover({ storage: env.storage ?? null, locks: env.locks ?? null, now: env.now });
		this.#tabs = new Tabs(env.Channel ?? null, {
			out: () => this.#end("needs-login", { url: `${this.#base}/` }),
			other: () => this.#checkUser(),
		});
	}

	get state() {
		return this.#state;
	}

	/** Bare JID of this user; "" before the first session. */
	get jid() {
		return this.#jid;
	}

	/** Strophe's connection while ready, otherwise null. After a loss there is a new one. */
	get connection() {
		return this.#state === "ready" ? (this.#attachment?.connection ?? null) : null;
	}

	/** @protected @returns {Client | null} null: not ready */
	get client() {
		return this.#state === "ready" ? this.#client : null;
	}

	/** @protected */
	get now() {
		return this.#env.now();
	}

	/** Takes the data block out of the page and connects. */
	start() {
		if (this.#state !== "new") return;
		const { document, window, navigation, now, pageAge } = this.#env;
		window.addEventListener("pageshow", (event) => this.#onPageShow(event));
		window.addEventListener("pagehide", () => this.#onPageHide());
		window.addEventListener("online", () => this.#onOnline());
		navigation?.addEventListener("navigate", (event) => this.#onNavigate(event));
		window.addEventListener("keydown", (event) => this.#onKey(/** @type {KeyboardEvent} */ (event)), { capture: true });
		document.addEventListener("visibilitychange", () => this.#onVisible());

		const block = takeDataBlock(document);
		const session = parseSession(block, { page: window.location.href, madeAt: now() - pageAge() });
		if (session) this.#pace.bound(true);
		this.#open(session, readUser(block));
	}

	/**
	 * A person asked to try now. Tries at once, or as soon as pace.js and the server allow it.
	 */
	retry() {
		if (this.#state === "lost") this.#schedule("by-hand", true);
	}

	/**
	 * Ends the chat session for good, here and in the site's other tabs, and removes its data from
	 * the browser. Resolves when the server has answered, after LEAVE_MAX_MS at the latest.
	 */
	async logout() {
		this.#tabs.tellOut();
		const attachment = this.#attachment;
		const ended = this.connection ? attachment?.end() : attachment?.leave();
		this.#leaving = attachment;
		this.#end();
		const soon = new Promise((resolve) => this.#env.setTimeout(() => resolve(undefined), LEAVE_MAX_MS));
		if (ended) await Promise.race([ended, soon]);
		this.#finishLeaving();
	}

	/** Call it when the log-out has waited long enough, or its page goes away. */
	#finishLeaving() {
		this.#leaving?.endNow();
		this.#leaving = null;
	}

	/**
	 * Returns the state for the next page, which gets it in onReady().
	 * @protected @returns {any} JSON
	 */
	keep() {
		return null;
	}

	/**
	 * Returns the first stanzas of a session, which leave in one body. The first is an IQ, and any
	 * answer to it proves that the session is alive; onGreeted() gets its result.
	 * @protected @param {Client} client @param {any} kept as in onReady()
	 * @returns {any[]} none: a ping
	 */
	greeting(client, kept) {
		void client, kept;
		return [];
	}

	/** @protected @param {Element} iq */
	onGreeted(iq) {
		void iq;
	}

	/** @protected @param {any} kept what keep() returned in the page before; null: a new session */
	onReady(kept) {
		void kept;
	}

	/** @protected @param {Element} stanza */
	onMessage(stanza) {
		void stanza;
	}

	/** @protected @param {Element} stanza */
	onPresence(stanza) {
		void stanza;
	}

	/** @protected @param {Element} stanza */
	onRosterPush(stanza) {
		void stanza;
	}

	/** @protected @param {string} type @param {any} [detail] */
	tell(type, detail) {
		this.dispatchEvent(new PrebindEvent(type, detail));
	}

	/**
	 * @protected Call it after a message was sent. The event `sent` reports that the server has
	 * it, or `unsent` that it may not have it.
	 * @param {string} id
	 */
	track(id) {
		this.#attachment?.track(id);
	}

	// ---- a session begins ----

	/**
	 * @param {Session | null} session from this page
	 * @param {string} user from this page, as the site's opaque key; "": the page does not have it
	 */
	async #open(session, user) {
		this.#state = "binding";
		const left = await this.#handover.take();
		if (!this.#is("binding")) return;
		if (!left && !session) {
			this.#bind();
			return;
		}
		this.tell("connecting");
		if (left && !user) {
			const answer = await askWho(this.#how());
			if (!this.#is("binding")) return;
			if (answer.kind === "user") user = answer.user;
		}
		if (left && left.user === user) {
			this.#spare = session;
			this.#attach(left.session, user, left);
			return;
		}
		if (left) discard(this.#env, left.session);
		if (session) this.#attach(session, user);
		else this.#bind();
	}

	/** Whether this is the state; an await may have changed it. @param {string} state */
	#is(state) {
		return this.#state === state;
	}

	#how() {
		const { window, fetch, now } = this.#env;
		return { url: `${this.#base}/prebind.json`, page: window.location.href, fetch, now };
	}

	async #bind() {
		this.#state = "binding";
		this.#pace.bound();
		this.tell("connecting");
		const ahead = this.#ahead;
		this.#ahead = null;
		const answer = await (ahead ?? askForSession(this.#how()));
		if (!this.#is("binding")) return;
		if (answer.kind === "session") {
			this.#attach(answer.session, answer.user);
		} else if (answer.kind === "later") {
			this.#pace.failed(answer.afterMs);
			this.#schedule(answer.code);
		} else {
			this.#refuse(answer);
		}
	}

	/** Ends the session that was asked for ahead, because it is not needed. */
	#dropAhead() {
		this.#ahead?.then((answer) => {
			if (answer.kind === "session") discard(this.#env, answer.session);
		});
		this.#ahead = null;
	}

	/** @param {BindAnswer} answer needs-login or refused */
	#refuse(answer) {
		if (answer.kind === "needs-login") this.#end("needs-login", { url: `${this.#base}/` });
		else if (answer.kind === "refused") this.#end("error", { code: answer.code });
	}

	/**
	 * @param {Session} session @param {string} user
	 * @param {import("./handover.js").Left} [left] set if the session comes from another page
	 */
	async #attach(session, user, left) {
		this.#state = "attaching";
		this.#dropAhead();
		try {
			this.#client ??= await loadClient();
		} catch {
			this.#end("error", { code: "no_client" });
		}
		if (!this.#is("attaching") || !this.#client) return;
		if (this.#env.now() > session.goodUntil && !left) {
			this.#schedule("too-old");
			return;
		}
		const jid = bareJid(session.jid);
		if (this.#jid && this.#jid.toLowerCase() !== jid.toLowerCase()) {
			discard(this.#env, session);
			this.#end("other-user");
			return;
		}
		this.#jid = jid;
		if (this.#user !== user) this.tell("user", { user });
		this.#user = user;
		this.#tabs.open(user);
		const client = this.#client;
		const kept = left?.state ?? null;
		this.#attachment = new Attachment(client, session, this.#env, {
			greeting: () => this.greeting(client, kept),
			greeted: (iq) => this.onGreeted(iq),
			alive: () => this.#onAlive(kept),
			lost: (reason) => this.#onLost(reason, left !== undefined),
			sent: (ids) => this.tell("sent", { ids }),
			message: (stanza) => this.onMessage(stanza),
			presence: (stanza) => this.onPresence(stanza),
			rosterPush: (stanza) => this.onRosterPush(stanza),
		});
		this.#attachment.open(left !== undefined);
	}

	/** @param {any} kept */
	#onAlive(kept) {
		if (this.#spare) discard(this.#env, this.#spare);
		this.#spare = null;
		this.#state = "ready";
		this.#readyAt = this.#env.now();
		this.tell("ready", { jid: this.#jid, resumed: kept !== null });
		this.onReady(kept);
		this.connection?.flush();
	}

	// ---- a session ends ----

	/**
	 * @param {string} reason
	 * @param {boolean} alone only this page lost its session; no crowd returns with it
	 */
	#onLost(reason, alone) {
		const unsent = this.#attachment?.unsent ?? [];
		const spare = this.#spare;
		this.#spare = null;
		this.#attachment = null;
		if (unsent.length > 0) this.tell("unsent", { ids: unsent });
		if (spare) {
			// the session from the page before is lost; the user has not noticed
			this.#attach(spare, this.#user);
			return;
		}
		if (this.#state === "ready") this.#pace.ended(this.#env.now() - this.#readyAt, alone);
		else if (!alone) this.#pace.failed();
		if (reason === "conflict") {
			// Another window has taken this full JID. If both windows always took it
			// back, this would never end.
			this.#state = "lost";
			this.tell("lost", { reason, retryIn: null });
			return;
		}
		this.#schedule(reason);
	}

	/** @param {string} reason @param {boolean} [eager] */
	#schedule(reason, eager = false) {
		const retryIn = Math.ceil(this.#pace.wait(eager));
		this.#env.clearTimeout(this.#retryTimer);
		this.#state = "lost";
		this.tell("lost", { reason, retryIn });
		this.#retryTimer = this.#env.setTimeout(() => this.#bind(), retryIn);
	}

	/**
	 * Stops for good. Except after an error, it removes all data of this user.
	 * @param {string} [type] @param {any} [detail]
	 */
	#end(type, detail) {
		if (this.#state === "stopped") return;
		this.#env.clearTimeout(this.#retryTimer);
		if (this.#state !== "left") this.#attachment?.leave();
		if (this.#spare) discard(this.#env, this.#spare);
		this.#dropAhead();
		this.#attachment = this.#spare = null;
		this.#state = "stopped";
		this.#tabs.close();
		this.#handover.release();
		this.tell("stopped");
		if (type !== "error") forgetAll();
		if (type) this.tell(type, detail);
	}

	/** Another tab reports another user, so this tab asks who is logged in. */
	async #checkUser() {
		const answer = await askWho(this.#how());
		if (answer.kind === "user" && answer.user !== this.#user) this.#end("other-user");
		else this.#refuse(answer);
	}

	// ---- the page is shown and left ----

	/** @param {Event} event of the Navigation API, if the browser has it */
	#onNavigate(event) {
		const { destination, downloadRequest } = /** @type {any} */ (event);
		const { href } = this.#env.window.location;
		const inside = downloadRequest === null && new URL(destination.url).origin === new URL(href).origin;
		if (destination.sameDocument) return;
		this.#staysUntil = inside ? this.#env.now() + NAVIGATION_MAX_MS : 0;
		if (inside) this.#prepareHandover();
	}

	/**
	 * Stores the session before the next page answers. If only one of the two pages has a
	 * Cross-Origin-Opener-Policy, Firefox gives the next page the storage as it was at the answer,
	 * without what is stored on pagehide. The session may still send a request: a server
	 * accepts one that comes twice.
	 */
	#prepareHandover() {
		const session = this.#user !== "" && this.#state === "ready" ? this.#attachment?.asLeft : null;
		if (!session) return;
		this.#handover.prepare({ user: this.#user, session, state: this.keep() });
		const { setTimeout, clearTimeout } = this.#env;
		clearTimeout(this.#staysTimer);
		this.#staysTimer = setTimeout(() => this.#handover.withdraw(), NAVIGATION_MAX_MS);
	}

	/**
	 * Notices the reload key, because the Navigation API does not report the browser's own buttons
	 * and keys.
	 * @param {KeyboardEvent} event
	 */
	#onKey(event) {
		const reload = event.key === "F5" || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "r");
		if (reload) this.#staysUntil = this.#env.now() + RELOAD_MAX_MS;
	}

	/**
	 * If the page goes to another page of the site, hands over a ready session; else ends the
	 * session.
	 */
	#onPageHide() {
		this.#finishLeaving();
		const { navigation, now } = this.#env;
		const stays = this.#handover.possible && this.#user !== "" && (!navigation || now() < this.#staysUntil);
		const session = stays && this.#state === "ready" ? this.#attachment?.handOver() : null;
		if (session) this.#handover.put({ user: this.#user, session, state: this.keep() });
		else this.#endOnLeaving();
		if (this.#spare) discard(this.#env, this.#spare);
		this.#env.clearTimeout(this.#retryTimer);
		this.#env.clearTimeout(this.#staysTimer);
		this.#tabs.close();
		this.#handover.release();
		this.#staysUntil = 0;
		if (this.#state !== "stopped" && this.#state !== "new") this.#state = "left";
	}

	#endOnLeaving() {
		this.#attachment?.leave();
		this.#handover.withdraw();
	}

	/**
	 * The page is back from the back/forward cache; its session ended or was handed over when it
	 * was left.
	 * @param {Event} event
	 */
	#onPageShow(event) {
		if (this.#state !== "left" || !(/** @type {PageTransitionEvent} */ (event).persisted)) return;
		const unsent = this.#attachment?.unsent ?? [];
		this.#attachment = this.#spare = null;
		if (unsent.length > 0) this.tell("unsent", { ids: unsent });
		this.tell("lost", { reason: "page-restored", retryIn: 0 });
		if (this.#pace.wait(true) === 0) this.#open(null, "");
		else this.#schedule("page-restored", true);
	}

	#onOnline() {
		if (this.#state === "lost") this.#schedule("online", true);
		else this.#attachment?.check();
	}

	#onVisible() {
		if (this.#env.document.visibilityState === "visible") this.#attachment?.check();
	}
}
