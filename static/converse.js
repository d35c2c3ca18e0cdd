// The chat page if the configuration has `client = converse`. Starts Converse.js with the data block,
// removes the data of a previous user, and ends the chat session when the user logs out. Converse.js itself asks prebind.json for
// its sessions.
import { askWho, takeDataBlock } from "./bind.js";
import { forgetAll } from "./handover.js";
import { discard } from "./lastwords.js";
import { BindPace } from "./pace.js";
import { Spacing } from "./spacing.js";
import { Tabs } from "./tabs.js";

const OWNER_KEY = "prebind-user"; // the site's opaque key for the user whose data Converse.js has stored here
const LOGOUT_MAX_MS = 2_000;
const LOGIN_LOOKS = 20; // after a log-out in another tab, this tab checks at most this many times whether the login has ended
const LOGIN_LOOK_MS = 500;
const CONVERSE = "./vendor/converse/converse.min.js";

const CLOCK = {
	now: () => Date.now(),
	setTimeout: (/** @type {() => void} */ run, /** @type {number} */ ms) => setTimeout(run, ms),
	clearTimeout: (/** @type {any} */ timer) => clearTimeout(timer),
};

const base = document.body.dataset.base ?? "";
const block = /** @type {any} */ (takeDataBlock(document));
/** @type {any} */ let api = null; // the API of Converse.js, after it has started
let wasConnected = false;

/**
 * Clears localStorage and sessionStorage, and deletes the databases that Converse.js makes although it is told to use
 * sessionStorage.
 */
async function forgetConverse() {
	forgetAll();
	const databases = (await indexedDB.databases?.()) ?? [];
	for (const { name } of databases) if (name?.startsWith("converse")) indexedDB.deleteDatabase(name);
}

/**
 * Ends the session that Converse.js has stored. When a page starts, this is the previous page's session.
 * If this page continued that session, the answer to the previous page's last request would be lost. With
 * Prosody this page would then wait for the lost answer.
 */
function endStored() {
	try {
		const { sid, rid } = JSON.parse(window.sessionStorage.getItem("strophe-bosh-session") ?? "{}");
		const url = new URL(block.bosh_url, location.href).href;
		if (sid && rid) discard({ fetch: window.fetch.bind(window) }, { sid, rid, url });
	} catch {
		// No session is stored, or the stored session cannot be read.
	}
	for (const kind of [window.sessionStorage, window.localStorage])
		for (const key of Object.keys(kind)) if (/bosh-session/.test(key)) kind.removeItem(key);
}

async function makeRoomFor(/** @type {string} */ user) {
	try {
		endStored();
		if (window.localStorage.getItem(OWNER_KEY) === user) return;
		await forgetConverse();
		window.localStorage.setItem(OWNER_KEY, user);
	} catch {
		// The storage is forbidden, so it has no data of a previous user.
	}
}

/**
 * Logs Converse.js out. Converse.js then raises errors about data that its own log-out has removed. These
 * errors are not shown.
 */
async function endSession() {
	for (const type of ["error", "unhandledrejection"]) window.addEventListener(type, (event) => event.preventDefault());
	const soon = new Promise((resolve) => setTimeout(resolve, LOGOUT_MAX_MS));
	try {
		await Promise.race([api?.user.logout(), soon]);
		window.localStorage.removeItem(OWNER_KEY);
		await forgetConverse();
	} catch {
		// If the log-out fails, the session ends when the page is left.
	}
}

/** Waits until the user's login has ended. A page that is loaded earlier would start a new chat. */
async function loginEnded() {
	const how = { url: `${base}/prebind.json`, page: location.href, fetch: window.fetch.bind(window), now: Date.now };
	for (let looks = 0; looks < LOGIN_LOOKS; looks++) {
		if ((await askWho(how)).kind === "needs-login") return;
		await new Promise((resolve) => setTimeout(resolve, LOGIN_LOOK_MS));
	}
}

const leave = async () => {
	await endSession();
	await loginEnded();
	location.assign(`${base}/`);
};

const pace = new BindPace({ now: Date.now, random: Math.random });
/** @type {any} */ let retryTimer = null;

/**
 * Call this when prebind.json has refused a session. Converse.js stops asking after the second
 * refusal at the latest, so this page asks again later.
 * @param {number} [orderedMs] the time in the Retry-After header
 */
function askLater(orderedMs) {
	pace.failed(orderedMs);
	clearTimeout(retryTimer);
	retryTimer = setTimeout(askAgain, pace.wait());
}

async function askAgain() {
	pace.bound();
	const answer = await askWho({ url: `${base}/prebind.json`, page: location.href, fetch: window.fetch.bind(window), now: Date.now });
	if (answer.kind === "later") askLater(answer.afterMs);
	if (answer.kind === "needs-login") location.assign(`${base}/`);
	if (answer.kind !== "user") return;
	// Converse.js has destroyed its connection, so this makes a new connection. `reconnecting` keeps Converse.js
	// from initialising its parts a second time.
	api.connection.init(block.account).reconnecting = wasConnected;
	api.user.login(block.account);
}

const tabs = new Tabs(globalThis.BroadcastChannel ?? null, { out: leave, other: () => location.reload() }, base);

/** @param {SubmitEvent} event */
async function onLogout(event) {
	event.preventDefault();
	tabs.tellOut();
	await endSession();
	/** @type {HTMLFormElement} */ (event.target).submit();
}

async function start() {
	await makeRoomFor(block.user);
	// The footer of Converse.js would load pictures from another host, so an empty element replaces the footer.
	customElements.define("converse-footer", class extends HTMLElement {});
	const converse = (await import(CONVERSE)).default;
	converse.plugins.add("prebind", {
		initialize() {
			api = this._converse.api;
			// Each new connection needs a Spacing, because Converse.js replaces a destroyed connection with a new one.
			api.listen.on("connectionInitialized", () => new Spacing(api.connection.get(), CLOCK));
			api.listen.on("connected", () => (wasConnected = true));
			api.listen.on("noResumeableBOSHSession", () => askLater());
			api.listen.on("will-reconnect", () => clearTimeout(retryTimer)); // Converse.js asks for a session itself
		},
	});
	await converse.initialize({
		assets_path: `${base}/static/vendor/converse/`,
		authentication: "prebind",
		prebind_url: `${base}/prebind.json`,
		bosh_service_url: new URL(block.bosh_url, location.href).href,
		jid: block.account,
		auto_login: true,
		persistent_store: "sessionStorage", // so that nothing outlives the tab
		allow_logout: false, // users log out with our own button, which also ends the login
		allow_registration: false,
		blacklisted_plugins: ["converse-omemo", "converse-omemo-views", "converse-register"],
		whitelisted_plugins: ["prebind"],
		clear_cache_on_logout: true,
		discover_connection_methods: false,
		i18n: document.documentElement.lang,
		loglevel: "fatal", // its log can contain whole answers of the server
		play_sounds: false,
		view_mode: "fullscreen",
	});
	tabs.open(block.user);
}

document.getElementById("logout")?.addEventListener("submit", (event) => onLogout(/** @type {SubmitEvent} */ (event)));
if (block?.user) start();
