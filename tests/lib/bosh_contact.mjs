/*
 * A contact who is online without a browser: a session from the site, continued over BOSH. It says
 * something, and remembers everything that it hears.
 */
import { SCRIPT } from "./http.mjs";
import { until } from "./wait.mjs";
import { DOMAIN, endSession, goOn } from "./xmpp_site.mjs";

const STEP_S = 60;

export class BoshContact {
	/** All that the server has sent. */
	heard = "";
	/** The users who have gone offline, in order. */
	goneOffline = [];
	#online = new Map(); // user to their full JIDs
	#ended = false;
	#session;
	#port;
	#polls;

	/**
	 * Logs in at the site and goes online.
	 * @param {import('./xmpp_site.mjs').Site} site
	 */
	static async enter(site, user) {
		const visitor = await site.enter(user);
		const made = new BoshContact();
		made.#session = JSON.parse((await visitor.post("/prebind.json", { bind: "yes" }, SCRIPT)).body);
		made.#port = site.port;
		made.#listen((await made.#send("<presence xmlns='jabber:client'/>")).body);
		return made;
	}

	#send(payload) {
		return goOn(this.#port, { ...this.#session, rid: this.#session.rid++ }, payload);
	}

	/** Keeps a request at the server until the session ends. */
	#listen(first) {
		this.#take(first);
		this.#polls = (async () => {
			while (!this.#ended)
				this.#take((await this.#send("")).body);
		})().catch((error) => (this.heard += error.message));
	}

	#take(body) {
		this.heard += body;
		this.#ended ||= /^<body[^>]*\btype=['"]terminate/.test(body);
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

	/** Sends stanzas, and hears what the server says to them. */
	async send(stanzas) {
		this.#take((await this.#send(stanzas)).body);
	}

	async say(user, text) {
		const id = `m${this.#session.rid}`;
		const message = `<message xmlns='jabber:client' type='chat' id='${id}' to='${user}@${DOMAIN}'><body>${text}</body></message>`;
		this.#take((await this.#send(message)).body);
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
		await endSession(this.#port, { ...this.#session, rid: this.#session.rid++ });
		this.#ended = true;
		await this.#polls;
	}
}
