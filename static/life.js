// Handles what happens to the page of a chat session: the page is shown, hidden, frozen or left, the
// network comes back, or the user logs out. session.js handles the session itself, and prebind.js the
// stanzas. This module draws nothing.
import { parseSession, readUser, takeDataBlock } from "./bind.js";
import { Departure, NAVIGATION_MAX_MS } from "./departure.js";
import { SessionLife } from "./session.js";

const LEAVE_MAX_MS = 1_500; // how long a log-out waits for the chat server
const HIDDEN = "hidden";
const REST_AFTER_MS = 10_000; // if each tab has its own session, a hidden tab ends its session after this time

/**
 * @typedef {import("./environment.js").Environment} Environment
 * @typedef {import("./session.js").Options & {user?: string}} Options user: the site's opaque key for the user, if the
 *   caller already knows it
 */

export class Life extends SessionLife {
	/** @type {Departure} */ #departure;
	/** @type {import("./attach.js").Attachment | null} */ #leaving = null; // waits for the server's answer to a log-out
	/** @type {any} */ #restTimer = null;
	/** @type {any} */ #staysTimer = null;
	#known; // the site's opaque key for the user, if the caller knew it; otherwise ""

	/** @param {Options} [options] */
	constructor(options = {}) {
		super(options);
		this.#known = options.user ?? "";
		this.#departure = new Departure(this.env, () => this.#prepareHandover());
	}

	/**
	 * Takes the data block out of the page and connects.
	 * @param {string} [user] the key of a guest who has just entered a name; if it is missing, the user in the options is used
	 */
	start(user) {
		if (this.phase !== "new") return;
		this.#known = user ?? this.#known;
		const { document, window, now, pageAge } = this.env;
		window.addEventListener("pageshow", (event) => /** @type {PageTransitionEvent} */ (event).persisted && this.#onBack());
		window.addEventListener("pagehide", () => this.#onGone(this.#departure.staysOnSite));
		document.addEventListener("freeze", () => this.#onGone(false));
		document.addEventListener("resume", () => this.#onBack());
		window.addEventListener("online", () => this.#onOnline());
		document.addEventListener("visibilitychange", () => this.#onVisible());

		const block = takeDataBlock(document);
		const session = parseSession(block, { page: window.location.href, madeAt: now() - pageAge() });
		if (session) this.pace.bound(true);
		this.open(session, this.#known || readUser(block));
	}

	/**
	 * Ends the chat session for good, here and in the site's other tabs, and removes the user's data
	 * from the browser. Resolves when the server has answered, after LEAVE_MAX_MS at the latest.
	 */
	logout() {
		this.tabs.tellOut();
		return this.#endForAll();
	}

	/**
	 * Called when another tab has logged out. That tab waits for the server's answer, which only the holder gets, so the
	 * holder ends the session.
	 * @override
	 */
	onLoggedOut() {
		const reason = { url: `${this.base}/` };
		if (this.share.joined && this.share.holds) this.#endForAll("needs-login", reason);
		else this.end("needs-login", reason);
	}

	/** @param {string} [type] as for end() @param {any} [detail] as for end() */
	async #endForAll(type, detail) {
		const attachment = this.attachment;
		const ended = !this.share.holds ? this.share.heardEnded() : this.connection ? attachment?.end() : attachment?.leave();
		this.#leaving = attachment;
		this.end(type, detail, false);
		const soon = new Promise((resolve) => this.env.setTimeout(() => resolve(undefined), LEAVE_MAX_MS));
		if (ended) await Promise.race([ended, soon]);
		this.#finishLeaving();
		this.share.tellEnded();
		this.share.leave();
	}

	/** Call this when the log-out has waited long enough, or when the page is being left. */
	#finishLeaving() {
		this.#leaving?.endNow();
		this.#leaving = null;
	}

	/** @override Called when another tab reports a different user. Asks the site who is logged in. */
	async checkUser() {
		const answer = await this.supply.who();
		const other = answer.kind === "user" && answer.user !== this.user;
		if (other && this.phase === "stopped") this.tell("other-user");
		else if (other) this.end("other-user");
		else this.refuse(answer);
	}

	// ---- the page is shown and left ----

	/**
	 * Stores the session when a navigation begins, before the answer with the next page arrives. If only
	 * one of this page and the next has a Cross-Origin-Opener-Policy, Firefox copies the storage for the
	 * next page when that answer arrives. So data that is stored later, at pagehide, is lost. This
	 * page can still send a request after the copy. The next page repeats that request, and a server
	 * accepts the duplicate. Firefox 140 has no Navigation API, but its beforeunload comes early enough
	 * too, and does not keep the page out of the back/forward cache.
	 */
	#prepareHandover() {
		const session = this.user !== "" && this.phase === "ready" && !this.share.hasOthers ? this.attachment?.asLeft : null;
		if (!session) return;
		this.handover.prepare({ user: this.user, session, state: this.keep() });
		const { setTimeout, clearTimeout } = this.env;
		clearTimeout(this.#staysTimer);
		this.#staysTimer = setTimeout(() => this.handover.withdraw(), NAVIGATION_MAX_MS);
	}

	/**
	 * Called when the page is left, or when the browser freezes it. If another tab is open, gives that
	 * tab the session. Otherwise hands the session over to the next page of the site, or ends it.
	 * @param {boolean} stays true if the browser goes to another page of the site
	 */
	#onGone(stays) {
		this.#finishLeaving();
		if (this.phase === "left") return; // #onGone() was already called for pagehide; freeze follows if the page is cached
		const ready = this.phase === "ready";
		const { hasOthers, holds } = this.share;
		const unsent = this.attachment?.unsent ?? [];
		const handsOver = hasOthers || (stays && this.handover.possible && this.user !== "");
		const session = ready && handsOver && holds ? this.attachment?.handOver(hasOthers) : null;
		if (session && hasOthers) this.share.pass({ session, unsent });
		if (session && !hasOthers) this.handover.put({ user: this.user, session, state: this.keep() });
		else if (ready && (session || !holds)) this.handover.withdraw(); // another tab continues the session
		else if (this.supply.left && stays) this.handover.put(this.supply.left);
		else this.#endOnLeaving();
		this.supply.dropSpare();
		for (const timer of [this.retryTimer, this.#staysTimer, this.#restTimer]) this.env.clearTimeout(timer);
		this.tabs.close();
		this.share.leave();
		this.handover.release();
		this.#departure.forget();
		if (this.phase !== "stopped" && this.phase !== "new") this.phase = "left";
	}

	#endOnLeaving() {
		this.attachment?.leave();
		this.handover.withdraw();
	}

	/**
	 * Called when the page is back from the back/forward cache, or is not frozen any more. Its session
	 * has ended or was handed over.
	 */
	#onBack() {
		if (this.phase !== "left") return;
		const unsent = this.attachment?.unsent ?? [];
		this.attachment = this.supply.left = null;
		if (unsent.length > 0) this.tell("unsent", { ids: unsent });
		this.tell("lost", { reason: "page-restored", retryIn: 0 });
		if (this.pace.wait(true) === 0) this.open(null, "");
		else this.schedule("page-restored", true);
	}

	#onOnline() {
		if (this.phase === "lost" && this.share.holds) this.schedule("online", true);
		else this.attachment?.check();
	}

	#onVisible() {
		const visible = this.env.document.visibilityState === "visible";
		this.env.clearTimeout(this.#restTimer);
		if (!visible && !this.share.possible) this.#restTimer = this.env.setTimeout(() => this.#rest(), REST_AFTER_MS);
		if (!visible) return;
		if (this.phase === "lost" && this.loss?.reason === HIDDEN) this.schedule(HIDDEN, true);
		this.attachment?.check();
		this.share.probe();
	}

	/**
	 * Ends the session of a hidden tab, because its requests would take connections to the site from the
	 * tab that is visible.
	 */
	#rest() {
		if (this.phase !== "ready") return;
		this.attachment?.leave();
		this.attachment = null;
		this.tellLost(HIDDEN, null);
	}
}
