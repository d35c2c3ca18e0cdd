// The chat session of a page: how it begins, is shared with other tabs, and is lost. A page first
// tries to continue the previous page's session. If there is none, the page uses the
// session of another tab of this user (holder.js). If no tab holds a session, this tab becomes the
// holder: it uses the session that came with the page, or asks for one. After a loss it gets a new
// session as soon as pace.js allows. life.js handles what happens to the page. jid, sid and rid are
// stored only in the tab's sessionStorage, and only from the start of a navigation to the next page.
// They must not get into a URL, the console or a global variable.
import { Attachment } from "./attach.js";
import { browserEnvironment, loadClient } from "./environment.js";
import { forgetAll, Handover, leftIsClear } from "./handover.js";
import { isHeld } from "./holder.js";
import { discard } from "./lastwords.js";
import { Listener } from "./listener.js";
import { BindPace } from "./pace.js";
import { Share } from "./share.js";
import { bareJid } from "./stanza.js";
import { Supply } from "./supply.js";
import { Tabs } from "./tabs.js";

/**
 * @typedef {import("./environment.js").Client} Client
 * @typedef {import("./environment.js").Environment} Environment
 * @typedef {import("./bind.js").Session} Session
 * @typedef {import("./bind.js").BindAnswer} BindAnswer
 *
 * @typedef {object} Options
 * @property {string} [base] where the program is mounted; by default it is derived from this file's URL
 * @property {Client} [client] Strophe.js; the default is static/vendor/strophe.js
 * @property {Promise<BindAnswer>} [ahead] the answer to a request for a session that was sent while this code was being loaded
 * @property {Environment} [environment] tests pass their own
 */

export class SessionLife extends Listener {
	/** @protected @type {"new" | "binding" | "attaching" | "ready" | "lost" | "left" | "stopped"} */ phase = "new";
	/** @protected @type {Environment} */ env;
	/** @type {Client | null} */ #client;
	/** @protected @type {BindPace} */ pace;
	/** @protected @type {Handover} */ handover;
	/** @protected @type {Tabs} */ tabs;
	/** @protected @type {Share} */ share;
	/** @protected @type {Attachment | null} */ attachment = null; // only in the tab that holds the session
	/** @protected @type {Supply} */ supply;
	/** @protected @type {{reason: string, retryIn: number | null} | null} */ loss = null;
	/** @type {string[]} */ #unsent = []; // ids of the messages that were lost with the session
	/** @type {Session | null} */ #dropped = null; // a session that another tab took over; if no tab continues it, this tab ends it
	/** @protected @type {any} */ retryTimer = null;
	/** @protected */ base;
	#jid = ""; // this user's bare JID; a session of a different user is rejected
	/** @protected */ user = ""; // the site's opaque key for this user
	#readyAt = 0;

	/** @param {Options} [options] */
	constructor({ base, client, ahead, environment } = {}) {
		super();
		const env = environment ?? browserEnvironment();
		this.env = env;
		this.#client = client ?? null;
		this.base = (base ?? new URL("..", import.meta.url).pathname).replace(/\/$/, "");
		this.supply = new Supply(env, this.base, ahead);
		this.pace = new BindPace(env);
		this.handover = new Handover({ base: this.base, storage: env.storage ?? null, locks: env.locks ?? null, now: env.now });
		this.tabs = new Tabs(env.Channel ?? null, {
			out: () => this.onLoggedOut(),
			other: () => this.checkUser(),
		}, this.base);
		this.share = new Share(env, {
			news: () => this.#news(),
			hold: (passed) => this.#hold(passed),
			stolen: () => this.#onStolen(),
			follow: (news, welcome) => this.#follow(news, welcome),
			submit: (stanzas, ids) => this.#submit(stanzas, ids),
			deliver: (stanza) => this.deliver(stanza),
			overhear: (stanza) => this.overhear(stanza),
			greeted: (iq) => this.onGreeted(iq),
			sent: (ids) => this.tell("sent", { ids }),
			retry: () => this.retry(),
			stopped: (type, detail) => this.end(type, detail),
		});
	}

	/** The page's state: "new", "binding", "attaching", "ready", "lost", "left" or "stopped". */
	get state() {
		return this.phase;
	}

	/** Bare JID of this user; "" before the first session. */
	get jid() {
		return this.#jid;
	}

	/**
	 * While ready, Strophe's connection. In a tab that does not hold the session, it is an object that
	 * passes stanzas to the holder. Null while not ready. Each session has a new connection.
	 * @returns {any}
	 */
	get connection() {
		return this.phase === "ready" ? (this.attachment?.connection ?? this.share.voice) : null;
	}

	/**
	 * True if this tab sends and receives for all tabs that share the session.
	 * @protected
	 */
	get holds() {
		return this.share.holds;
	}

	/** @protected @returns {Client | null} null while the state is not "ready" */
	get client() {
		return this.phase === "ready" ? this.#client : null;
	}

	/** @protected */
	get now() {
		return this.env.now();
	}

	/**
	 * Call this when the user asks for a session now. Asks for a session as soon as pace.js and the server allow it.
	 */
	retry() {
		if (this.phase !== "lost") return;
		if (this.share.holds) this.schedule("by-hand", true);
		else this.share.ask({ type: "retry" });
	}

	/**
	 * @protected Call this after a message was sent. The event `sent` reports that the server has
	 * it, or `unsent` that it might not have it.
	 * @param {string} id
	 */
	track(id) {
		if (this.attachment) this.attachment.track(id);
		else this.share.voice?.track(id);
	}

	/** @protected Called when another tab has logged out. */
	onLoggedOut() {}

	/** @protected Called when another tab reports a different user. */
	checkUser() {}

	// ---- a session begins ----

	/**
	 * @protected
	 * @param {Session | null} session the session that came with this page
	 * @param {string} user the key that came with this page (the site's opaque key for the user); "" if it has none
	 */
	async open(session, user) {
		this.phase = "binding";
		const left = await this.handover.take();
		const known = left || session || user || this.supply.hasAhead;
		const shared = !known && this.share.possible && (await isHeld(this.env.locks, this.base));
		if (!this.#is("binding")) return;
		if (left || session || shared) this.tell("connecting");
		if ((left || shared) && !user) {
			const answer = await this.supply.who();
			if (!this.#is("binding")) return;
			if (answer.kind === "user") user = answer.user;
		}
		const own = this.#ofUser(user, left);
		if (user || session) this.#enter(session, user, own);
		else this.#bind();
	}

	/** Whether the page is in this state. The state can have changed during an await. @param {string} state */
	#is(state) {
		return this.phase === state;
	}

	async #bind() {
		this.phase = "binding";
		this.pace.bound();
		this.tell("connecting");
		this.share.spreadNews();
		const answer = await this.supply.ask();
		if (!this.#is("binding")) this.supply.drop(answer);
		else if (answer.kind === "session") {
			this.#enter(answer.session, answer.user, null);
		} else if (answer.kind === "later") {
			this.pace.failed(answer.afterMs);
			this.schedule(answer.code);
		} else {
			this.refuse(answer);
		}
	}

	/** @protected @param {BindAnswer} answer needs-login or refused */
	refuse(answer) {
		if (answer.kind === "needs-login") this.end("needs-login", { url: `${this.base}/` });
		else if (answer.kind === "refused") this.end("error", { code: answer.code });
	}

	/**
	 * Joins the user's tabs, if the browser supports shared sessions. Then this tab becomes the holder of
	 * the session, or uses the holder's session.
	 * @param {Session | null} session @param {string} user
	 * @param {import("./handover.js").Left | null} left the previous page's session; null if there is none
	 */
	async #enter(session, user, left) {
		this.phase = "attaching";
		try {
			this.#client ??= await loadClient();
		} catch {
			this.end("error", { code: "no_client" });
		}
		if (!this.#is("attaching") || !this.#client) return;
		Object.assign(this.supply, { spare: session, left });
		if (user && this.share.possible && !this.share.joined) {
			this.#setUser(user);
			this.share.join(this.#client, this.base, user);
		} else {
			this.#begin(user);
		}
	}

	/** @param {string} user */
	#setUser(user) {
		if (this.user !== user) this.tell("user", { user });
		this.user = user;
		this.tabs.open(user);
	}

	/**
	 * Begins as the holder, after looking a second time for the previous page's session. On a busy machine the
	 * previous page's process can end late, and store the session after this page has looked for it the first time.
	 */
	async #beginHolding() {
		if (!this.supply.left) await leftIsClear(this.user, this.env);
		this.supply.left ??= this.#ofUser(this.user, await this.handover.take());
		if (this.#is("attaching")) this.#begin();
	}

	/**
	 * Returns the previous page's session. If that session belongs to a different user, ends it and returns null.
	 * @param {string} user @param {import("./handover.js").Left | null} left
	 */
	#ofUser(user, left) {
		if (!left || left.user === user) return left;
		discard(this.env, left.session);
		return null;
	}

	/** Begins a session, either as the holder or in a browser where each tab has its own session. @param {string} [user] */
	#begin(user = this.user) {
		const left = this.supply.takeLeft();
		// the spare session is used only if the previous page's session (`left`) is missing or fails
		const session = left ? left.session : this.supply.takeSpare();
		if (session) this.#attach(session, user, left);
		else this.#bind();
	}

	/**
	 * @param {Session} session @param {string} user
	 * @param {import("./handover.js").Left | null} left not null if the session comes from the previous page
	 */
	#attach(session, user, left) {
		this.phase = "attaching";
		this.supply.dropAhead();
		if (this.env.now() > session.goodUntil && !left) {
			this.schedule("too-old");
			return;
		}
		if (!this.#isOwn(session, user)) {
			discard(this.env, session);
			this.end("other-user");
			return;
		}
		this.#jid = bareJid(session.jid);
		this.#setUser(user);
		const kept = left?.state ?? null;
		this.#connect(session, left !== null, {
			greeting: () => this.greeting(/** @type {Client} */ (this.#client), kept),
			greeted: (iq) => {
				this.onGreeted(iq);
				this.share.greeted(iq);
			},
			alive: () => this.#onAlive(kept),
		});
		this.attachment?.open(left !== null);
	}

	/**
	 * Whether the session belongs to this user. Either the keys or the bare JIDs must be equal. A guest has
	 * the same key in all sessions, but a different JID in each. For users the JID is part of the key.
	 * @param {Session} session @param {string} user
	 */
	#isOwn({ jid }, user) {
		return this.#jid === "" || (user !== "" && user === this.user) || this.#jid.toLowerCase() === bareJid(jid).toLowerCase();
	}

	/**
	 * @param {Session} session
	 * @param {boolean} alone as for #onLost()
	 * @param {Pick<import("./attach.js").Owner, "greeting" | "greeted" | "alive">} owner
	 */
	#connect(session, alone, owner) {
		const attachment = new Attachment(/** @type {Client} */ (this.#client), session, this.env, {
			...owner,
			lost: (reason) => this.#onLost(reason, alone),
			sent: (ids) => this.#tellSent(ids),
			message: (stanza) => this.onMessage(stanza),
			presence: (stanza) => this.onPresence(stanza),
			rosterPush: (stanza) => this.onRosterPush(stanza),
			answer: (iq) => this.share.voice?.answer(iq),
			makeSure: () => this.share.makeSure(),
			made: (request) => this.share.made(request, attachment.unsent),
			arrived: (rid, body) => this.share.arrived(rid, body),
		});
		this.attachment = attachment;
	}

	/** @param {any} kept */
	#onAlive(kept) {
		this.supply.dropSpare();
		this.phase = "ready";
		this.#readyAt = this.env.now();
		this.handover.mark(this.user);
		this.tell("ready", { jid: this.#jid, resumed: kept !== null });
		this.onReady(kept);
		this.share.spreadFirst();
		this.connection?.flush();
	}

	// ---- one session for all tabs ----

	/** Returns the session's state, for the other tabs. @returns {import("./share.js").News} */
	#news() {
		const name = this.phase === "ready" || this.phase === "lost" ? this.phase : "connecting";
		const unsent = this.attachment?.unsent ?? this.#unsent;
		return { name, session: this.attachment?.asLeft ?? null, unsent, kept: this.keep(), detail: this.loss };
	}

	/** Called when this tab becomes the holder. @param {import("./share.js").Passed | null} passed */
	#hold(passed) {
		// This tab has logged out. It waits for the holder to end the session, but the holder is gone.
		if (passed && this.#is("stopped")) discard(this.env, passed.session);
		else if (passed) this.#goOn(passed);
		else if (this.#is("attaching")) this.#beginHolding();
		else if (this.#is("lost")) this.schedule("holder-gone", true);
	}

	/** Continues the session that another tab held. The user does not notice this. @param {import("./share.js").Passed} passed */
	#goOn({ session, unsent }) {
		this.#readyAt = this.env.now();
		this.#connect(session, true, {
			greeting: () => [],
			greeted: () => {},
			alive: () => this.attachment?.settle(unsent), // the server has answered a later request, so it has these messages
		});
		this.attachment?.expect(unsent);
		this.attachment?.open(true, true);
	}

	/** @param {string[]} ids */
	#tellSent(ids) {
		if (ids.length === 0) return;
		this.tell("sent", { ids });
		this.share.spread({ type: "sent", ids });
	}

	/** Sends stanzas for another tab. @param {Element[]} stanzas @param {string[]} ids */
	#submit(stanzas, ids) {
		const { connection } = this;
		for (const stanza of stanzas) connection?.send(stanza);
		for (const id of ids) this.track(id);
		connection?.flush();
	}

	/**
	 * Called when the holder reports the session's state.
	 * @param {import("./share.js").News} news @param {boolean} welcome true if this tab has just joined
	 */
	#follow({ name, session, kept, detail, unsent }, welcome) {
		const { left } = this.supply;
		if (left && left.session.sid !== session?.sid) {
			this.share.steal(); // this tab has the previous page's session, which is older than the holder's; the older session wins
			return;
		}
		if (this.#dropped && session && this.#dropped.sid !== session.sid) discard(this.env, this.#dropped);
		if (session) this.#dropped = null;
		this.supply.dropAll();
		if (name === "ready" && session && this.#isOwn(session, this.user)) {
			this.phase = "ready";
			this.#jid = bareJid(session.jid);
			this.handover.mark(this.user);
			this.tell("ready", { jid: this.#jid, resumed: false });
			this.onReady(kept);
			if (welcome) this.#greet(kept);
		} else {
			this.#onFollowedLost(name, detail, unsent);
		}
	}

	/** @param {string} name @param {any} detail @param {string[]} ids the ids of messages that the server might not have */
	#onFollowedLost(name, detail, ids) {
		const unsent = [...new Set([...ids, ...this.share.fail()])];
		this.phase = name === "lost" ? "lost" : "attaching";
		if (unsent.length > 0) this.tell("unsent", { ids: unsent });
		this.tell(name === "lost" ? "lost" : "connecting", detail ?? {});
	}

	/** Sends the greeting through the holder, because a new page needs the answers. @param {any} kept */
	#greet(kept) {
		const [question, ...others] = this.greeting(/** @type {Client} */ (this.#client), kept);
		const { voice } = this.share;
		if (question) voice?.sendIQ(question, (iq) => this.onGreeted(iq));
		for (const stanza of others) voice?.send(stanza);
	}

	/** Called when another tab has taken over. That tab continues this session or another session, and soon reports its state. */
	#onStolen() {
		const unsent = this.attachment?.unsent ?? [];
		this.#dropped = this.attachment?.drop() ?? null;
		this.attachment = null;
		this.env.clearTimeout(this.retryTimer);
		this.#onFollowedLost("connecting", {}, unsent);
	}

	// ---- a session ends ----

	/**
	 * @param {string} reason
	 * @param {boolean} alone true if only this page lost its session; then not many pages ask for a new session at the same time
	 */
	#onLost(reason, alone) {
		const unsent = [...new Set([...(this.attachment?.unsent ?? []), ...this.share.fail()])];
		const spare = this.supply.takeSpare();
		this.attachment = null;
		this.#unsent = unsent;
		if (unsent.length > 0) this.tell("unsent", { ids: unsent });
		if (spare) {
			// The user has not noticed that the previous page's session is lost, so this page tries the spare session.
			this.#attach(spare, this.user, null);
			return;
		}
		if (this.phase === "ready") this.pace.ended(this.env.now() - this.#readyAt, alone);
		else if (!alone) this.pace.failed();
		if (reason === "conflict") {
			// Another window has taken this full JID. If both windows asked for a new
			// session, they would take the JID from each other without end.
			this.tellLost(reason, null);
			return;
		}
		this.schedule(reason);
	}

	/** @protected @param {string} reason @param {boolean} [eager] */
	schedule(reason, eager = false) {
		const retryIn = Math.ceil(this.pace.wait(eager));
		this.env.clearTimeout(this.retryTimer);
		this.tellLost(reason, retryIn);
		this.retryTimer = this.env.setTimeout(() => this.#bind(), retryIn);
	}

	/** @protected @param {string} reason @param {number | null} retryIn milliseconds */
	tellLost(reason, retryIn) {
		this.phase = "lost";
		this.loss = { reason, retryIn };
		this.tell("lost", this.loss);
		this.share.spreadNews();
		this.#unsent = [];
	}

	/**
	 * Stops for good. Removes all data of this user, except after an error.
	 * @protected
	 * @param {string} [type] @param {any} [detail]
	 * @param {boolean} [alone] false if the tab still sends messages to the other tabs
	 */
	end(type, detail, alone = true) {
		if (this.phase === "stopped") return;
		this.env.clearTimeout(this.retryTimer);
		if (this.phase !== "left") this.attachment?.leave();
		this.supply.dropAll();
		this.attachment = null;
		this.phase = "stopped";
		// After "needs-login" the page still shows the messages, so the page must learn when a different user logs in.
		if (type !== "needs-login") this.tabs.close();
		this.handover.release();
		if (alone && detail?.code !== "no_client") this.share.spread({ type: "stopped", why: type, detail });
		if (alone) this.share.leave();
		this.tell("stopped");
		if (type !== "error") forgetAll();
		if (type) this.tell(type, detail);
	}
}
