/*
 * What the tabs of a browser share: Web Locks and BroadcastChannel, for tests without a browser. A tab
 * can crash: then its locks are free, and it hears nothing more.
 */
class Tab {
	#all;
	#granted = new Set();
	#requests = new Set();
	channels = new Set();
	gone = false;

	constructor(all) {
		this.#all = all;
		const tab = this;
		this.locks = {
			request: (name, options, run) => tab.#request(name, run ? options : {}, run ?? options),
			query: async () => ({ held: [...all].flatMap((each, clientId) => [...each.#granted].map(({ name }) => ({ name, clientId }))) }),
		};
		this.Channel = class {
			constructor(name) {
				this.name = name;
				tab.channels.add(this);
			}
			postMessage(data) {
				const text = JSON.stringify(data);
				const others = [...all].flatMap((each) => [...each.channels]).filter((other) => other !== this && other.name === this.name);
				if (!tab.gone) setImmediate(() => others.forEach((other) => other.onmessage?.({ data: JSON.parse(text) })));
			}
			close() {
				this.onmessage = null;
				tab.channels.delete(this);
			}
		};
	}

	/** @param {string} name @param {{signal?: AbortSignal, steal?: boolean, ifAvailable?: boolean}} options @param {(lock: any) => any} run */
	#request(name, { signal, steal, ifAvailable }, run) {
		return new Promise((resolve, reject) => {
			const request = { name, run, resolve, reject };
			const others = [...this.#all].flatMap((each) => [...each.#granted].filter((lock) => lock.name === name).map((lock) => ({ each, lock })));
			if (steal) for (const { each, lock } of others) each.#end(lock, new Error("stolen"));
			if (steal) this.#hold(request);
			else if (ifAvailable && others.length > 0) Promise.resolve(run(null)).then(resolve, reject);
			else this.#requests.add(request);
			signal?.addEventListener("abort", () => this.#requests.delete(request) && reject(new Error("aborted")));
			setImmediate(() => this.#grant(name));
		});
	}

	#grant(name) {
		const all = [...this.#all];
		if (all.some((each) => [...each.#granted].some((lock) => lock.name === name))) return;
		const next = all.flatMap((each) => [...each.#requests].map((request) => ({ each, request }))).find(({ request }) => request.name === name);
		if (!next) return;
		const { each, request } = next;
		each.#requests.delete(request);
		each.#hold(request);
	}

	#hold(request) {
		this.#granted.add(request);
		Promise.resolve(request.run({ name: request.name })).then((value) => this.#end(request) && request.resolve(value), request.reject);
	}

	#end(lock, error) {
		if (!this.#granted.delete(lock)) return false;
		if (error) lock.reject(error);
		setImmediate(() => this.#grant(lock.name));
		return true;
	}

	crash() {
		this.gone = true;
		for (const channel of this.channels) channel.close();
		this.#requests.clear();
		for (const lock of this.#granted) this.#end(lock);
	}
}

export class Browser {
	#tabs = new Set();

	/** What a tab's pages get as their environment. */
	tab() {
		const tab = new Tab(this.#tabs);
		this.#tabs.add(tab);
		return tab;
	}
}
