/*
 * A tab of a browser that is driven by WebDriver: what a person does in it, and what they see. The
 * engines (firefox.mjs, webkit.mjs) differ only in how a script and an input reach the tab.
 */
import { until } from "./wait.mjs";

const ENTER = "\uE007"; // WebDriver's code for the key
const STEP_S = 60; // a step takes well under a second, but much longer on a busy machine
const KEYBOARD = { type: "key", id: "keyboard" };
const MOUSE = { type: "pointer", id: "mouse", parameters: { pointerType: "mouse" } };

/**
 * Runs in the page: looks for the first visible element, in the page and in the shadow tree of our
 * embed. Returns what is known of it; null: there is none. hold: keeps the element in its place, so
 * that a person can click on it.
 */
function find({ selector, text, hold }) {
	const roots = [document, document.querySelector("#prebind-chat")?.shadowRoot].filter(Boolean);
	const seen = (el) => el.checkVisibility({ visibilityProperty: true }) && (el.textContent.includes(text) || el.value === text);
	const el = roots.flatMap((root) => [...root.querySelectorAll(selector)]).find(seen);
	if (!el)
		return null;
	if (hold)
		el.scrollIntoView({ block: "nearest", behavior: "instant" });
	const { x, y, width, height } = el.getBoundingClientRect();
	const [left, top] = [Math.round(x + width / 2), Math.round(y + height / 2)];
	const focused = (root) => root.activeElement?.shadowRoot ? focused(root.activeElement.shadowRoot) : root.activeElement;
	const covering = el.getRootNode().elementFromPoint(left, top);
	return { x: left, y: top, free: el.contains(covering) && !el.disabled, focused: focused(document) === el, value: el.value ?? "" };
}

export class Tab {
	/**
	 * Runs a function in the page and returns its value. Functions and values are sent as text.
	 * @param {Function} run
	 * @param {any} [argument]
	 * @returns {Promise<any>}
	 */
	async evaluate(run, argument = null) {
		const text = await this.evaluateText(`(argument => JSON.stringify((${run})(argument) ?? null))(${JSON.stringify(argument)})`);
		return JSON.parse(text);
	}

	/** Waits for a visible element that contains the text. */
	see(selector, text = "") {
		const what = text ? `${selector} with "${text}"` : selector;
		return until(what, () => this.evaluate(find, { selector, text, hold: false }), { seconds: STEP_S });
	}

	/** Waits until there is no such element to be seen. */
	seeNo(selector, text = "") {
		return until(`no ${selector}`, async () => !(await this.evaluate(find, { selector, text, hold: false })), { seconds: STEP_S });
	}

	/** Waits until the page has this state. */
	ready() {
		return this.see("[data-state=ready]");
	}

	/** Clicks on an element when it stands still and nothing covers it. */
	async click(selector, text = "") {
		let last = {};
		const { x, y } = await until(`${selector} to click on`, async () => {
			const before = last;
			last = await this.evaluate(find, { selector, text, hold: true });
			return last?.free && last.x === before?.x && last.y === before?.y && last;
		}, { seconds: STEP_S });
		await this.perform([{ ...MOUSE, actions: [
			{ type: "pointerMove", x, y, duration: 0 }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 },
		] }]);
	}

	/** Types a text into a field, which must be empty. */
	async type(selector, text) {
		await this.click(selector);
		await until(`${selector} to have the focus`, async () => (await this.evaluate(find, { selector, text: "", hold: false }))?.focused, { seconds: STEP_S });
		await this.keys(text);
		await until(`${selector} to hold the text`, async () => (await this.evaluate(find, { selector, text: "", hold: false }))?.value === text, { seconds: STEP_S });
	}

	keys(text) {
		const actions = [...text].flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]);
		return this.perform([{ ...KEYBOARD, actions }]);
	}

	/** Writes a message in the open conversation. */
	async write(text) {
		await this.type("#compose", text);
		await this.keys(ENTER);
		await this.see(".message.out .text", text);
	}

	/** The texts of the open conversation, in order. */
	texts() {
		return this.evaluate(() => {
			const root = document.querySelector("#prebind-chat")?.shadowRoot ?? document;
			return [...root.querySelectorAll(".log:not([hidden]) .message .text")].map((el) => el.textContent);
		});
	}

	/** Goes to an address as a link of the page would, and waits for the page there. */
	async follow(url) {
		await this.evaluate((to) => {
			location.assign(to);
		}, url);
		await this.arrive(new URL(url).pathname);
	}

	/** Waits until the tab shows the page with this path, loaded. */
	arrive(path) {
		return until(`the page ${path}`, () => this.evaluate((wanted) =>
			location.pathname === wanted && document.readyState === "complete", path), { seconds: STEP_S });
	}

	/** Reloads as a script of the page would, and waits for the new page. */
	async reload() {
		await this.evaluate(() => {
			window.former = true;
			location.reload();
		});
		await until("the page after the reload", () => this.evaluate(() =>
			!window.former && document.readyState === "complete"), { seconds: STEP_S });
	}
}
