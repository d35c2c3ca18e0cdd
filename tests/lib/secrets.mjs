/*
 * Collects every jid, sid and rid that the site sends to a page. They must stay inside the page's
 * script, so tests look for them everywhere else.
 */
const SESSION_ANSWER = /\/chat\/(prebind\.json)?$/;
const LONG_ENOUGH = 5; // a shorter value would be found by accident

export class Secrets {
	/** @type {Map<string, string>} value to name */
	values = new Map();
	#addresses = [];
	#console = [];
	#page;

	/** @param {import('playwright-core').Page} page before it is opened */
	constructor(page) {
		this.#page = page;
		page.on("console", (message) => this.#console.push(message.text()));
		page.on("request", (request) => this.#addresses.push(request.url(), JSON.stringify(request.headers())));
		page.on("response", async (response) => {
			if (!SESSION_ANSWER.test(response.url()) || response.status() !== 200) return;
			const text = await response.text().catch(() => "");
			for (const [, name, value] of text.matchAll(/"(jid|sid|rid)":"([^"]*)"/g))
				if (value.length >= LONG_ENOUGH) this.values.set(value, name);
		});
	}

	/** Returns where each of them is found now. @returns {Promise<string[]>} "sid in PLACE" */
	async found() {
		const places = {
			...await this.#page.evaluate(() => ({
				document: new XMLSerializer().serializeToString(document),
				"address and title": JSON.stringify([location.href, document.title, document.referrer, history.state, window.name]),
				"document.cookie": document.cookie,
				localStorage: JSON.stringify(Object.entries(window.localStorage)),
				sessionStorage: JSON.stringify(Object.entries(window.sessionStorage)),
			})),
			cookies: JSON.stringify(await this.#page.context().cookies()),
			"addresses and headers": this.#addresses.join("\n"),
			console: this.#console.join("\n"),
		};
		return [...this.values].flatMap(([value, name]) =>
			Object.entries(places).filter(([, text]) => text.includes(value)).map(([where]) => `${name} in ${where}`));
	}

	/** A summary for the test's output. */
	toString() {
		return `${this.values.size} secrets, ${this.#addresses.length / 2} requests, ${this.#console.length} console lines`;
	}
}
