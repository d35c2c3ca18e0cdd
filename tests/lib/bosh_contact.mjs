/*
 * A contact who is online without a browser: a session from the site, continued over BOSH. It says
 * something, and remembers everything that it hears.
 *
 * It has one request at a time, with a ping that the server answers at once. Two requests of a session
 * on connections of their own can arrive in the wrong order, however long the second one waits. If the
 * first has no stanza, ejabberd (23.01) then answers neither until `wait` is over.
 */
import { randomUUID } from "node:crypto";
import { SCRIPT } from "./http.mjs";
import { until } from "./wait.mjs";
import { DOMAIN, endSession, say } from "./xmpp_site.mjs";

const STEP_S = 60;
const SILENCE_MS = 100; // after that the contact listens again

export class BoshContact {
	/** All that the server has sent. */
	heard = "";
	/** The users who have gone offline, in order. */
	goneOffline = [];
	#online = new Map(); // user to their full JIDs
	#ended = false;
	#session;
	#port;
	/** Settles when all that was to be said is said. @type {Promise<any>} */
	#said = Promise.resolve();
	#listening;

	/**
	 * Logs in at the site and goes online.
	 * @param {import('./xmpp_site.mjs').Site} site
	 */
	static async enter(site, user) {
		const visitor = await site.enter(user);
		const made = new BoshContact();
		made.#session = JSON.parse((await visitor.post("/prebind.json", { bind: "yes" }, SCRIPT)).body);
		made.#port = site.port;
		await made.send("<presence xmlns='jabber:client'/>");
		made.#listening = made.#listen();
		return made;
	}

	/** Asks again and again what there is to hear, until the session ends. */
	async #listen() {
		try {
			while (!this.#ended) {
				await this.send("");
				await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
			}
		} catch (error) {
			this.heard += error.message;
		}
	}

	/** Sends stanzas after those that wait, and hears what the server says to them. */
	send(stanzas) {
		const run = async () => {
			if (!this.#ended)
				this.#take(await say(this.#port, this.#session, stanzas));
		};
		const sent = this.#said.then(run);
		this.#said = sent.catch(() => {}); // who has called send() hears of it
		return sent;
	}

	#take(body) {
		this.heard += body;
		this.#ended ||= /<body\b[^>]*\btype=['"]terminate/.test(body);
		for (const [presence] of body.matchAll(/<presence\b[^>]*>/g)) {
			const [, address, user] = /\bfrom=['"](([^@'"]*)@[^'"]*)/.exec(presence) ?? [];
			this.#notice(user, address, /\btype=['"]([^'"]*)/.exec(presence)?.[1]);
		}
	}

	/** A user is online with any number of addresses, one a session. */
	#notice(user, address, type) {
		const addresses = this.#online.get(user) ?? new Set();
		this.#online.set(user, addresses);
		const before = addresses.size;
		if (!type)
			addresses.add(address);
		else if (type === "unavailable")
			addresses.delete(address);
		if (before > 0 && addresses.size === 0)
			this.goneOffline.push(user);
	}

	async say(user, text) {
		const id = randomUUID();
		const message = `<message xmlns='jabber:client' type='chat' id='${id}' to='${user}@${DOMAIN}'><body>${text}</body></message>`;
		await this.send(message);
	}

	/** Waits until a message with this text has come. */
	hears(text) {
		return until(`the contact to hear "${text}"`, () => this.count(text) > 0, { seconds: STEP_S });
	}

	/** How many times a message with this text has come. */
	count(text) {
		return this.heard.split(`<body>${text}</body>`).length - 1;
	}

	sees(user) {
		return until(`${user} to be online`, () => this.#online.get(user)?.size > 0, { seconds: STEP_S });
	}

	seesNo(user) {
		return until(`${user} to be offline`, () => this.#online.get(user)?.size === 0, { seconds: STEP_S });
	}

	async leave() {
		await this.#said;
		this.#ended = true;
		await endSession(this.#port, this.#session);
		await this.#listening;
	}
}
