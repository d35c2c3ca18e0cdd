// Tells whether the browser leaves this page for another page of the site. The Navigation API reports
// where a link leads. This API does not report the browser's own buttons and keys, so this module also
// watches for the reload key. A browser without the Navigation API reports only that the page is about
// to be left.

// if a page ends within this time after a click on a link, the click counts as the reason
export const NAVIGATION_MAX_MS = 10_000;
const RELOAD_MAX_MS = 2_000; // if a page ends within this time after the reload key was pressed, the key counts as the reason

export class Departure {
	/** @type {Pick<import("./environment.js").Environment, "window" | "navigation" | "now">} */ #env;
	#until = 0; // if the page ends before this time, the browser goes to another page of the site

	/**
	 * @param {Pick<import("./environment.js").Environment, "window" | "navigation" | "now">} env
	 * @param {() => void} onStart called when a navigation to another page of the site begins.
	 *   Without the Navigation API it is called for a navigation to any page, and also for a download
	 */
	constructor(env, onStart) {
		this.#env = env;
		if (env.navigation) env.navigation.addEventListener("navigate", (event) => this.#onNavigate(event, onStart));
		else env.window.addEventListener("beforeunload", () => onStart());
		env.window.addEventListener("keydown", (event) => this.#onKey(/** @type {KeyboardEvent} */ (event)), { capture: true });
	}

	/** Whether the browser goes to another page of the site. Always true without the Navigation API. */
	get staysOnSite() {
		return !this.#env.navigation || this.#env.now() < this.#until;
	}

	/** Forgets the navigation. Call this after the page was left, because the page can come back from the back/forward cache. */
	forget() {
		this.#until = 0;
	}

	/** @param {Event} event @param {() => void} onStart */
	#onNavigate(event, onStart) {
		const { destination, downloadRequest } = /** @type {any} */ (event);
		const { href } = this.#env.window.location;
		const inside = downloadRequest === null && new URL(destination.url).origin === new URL(href).origin;
		if (destination.sameDocument) return;
		this.#until = inside ? this.#env.now() + NAVIGATION_MAX_MS : 0;
		if (inside) onStart();
	}

	/** @param {KeyboardEvent} event */
	#onKey(event) {
		const reload = event.key === "F5" || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "r");
		if (reload) this.#until = this.#env.now() + RELOAD_MAX_MS;
	}
}
