// Methods that handle the stanzas of a page's chat session. prebind.js overrides them. session.js and
// life.js call them, whether this tab or another tab holds the session.

export class PrebindEvent extends Event {
	/** @param {string} type @param {any} [detail] */
	constructor(type, detail = {}) {
		super(type);
		this.detail = detail;
	}
}

export class Listener extends EventTarget {
	/** @protected @param {string} type @param {any} [detail] */
	tell(type, detail) {
		this.dispatchEvent(new PrebindEvent(type, detail));
	}

	/**
	 * Returns this page's state. The next page, or another tab, gets the state in onReady().
	 * @protected @returns {any} JSON
	 */
	keep() {
		return null;
	}

	/**
	 * Returns the first stanzas of a session, which are sent in one body. The first is an IQ, and any
	 * answer to it proves that the session is alive; onGreeted() gets the IQ's result.
	 * @protected @param {import("./environment.js").Client} client @param {any} kept as in onReady()
	 * @returns {any[]} if the array is empty, a ping is sent instead
	 */
	greeting(client, kept) {
		void client, kept;
		return [];
	}

	/** @protected @param {Element} iq */
	onGreeted(iq) {
		void iq;
	}

	/** @protected @param {any} kept what keep() returned in the previous page or in another tab; null for a new session */
	onReady(kept) {
		void kept;
	}

	/** @protected @param {Element} stanza */
	onMessage(stanza) {
		void stanza;
	}

	/** @protected @param {Element} stanza */
	onPresence(stanza) {
		void stanza;
	}

	/** @protected @param {Element} stanza */
	onRosterPush(stanza) {
		void stanza;
	}

	/** @protected @param {Element} stanza a stanza that a tab has sent in the shared session, perhaps this tab */
	onSent(stanza) {
		void stanza;
	}

	/**
	 * Reads a stanza that another tab has received.
	 * @protected @param {Element} stanza
	 */
	deliver(stanza) {
		guard(() => {
			if (stanza.localName === "message") this.onMessage(stanza);
			else if (stanza.localName === "presence") this.onPresence(stanza);
			else if (stanza.firstElementChild?.namespaceURI === "jabber:iq:roster") this.onRosterPush(stanza);
		});
	}

	/**
	 * Reads a stanza that a tab has sent.
	 * @protected @param {Element} stanza
	 */
	overhear(stanza) {
		guard(() => this.onSent(stanza));
	}
}

/** Calls run() and ignores its errors, so that one stanza that cannot be read does not stop the others. @param {() => void} run */
function guard(run) {
	try {
		run();
	} catch {
		// the error is ignored, as in the handlers of attach.js
	}
}
