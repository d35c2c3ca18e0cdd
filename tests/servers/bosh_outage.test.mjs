// An XMPP server that goes away and comes back while pages are asked for; and how long a session waits for its browser.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { askRoster, DOMAIN, endSession, goOn, startSite, whose } from "../lib/xmpp_site.mjs";

const TIMEOUT_S = 4; // the key's default: what one pre-bind may take
const GRACE_S = 2; // a busy machine
const LIFE_S = 6; // instead of 60 s and 30 s: for the test, and long enough to tell inside from outside

const servers = [
	{ name: "Prosody", server: "prosody", way: "token", more: `bosh_max_inactivity = ${LIFE_S}` },
	{
		name: "ejabberd", server: "ejabberd", way: "jwt",
		more: `modules:\n  mod_bosh:\n    max_inactivity: ${LIFE_S}\n`,
	},
];
const places = [];

before(async () => {
	await Promise.all(servers.map(async (row) => {
		const place = new Place();
		places.push(place);
		row.site = await startSite(place, row);
	}));
});
after(async () => {
	for (const place of places)
		await place.close({ logs: true });
});

/** Asks for sessions, one after the other, until it is told to end; keeps what came of each. */
class Asker {
	constructor(site, visitor) {
		this.answers = [];
		this.ending = false;
		this.done = this.run(site, visitor);
	}

	async run(site, visitor) {
		while (!this.ending) {
			const began = Date.now();
			const answer = await visitor.post("/prebind.json", {}, SCRIPT);
			const told = JSON.parse(answer.body);
			this.answers.push({ status: answer.status, error: told.error, seconds: (Date.now() - began) / 1000 });
			if (told.sid)
				await endSession(site.port, told);
			await new Promise((resolve) => setTimeout(resolve, 50)); // no faster than a browser would
		}
	}

	/** Whether it has got so many sessions since then. */
	succeeded(since, count) {
		return this.answers.slice(since).filter(({ status }) => status === 200).length >= count;
	}
}

/* The servers at the same time, because most of this is waiting. */
describe("the XMPP server", { concurrency: true }, () => {
	for (const row of servers) {
		describe(row.name, { concurrency: false }, () => {
			let site;
			before(() => {
				({ site } = row);
			});

			test("restarted while pages are asked for: errors in between, sessions after it, nobody waits for ever", async () => {
				const askers = [];
				for (const user of ["alice", "bob", "alice", "bob"])
					askers.push(new Asker(site, await site.enter(user)));
				try {
					await until("everybody to have sessions", () => askers.every((asker) => asker.succeeded(0, 2)));
					await site.xmpp.stop();
					const gone = askers.map(({ answers }) => answers.length);
					await until("everybody to be refused", () => askers.every(({ answers }, i) =>
						answers.slice(gone[i]).filter(({ status }) => status >= 500).length >= 3), { seconds: 30 });
					site.xmpp = await site.startXmpp();
					const back = askers.map(({ answers }) => answers.length);
					await until("everybody to have sessions again", () => askers.every((asker, i) => asker.succeeded(back[i], 3)), { seconds: 60 });
				} finally {
					askers.forEach((asker) => (asker.ending = true));
					await Promise.all(askers.map(({ done }) => done));
				}
				const answers = askers.flatMap((asker) => asker.answers);
				const errors = answers.filter(({ status }) => status !== 200);
				assert.deepEqual(errors.filter(({ error }) => !["chat_server", "unavailable", "chat_timeout", "busy"].includes(error)), []);
				assert.deepEqual(answers.filter(({ seconds }) => seconds > TIMEOUT_S + GRACE_S), []);
				for (let i = 0; i < 5; i++)
					await endSession(site.port, JSON.parse(await site.prebind.ctlOk(["prebind", "alice", "--json"])));
			});

			const bind = async () => {
				const began = Date.now();
				const session = JSON.parse(await site.prebind.ctlOk(["prebind", "alice", "--json"]));
				assert.equal(session.expires_in, LIFE_S);
				return { session, began, bound: Date.now() };
			};
			const passed = (from, seconds) => until(`${seconds} s to pass`, () => Date.now() - from >= seconds * 1000, { seconds: 2 * LIFE_S });

			test("an unattended session lives as long as we say, and no longer", async () => {
				const [taken, left] = [await bind(), await bind()];
				await passed(taken.bound, LIFE_S - 2);
				assert.equal(await whose(site.port, taken.session), taken.session.jid);
				assert.match(await askRoster(site.port, taken.session), /type=['"]result/);
				await endSession(site.port, taken.session);
				await passed(left.bound, LIFE_S + GRACE_S);
				const { status, body } = await goOn(site.port, left.session, "");
				assert.ok(status === 404 || /terminate/.test(body), `${status} ${body}`);
			});

			test("the other one is not disturbed by a session that ends", async () => {
				const [one, two] = [await bind(), await bind()];
				await endSession(site.port, one.session);
				assert.equal(await whose(site.port, two.session), two.session.jid);
				assert.match(two.session.jid, new RegExp(`^alice@${DOMAIN}/`));
				await endSession(site.port, two.session);
			});
		});
	}
});
