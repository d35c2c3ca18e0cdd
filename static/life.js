// A chat session's life in a page, from its first byte to its last: goes on with the one the page before left, else
// with the one this page came with, else asks for one; attaches, and gets another when it is lost, at the pace of
// pace.js. What is said in the session is not its business (prebind.js). It draws nothing, and puts jid, sid and rid
// nowhere but into the tab's sessionStorage while it has no page: not in an address, not in the console, not in a global.
import { Attachment, discard } from "./attach.js";
import { askForSession, askWho, parseSession, readUser, takeDataBlock } from "./bind.js";
import { forgetAll, Handover } from "./handover.js";
import { BindPace } from "./pace.js";
import { bareJid } from "./stanza.js";
import { Tabs } from "./tabs.js";

const LEAVE_MAX_MS = 1_500; // a log-out waits so long for the chat server
const NAVIGATION_MAX_MS = 10_000; // from a click on a link to the end of its page; longer: the page ends for another reason
const RELOAD_MAX_MS = 2_000; // the same of the reload key
const VENDOR = "./vendor/strophe.js";

/**
 * @typedef {import("./attach.js").Client} Client
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./bind.js").BindAnswer} BindAnswer
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
 * @property {(run: () => void) => void} [soon] after what runs now, also in a hidden tab, whose timers wait
 * @property {(ms: number) => void} [hold] lets time pass in place
 * @property {Document} document
 * @property {EventTarget & {location: {href: string}}} window
 * @property {() => number} pageAge milliseconds since the page was asked for
 * @property {Storage | null} [storage] of the tab
 * @property {LockManager | null} [locks]
 * @property {typeof BroadcastChannel | null} [Channel]
 * @property {EventTarget | null} [navigation] tells where the page goes
 */

export class PrebindEvent extends Event {
	/** @param {string} type @param {any} [detail] */
	constructor(type, detail = {}) {
		super(type);
		this.detail = detail;
	}
}

/** @template T @param {() => T} get @returns {T | null} null: the browser has none, or forbids it here */
function perhaps(get) {
	try {
		return get() ?? null;
	} catch {
		return null;
	}
}

/** Runs it as a task of its own. @returns {(run: () => void) => void} */
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

/** Strophe.js, made silent: what it logs can hold whole answers of the server. @returns {Promise<Client>} */
async function loadClient() {
	await import(VENDOR);
	const client = /** @type {any} */ (globalThis);
	client.Strophe.setLogLevel(client.Strophe.LogLevel.FATAL);
	return client;
}

export class Life extends EventTarget {
	/** @type {"new" | "binding" | "attaching" | "ready" | "lost" | "left" | "stopped"} */ #state = "new";
	/** @type {Environment} */ #env;
	/** @type {Client | null} */ #client;
	/** @type {BindPace} */ #pace;
	/** @type {Handover} */ #handover;
	/** @type {Tabs} */ #tabs;
	/** @type {Attachment | null} */ #attachment = null;
	/** @type {Attachment | null} */ #leaving = null; // its log-out is under way
	/** @type {Session | null} */ #spare = null; // the page's own, while the one from the page before is tried
	/** @type {any} */ #retryTimer = null;
	#base;
	#jid = ""; // bare; another user's session is never adopted
	#user = ""; // the site's key of the same
	#readyAt = 0;
	#staysUntil = 0; // a navigation within the site is under way

	/** @param {Options} [options] */
	constructor({ base, client, environment } = {}) {
		super();
		const env = environment ?? browserEnvironment();
		this.#env = env;
		this.#client = client ?? null;
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

	/** Strophe's connection while ready, for what this module does not do. Another one after each loss. */
	get connection() {
		return this.#state === "ready" ? (this.#attachment?.connection ?? null) : null;
	}

	/** @protected @returns {Client | null} while ready */
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

	/** Try now: a person asked. Where the pace or a server forbids that, as soon as they allow. */
	retry() {
		if (this.#state === "lost") this.#schedule("by-hand", true);
	}

	/**
	 * Ends the chat session for good, here and in the site's other tabs, and leaves nothing of it in the browser.
	 * Resolves when the server has answered, or soon anyway.
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

	/** The log-out has waited long enough, or its page goes away. */
	#finishLeaving() {
		this.#leaving?.endNow();
		this.#leaving = null;
	}

	/** What the next page is to find again. @protected @returns {any} JSON */
	keep() {
		return null;
	}

	/** @protected @param {any} kept by the page before; null: a new session */
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

	/** @protected A message that must not get lost silently. @param {string} id */
	track(id) {
		this.#attachment?.track(id);
	}

	// ---- a session comes ----

	/** @param {Session | null} session that came with the page @param {string} user as the page says; "": it does not */
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

	/** The state may have changed while something was waited for. @param {string} state */
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
		const answer = await askForSession(this.#how());
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

	/** @param {BindAnswer} answer needs-login or refused */
	#refuse(answer) {
		if (answer.kind === "needs-login") this.#end("needs-login", { url: `${this.#base}/` });
		else if (answer.kind === "refused") this.#end("error", { code: answer.code });
	}

	/** @param {Session} session @param {string} user @param {import("./handover.js").Left} [left] it comes from another page */
	async #attach(session, user, left) {
		this.#state = "attaching";
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
		this.#user = user;
		this.#tabs.open(user);
		this.#attachment = new Attachment(this.#client, session, this.#env, {
			alive: () => this.#onAlive(left?.state ?? null),
			lost: (reason) => this.#onLost(reason, left !== undefined),
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

	// ---- a session goes ----

	/** @param {string} reason @param {boolean} alone only this page's session: no crowd comes back with it */
	#onLost(reason, alone) {
		const unsent = this.#attachment?.unsent ?? [];
		const spare = this.#spare;
		this.#spare = null;
		this.#attachment = null;
		if (unsent.length > 0) this.tell("unsent", { ids: unsent });
		if (spare) {
			this.#attach(spare, this.#user); // the one from the page before is gone: nobody has noticed yet
			return;
		}
		if (this.#state === "ready") this.#pace.ended(this.#env.now() - this.#readyAt, alone);
		else if (!alone) this.#pace.failed();
		if (reason === "conflict") {
			// Another window has taken this very address: taking it back would go on for ever.
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

	/** For good: nothing of this user remains. @param {string} [type] @param {any} [detail] */
	#end(type, detail) {
		if (this.#state === "stopped") return;
		this.#env.clearTimeout(this.#retryTimer);
		if (this.#state !== "left") this.#attachment?.leave();
		if (this.#spare) discard(this.#env, this.#spare);
		this.#attachment = this.#spare = null;
		this.#state = "stopped";
		this.#tabs.close();
		this.#handover.release();
		if (type !== "error") forgetAll();
		if (type) this.tell(type, detail);
	}

	/** Another tab says somebody else is here: look. */
	async #checkUser() {
		const answer = await askWho(this.#how());
		if (answer.kind === "user" && answer.user !== this.#user) this.#end("other-user");
		else this.#refuse(answer);
	}

	// ---- the page comes and goes ----

	/** @param {Event} event of the Navigation API, where the browser has it */
	#onNavigate(event) {
		const { destination, downloadRequest } = /** @type {any} */ (event);
		const { href } = this.#env.window.location;
		const inside = downloadRequest === null && new URL(destination.url).origin === new URL(href).origin;
		if (!destination.sameDocument) this.#staysUntil = inside ? this.#env.now() + NAVIGATION_MAX_MS : 0;
	}

	/** The Navigation API says nothing of what is done with the browser's own buttons and keys. @param {KeyboardEvent} event */
	#onKey(event) {
		const reload = event.key === "F5" || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "r");
		if (reload) this.#staysUntil = this.#env.now() + RELOAD_MAX_MS;
	}

	/** To another page of the site: the session goes along. Else, or with an unfinished one: it ends. */
	#onPageHide() {
		this.#finishLeaving();
		const { navigation, now } = this.#env;
		const stays = this.#handover.possible && this.#user !== "" && (!navigation || now() < this.#staysUntil);
		const session = stays && this.#state === "ready" ? this.#attachment?.handOver() : null;
		if (session) this.#handover.put({ user: this.#user, session, state: this.keep() });
		else this.#attachment?.leave();
		if (this.#spare) discard(this.#env, this.#spare);
		this.#env.clearTimeout(this.#retryTimer);
		this.#tabs.close();
		this.#handover.release();
		this.#staysUntil = 0;
		if (this.#state !== "stopped" && this.#state !== "new") this.#state = "left";
	}

	/** Back from the back/forward cache: whatever there was, the page has left it. @param {Event} event */
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
