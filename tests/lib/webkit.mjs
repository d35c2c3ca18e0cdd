/*
 * WebKitGTK's MiniBrowser, by the WebDriver of Debian's webkit2gtk-driver
 * (https://www.w3.org/TR/webdriver2/), on a display of its own: a browser for each person, because
 * the driver has one session at a time and each session starts with nothing stored.
 */
import fs from "node:fs";
import path from "node:path";
import { Tab } from "./tab.mjs";
import { accepts, freePorts } from "./wait.mjs";

const LIBRARIES = "/usr/lib";
const COMMAND_MS = 30_000;

/** Finds the browser, which is in a folder of the machine's architecture. */
function findMiniBrowser() {
	const found = fs.readdirSync(LIBRARIES)
		.map((name) => path.join(LIBRARIES, name, "webkit2gtk-4.1", "MiniBrowser"))
		.find((file) => fs.existsSync(file));
	if (!found)
		throw new Error("MiniBrowser is not in /usr/lib/*/webkit2gtk-4.1: install webkit2gtk-driver");
	return found;
}

class WebKitTab extends Tab {
	constructor(session, handle) {
		super();
		Object.assign(this, { session, handle });
	}

	/** Sends a command to this tab. */
	async command(method, route, body) {
		if (this.session.at !== this.handle)
			await this.session.command("POST", "/window", { handle: this.handle });
		this.session.at = this.handle;
		return this.session.command(method, route, body);
	}

	evaluateText(expression) {
		return this.command("POST", "/execute/sync", { script: `return ${expression}`, args: [] });
	}

	perform(actions) {
		return this.command("POST", "/actions", { actions });
	}

	goto(url) {
		return this.command("POST", "/url", { url });
	}

	/** By script: the driver's own command waits for a load that may be over. */
	back() {
		return this.evaluate(() => history.back());
	}

	/** Shows this tab and not the others. */
	front() {
		return this.command("POST", "/window", { handle: this.handle });
	}
}

class WebKitPerson {
	constructor(driver, id) {
		Object.assign(this, { driver, id, at: "" });
	}

	command(method, route, body) {
		return this.driver(method, `/session/${this.id}${route}`, body);
	}

	/**
	 * Opens another window, because MiniBrowser does not show a new tab, and an input never reaches
	 * one that is hidden. The first window is there already.
	 */
	async newTab() {
		const first = this.at === "" && await this.command("GET", "/window");
		const handle = first || (await this.command("POST", "/window/new", { type: "window" })).handle;
		return new WebKitTab(this, handle);
	}

	/** Closes the browser, which forgets cookies and storage. */
	leave() {
		return this.command("DELETE", "");
	}
}

/** Rejects after COMMAND_MS. A signal for fetch() is not enough: Node 18 may forget it. */
function inTime(answer, route) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${route}: no answer in ${COMMAND_MS / 1000} s`)), COMMAND_MS);
	});
	return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Returns a function that sends a command to the driver on this port and returns the value. */
function driverOn(port) {
	return async (method, route, body) => {
		const answer = await inTime(fetch(`http://127.0.0.1:${port}${route}`, { method, body: body && JSON.stringify(body) }), route);
		const { value } = await inTime(answer.json(), route);
		if (!answer.ok)
			throw new Error(`${route}: ${value.error}: ${value.message}`);
		return value;
	};
}

/** Starts an X server that listens on a socket in /tmp only, and returns the display. */
async function startDisplay(place) {
	const child = place.start("Xvfb", ["Xvfb", "-displayfd", "3", "-nolisten", "tcp", "-screen", "0", "1000x800x24"],
		{ stdio: ["ignore", "pipe", "pipe", "pipe"] });
	let number = "";
	child.process.stdio[3].setEncoding("utf8").on("data", (text) => (number += text));
	await place.ready(child, () => number.endsWith("\n"));
	return `:${number.trim()}`;
}

/**
 * @param {import('./place.mjs').Place} place
 * @returns {Promise<{ newPerson: () => Promise<WebKitPerson> }>} without what the console of the pages says: under a driver
 *   WebKit is in its private mode, and prints no console
 */
export async function startWebKit(place) {
	const binary = findMiniBrowser();
	const env = { DISPLAY: await startDisplay(place), GSETTINGS_BACKEND: "memory", NO_AT_BRIDGE: "1", WEBKIT_DISABLE_COMPOSITING_MODE: "1" };
	const args = ["--automation"];
	const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": { binary, args } } };
	const startDriver = async () => {
		const [port] = await freePorts(1);
		await place.startUntil("WebKitWebDriver", ["WebKitWebDriver", `--port=${port}`], () => accepts(port), { env });
		return driverOn(port);
	};
	const newPerson = async (driver) => new WebKitPerson(driver, (await driver("POST", "/session", { capabilities })).sessionId);
	let driver = await startDriver();
	return {
		async newPerson() {
			try {
				return await newPerson(driver);
			} catch (error) { // a browser can hang when it starts; then its driver is of no more use
				console.error(`# another WebKitWebDriver, because of this: ${error.message}`);
				driver = await startDriver();
				return newPerson(driver);
			}
		},
	};
}
