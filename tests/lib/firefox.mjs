/*
 * Debian's Firefox, by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), which Firefox speaks
 * itself: one browser, and a container with its own cookies and storage for each person.
 */
import WebSocket from "ws";
import { Tab } from "./tab.mjs";
import { freePorts } from "./wait.mjs";

/** Nothing that a new profile fetches or shows by itself. */
const PREFERENCES = {
	"browser.aboutwelcome.enabled": false,
	"browser.shell.checkDefaultBrowser": false,
	"browser.startup.homepage_override.mstone": "ignore",
	"datareporting.policy.dataSubmissionEnabled": false,
	"toolkit.telemetry.reportingpolicy.firstRun": false,
};

/**
 * Runs in each page before its own scripts: BiDi does not report what the policy forbids. It needs a sandbox, because
 * Firefox 140 calls a preload script without one with arguments that the first, empty page of a tab must not read.
 */
const REPORT_POLICY = `() => addEventListener("securitypolicyviolation", (event) =>
	console.error("Content-Security-Policy: " + event.violatedDirective + " " + event.blockedURI))`;

/** A BiDi connection: sends commands and hears events. */
class Bidi {
	#sent = new Map();
	#socket;
	#last = 0;

	constructor(socket, onEvent) {
		this.#socket = socket;
		socket.on("message", (data) => {
			const message = JSON.parse(data);
			if (message.type === "event")
				onEvent(message);
			this.#sent.get(message.id)?.(message);
			this.#sent.delete(message.id);
		});
		socket.on("close", () => this.#sent.forEach((answer, id) => answer({ id, error: "closed", message: "Firefox is gone" })));
	}

	static async open(url, onEvent) {
		const socket = new WebSocket(url);
		await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
		return new Bidi(socket, onEvent);
	}

	async send(method, params = {}) {
		const id = ++this.#last;
		const answer = await new Promise((resolve) => {
			this.#sent.set(id, resolve);
			this.#socket.send(JSON.stringify({ id, method, params }));
		});
		if (answer.error)
			throw new Error(`${method}: ${answer.error}: ${answer.message}`);
		return answer.result;
	}

	close() {
		this.#socket.terminate();
	}
}

class FirefoxTab extends Tab {
	constructor(bidi, context) {
		super();
		Object.assign(this, { bidi, context });
	}

	async evaluateText(expression) {
		const answer = await this.bidi.send("script.evaluate", { expression, awaitPromise: false, target: { context: this.context } });
		if (answer.type !== "success")
			throw new Error(answer.exceptionDetails.text);
		return answer.result.value;
	}

	perform(actions) {
		return this.bidi.send("input.performActions", { context: this.context, actions });
	}

	goto(url) {
		return this.bidi.send("browsingContext.navigate", { context: this.context, url, wait: "complete" });
	}

	back() {
		return this.bidi.send("browsingContext.traverseHistory", { context: this.context, delta: -1 });
	}

	/** Shows this tab and not the others. */
	front() {
		return this.bidi.send("browsingContext.activate", { context: this.context });
	}
}

class FirefoxPerson {
	constructor(bidi, userContext) {
		Object.assign(this, { bidi, userContext });
	}

	async newTab() {
		const { context } = await this.bidi.send("browsingContext.create", { type: "tab", userContext: this.userContext });
		return new FirefoxTab(this.bidi, context);
	}

	/** Closes all tabs, and forgets cookies and storage. */
	leave() {
		return this.bidi.send("browser.removeUserContext", { userContext: this.userContext });
	}
}

/**
 * @param {import('./place.mjs').Place} place
 * @returns {Promise<{ newPerson: () => Promise<FirefoxPerson>, complaints: () => string[] }>} complaints: what the
 *   console of the pages has said since the last call
 */
export async function startFirefox(place) {
	const [port] = await freePorts(1);
	const profile = place.folder("firefox");
	place.write("firefox/user.js", Object.entries(PREFERENCES).map(([name, value]) =>
		`user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(""));
	const argv = ["firefox-esr", "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", String(port)];
	const child = place.start("firefox", [...argv, "about:blank"]);
	await place.ready(child, () => child.stderr.includes("WebDriver BiDi listening"));
	const complaints = [];
	const bidi = await Bidi.open(`ws://127.0.0.1:${port}/session`, ({ method, params }) => {
		if (method === "log.entryAdded" && ["error", "warn"].includes(params.level))
			complaints.push(`${params.level}: ${params.text} (${params.stackTrace?.callFrames[0]?.url ?? params.type})`);
	});
	place.onClose(() => bidi.close());
	await bidi.send("session.new", { capabilities: {} });
	await bidi.send("session.subscribe", { events: ["log.entryAdded"] });
	await bidi.send("script.addPreloadScript", { functionDeclaration: REPORT_POLICY, sandbox: "policy" });
	return {
		newPerson: async () => new FirefoxPerson(bidi, (await bidi.send("browser.createUserContext")).userContext),
		complaints: () => complaints.splice(0),
	};
}
