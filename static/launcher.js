// Chat on any page of the site, with one tag:
//   <script type="module" async src="/chat/static/embed.js" data-prebind="/chat/"></script>
// embed.js is this module with all that it imports (bundle.mjs). It adds a button, and a panel that
// is loaded when the user is about to open it. Both are in a shadow tree, so that their styles and
// the page's do not affect each other. If nobody is logged in and the site has no guests, nothing
// is shown. docs/embed.md describes the options, and what a Content-Security-Policy must allow.
import { askForSession, askWho } from "./bind.js";
import { h, icon } from "./dom.js";
import { forgetOurs, hasLeft, leftIsClear, onlineUser } from "./handover.js";
import { isHeld } from "./holder.js";
import { importPanel } from "./late.js";
import { onPageLinks } from "./pagelinks.js";
import { drawDots } from "./pagedots.js";
import { roomJid } from "./stanza.js";
import { keptUnread, tabStorage } from "./storage.js";
import { styleTexts } from "./styles.js";
import { fill, TEXT } from "./texts.js";

const OPEN_KEY = "prebind-open"; // storage key; the value is the site's opaque key for the user whose panel is open in this tab
const BUBBLE = "M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z";

// events that show that the user is about to open the panel
const INTENTS = ["pointerenter", "pointerdown", "focus"];

/**
 * Finds the module's own tag by the tag's URL, because document.currentScript is null in a module.
 */
function findTag() {
	const own = new URL(import.meta.url).pathname;
	const tags = Array.from(document.querySelectorAll("script[data-prebind]"));
	return tags.find((tag) => new URL(/** @type {HTMLScriptElement} */ (tag).src, location.href).pathname === own) ?? tags[0];
}

const tag = /** @type {HTMLElement | undefined} */ (findTag());
const base = (tag?.dataset.prebind ?? new URL("..", import.meta.url).pathname).replace(/\/$/, "");
const eager = tag?.dataset.eager !== undefined;

/** Returns the reader's own text size in pixels, without the page's styles. */
function readersTextSize() {
	const probe = h("span", { hidden: true });
	probe.style.setProperty("font-size", "medium", "important");
	document.body.append(probe);
	const size = parseFloat(window.getComputedStyle(probe).fontSize);
	probe.remove();
	return size > 0 ? size : 16;
}

/**
 * Makes our style sheets. Replaces each rem by the reader's own text size, because the page can
 * change the size of a rem.
 */
async function makeStyles() {
	const texts = await styleTexts();
	const size = readersTextSize();
	return texts.map((text) => {
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(text.replace(/(\d*\.?\d+)rem\b/g, (_, count) => `${Number(count) * size}px`));
		return sheet;
	});
}

const how = () => ({ url: `${base}/prebind.json`, page: location.href, fetch: window.fetch.bind(window), now: Date.now });

/**
 * Whether the previous page, or another tab, has a session that this page can use. A page that closes stores
 * its session before it releases its lock. So the lock is checked first, then the stored session.
 * @param {string} user the site's opaque key for the user
 */
async function hasSession(user) {
	if (await isHeld(navigator.locks, base)) return true;
	const { navigation } = /** @type {any} */ (window);
	await leftIsClear(user, { setTimeout: (run, ms) => setTimeout(run, ms), storage: tabStorage(), navigation });
	return hasLeft();
}

/** Resolves when the page has a body. A module with `async` can run before the page has a body. */
function pageParsed() {
	if (document.readyState !== "loading") return Promise.resolve();
	return new Promise((resolve) => document.addEventListener("DOMContentLoaded", () => resolve(undefined), { once: true }));
}

/** @type {Promise<typeof import("./panel.js")> | null} */
let code = null;

/** Fetches the panel, once. */
function fetchCode() {
	code ??= importPanel();
	code.catch(() => (code = null)); // the next call tries again
	return code;
}

class Embed {
	/** @type {ReturnType<typeof import("./panel.js").openPanel> | null} */ #panel = null;
	/** @type {Promise<void> | null} */ #loading = null; // shared by all callers of #load()
	#removed = false;
	#user;
	#site;
	#host = h("prebind-chat", { id: "prebind-chat" });
	#root = this.#host.attachShadow({ mode: "open" });
	#count = h("span", { class: "badge", hidden: true });
	#button = h("button", { class: "launcher", type: "button", "aria-expanded": "false" }, icon(BUBBLE, 28), this.#count);

	/**
	 * @param {string} user the site's opaque key for the user; "" if not known
	 * @param {import("./bind.js").SiteInfo} [site] what the site's configuration says
	 */
	constructor(user, site) {
		this.#user = user;
		this.#site = site;
		this.#root.append(this.#button);
		this.#button.addEventListener("click", () => this.#show(!this.#shown));
		for (const intent of INTENTS) this.#button.addEventListener(intent, () => void fetchCode(), { passive: true });
		this.#label(0);
		if (tag?.dataset.side) this.#host.dataset.side = tag.dataset.side;
	}

	get #shown() {
		return this.#panel !== null && !this.#panel.frame.hidden;
	}

	/** Whether this user was online in this tab, even if the previous page could not hand over its session. */
	get #wasOnline() {
		return this.#user !== "" && onlineUser() === this.#user;
	}

	async start() {
		this.#root.adoptedStyleSheets = await makeStyles();
		this.#keepHost();
		this.#countKept();
		for (const type of ["storage", "pageshow"]) window.addEventListener(type, () => this.#countKept());
		const wasOpen = this.#user !== "" && tabStorage()?.getItem(OPEN_KEY) === this.#user;
		if (wasOpen) this.#show(true, false);
		else if (eager || hasLeft() || this.#wasOnline) this.#load();
	}

	/** Shows the number of unread messages until the panel is loaded. */
	#countKept() {
		if (!this.#panel && this.#user) this.#label(keptUnread(this.#user));
	}

	/**
	 * @param {boolean} open @param {boolean} [byHand] true if the user opened or closed it; then the keyboard focus moves too
	 */
	async #show(open, byHand = true) {
		if (open) await this.#load();
		if (!this.#panel) return;
		this.#panel.frame.hidden = !open;
		this.#button.setAttribute("aria-expanded", String(open));
		this.#label(this.#panel.ui.unread);
		this.#keepOpen(open);
		if (open) this.#panel.ui.shown();
		if (!byHand) return;
		if (open) /** @type {HTMLElement | null} */ (this.#panel.frame.querySelector(".close"))?.focus();
		else this.#button.focus();
	}

	/** @param {boolean} open */
	#keepOpen(open) {
		try {
			tabStorage()?.setItem(OPEN_KEY, open ? this.#user : "");
		} catch {
			// Without storage the next page shows the panel closed.
		}
	}

	/** @param {string} user the site's opaque key for the user; a guest gets a different key after entering a name */
	#onUser(user) {
		if (this.#user === user) return;
		this.#user = user;
		if (this.#shown) this.#keepOpen(true);
	}

	/**
	 * Adds the host element beside the body, because some libraries replace the body instead of
	 * loading a new page. If the host element is removed, it is added again.
	 */
	#keepHost() {
		const html = document.documentElement;
		const hang = () => {
			if (!this.#removed && !this.#host.isConnected) document.documentElement.append(this.#host);
		};
		hang();
		new MutationObserver(hang).observe(html, { childList: true });
		new MutationObserver(hang).observe(document, { childList: true });
	}

	#load() {
		return (this.#loading ??= this.#build().catch(() => {
			this.#loading = null; // the next click tries again
		}));
	}

	/** Loads and builds the panel. Asks for a session while the code is being loaded. */
	async #build() {
		fetchCode();
		const ahead = this.#site?.guest === "new" || (await hasSession(this.#user)) ? undefined : askForSession(how());
		const { openPanel } = await fetchCode();
		const root = this.#root;
		this.#panel = openPanel({
			root,
			base,
			user: this.#user,
			ahead,
			site: this.#site,
			onUnread: (n) => this.#label(n),
			onWanted: () => this.#show(true),
			onClose: () => this.#show(false),
		});
		this.#panel.chat.addEventListener("needs-login", () => this.#remove());
		this.#panel.chat.addEventListener("other-user", () => this.#removed || location.reload());
		this.#panel.chat.addEventListener("user", (event) => this.#onUser(/** @type {any} */ (event).detail.user));
		if (this.#site?.people) drawDots(this.#panel);
	}

	/** Whether the site shows its people in the chat, so that elements of its pages can open conversations with them. */
	get hasPeople() {
		return Boolean(this.#site?.people);
	}

	/** Opens a conversation with a user of the site. @param {string} user */
	async chatWith(user) {
		await this.#show(true);
		await this.#panel?.ui.chatWith(user);
	}

	/**
	 * Opens a room of the page.
	 * @param {string} room the room's JID, or the JID's first part if the domain is that of the site's rooms
	 * @param {string} name the name to show
	 */
	async openRoom(room, name) {
		const jid = roomJid(room, this.#site?.rooms[0]?.jid ?? "");
		if (!jid) throw new Error(`data-prebind-room="${room}" is not the address of a room; write NAME@DOMAIN, or set the key rooms`);
		await this.#show(true);
		await this.#panel?.ui.openRoom(jid, name || room);
	}

	/** Opens a conversation with the site's staff. */
	async askStaff() {
		await this.#show(true);
		await this.#panel?.ui.askStaff();
	}

	/** @param {number} unread */
	#label(unread) {
		const says = this.#shown ? TEXT.closeChat : TEXT.openChat;
		const more = unread > 0 ? `, ${fill(TEXT.unreadCount, { count: unread })}` : "";
		this.#count.textContent = String(unread);
		this.#count.hidden = unread === 0;
		this.#button.setAttribute("aria-label", says + more);
	}

	/** Removes the chat, because nobody is logged in any more. */
	#remove() {
		this.#removed = true;
		this.#host.remove();
		tabStorage()?.removeItem(OPEN_KEY);
	}
}

/** Opens the chat page for a visitor who is not logged in. That page asks for the login, or redirects to login_url. */
const toLogin = () => location.assign(`${base}/`);

/**
 * Makes elements of the page open a room, or a conversation with the staff. For a visitor who is not
 * logged in they open the chat page, which asks for the login.
 * @param {Embed | null} embed null if nobody is logged in
 */
function watchPage(embed) {
	/** @param {string} attribute @param {(embed: Embed, element: HTMLElement) => void} open */
	const on = (attribute, open) =>
		onPageLinks(attribute, (element, event) => {
			event.preventDefault();
			if (embed) open(embed, element);
			else toLogin();
		});
	on("data-prebind-room", (there, { dataset, textContent }) =>
		void there.openRoom(dataset.prebindRoom ?? "", dataset.prebindName ?? textContent?.trim() ?? ""));
	on("data-prebind-ask", (there) => void there.askStaff());
}

/**
 * Makes elements with data-prebind-chat="USER" open a conversation with that user of the site.
 * @param {Embed | null} embed null if nobody is logged in
 */
function watchPeople(embed) {
	if (embed && !embed.hasPeople) return; // without people in the chat, these elements keep the behavior that the page gives them
	onPageLinks("data-prebind-chat", (element, event) => {
		event.preventDefault();
		if (embed) void embed.chatWith(element.dataset.prebindChat ?? "");
		else toLogin();
	});
}

const ONCE = Symbol.for("prebind-chat");

/** The embed of this page; null if nobody is logged in. @type {Promise<Embed | null>} */
let embedded = new Promise(() => {});

/**
 * Opens a conversation with a user of the site, as an element with data-prebind-chat does.
 * @param {string} user
 */
export async function chatWith(user) {
	const other = /** @type {any} */ (globalThis)[ONCE];
	if (other !== chatWith) return other(user); // the page has the tag twice, and the module's other copy was loaded first
	const embed = await embedded;
	if (embed) await embed.chatWith(user);
	else toLogin();
}

/** @returns {Promise<Embed | null>} */
async function start() {
	const page = /** @type {any} */ (globalThis);
	if (page[ONCE]) return null; // the page has the tag twice, perhaps with different URLs
	page[ONCE] = chatWith;
	if (eager || hasLeft() || onlineUser()) void fetchCode();
	const [answer] = await Promise.all([askWho(how()), pageParsed()]);
	/** @type {Embed | null} */ let embed = null;
	if (answer.kind === "user") embed = new Embed(answer.user, answer.site);
	else if (answer.kind === "later") embed = new Embed("");
	embed?.start();
	watchPeople(embed);
	watchPage(embed);
	if (answer.kind === "needs-login") forgetOurs(); // removes the stored data of a user whose login has ended
	return embed;
}

embedded = start();
