// What the chat session needs from the browser. Tests use an environment of their own instead.

const VENDOR = "./vendor/strophe.js";

/**
 * @typedef {import("./attach.js").Client} Client
 *
 * @typedef {object} Environment
 * @property {typeof fetch} fetch
 * @property {() => number} now
 * @property {() => number} random
 * @property {(run: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {(run: () => void) => void} [soon] runs a function after the current task, without a timer, because hidden tabs delay timers
 * @property {(ms: number) => void} [hold] blocks the page for this time
 * @property {Document} document
 * @property {EventTarget & {location: {href: string}}} window
 * @property {() => number} pageAge milliseconds since the page was requested
 * @property {Storage | null} [storage] sessionStorage
 * @property {LockManager | null} [locks]
 * @property {typeof BroadcastChannel | null} [Channel]
 * @property {EventTarget | null} [navigation] the Navigation API, which reports where the page goes
 */

/**
 * @template T @param {() => T} get
 * @returns {T | null} null if the browser does not have this feature, or forbids it here
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
export function browserEnvironment() {
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
export async function loadClient() {
	await import(VENDOR);
	// read now, because the page can load another Strophe.js later
	const { Strophe, $iq, $msg, $pres, $build } = /** @type {any} */ (globalThis);
	Strophe.setLogLevel(Strophe.LogLevel.FATAL);
	return { Strophe, $iq, $msg, $pres, $build };
}
