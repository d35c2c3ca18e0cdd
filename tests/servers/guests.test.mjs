// Guests on a real Prosody and a real ejabberd, on Debian's own files plus exactly the snippets of docs/guests.md: a guest asks the
// staff, the staff answer, and each thing that a guest must not do is refused by whom it should be. A second ejabberd does without our
// module: there a guest tries too what ejabberd's own settings let through.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BoshClient } from "../lib/bosh_client.mjs";
import { clockOff } from "../lib/clock.mjs";
import { GUESTS, heard, ROOM_SERVICE, SERVERS, STAFF } from "../lib/guests.mjs";
import { dataBlock, NAVIGATION, SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { DOMAIN } from "../lib/xmpp_site.mjs";

const CLIENT = "xmlns='jabber:client'";
const ALICE = `alice@${DOMAIN}`;

const message = (to, more = "", type = "chat") => `<message ${CLIENT} to='${to}' type='${type}' id='m1'><body>SECRET</body>${more}</message>`;
const ask = (to, query, type = "get") => `<iq ${CLIENT} type='${type}' id='i1' ${to ? `to='${to}'` : ""}>${query}</iq>`;
const enterRoom = (to) => `<presence ${CLIENT} to='${to}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`;
const items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";

const muc = (query) => `<query xmlns='http://jabber.org/protocol/muc#${query}'/>`;
const refusal = (text) => /<error[\s>][\s\S]*?<([a-z-]+) xmlns=['"]urn:ietf:params:xml:ns:xmpp-stanzas/.exec(text)?.[1];

/*
 * What a guest must not send; alice never hears of it. A function gets the talk: alice's full JID and the room for guests, where the guest
 * is. The third is for what ejabberd's own settings let through, as docs/guests.md says: who hears what then.
 * @type {[string, string | Function, [string, RegExp]?][]}
 */
const STANZAS = [
	["write to alice", message(ALICE)],
	["write to alice's browser", ({ alice }) => message(alice.jid)],
	["write to alice as a headline", message(ALICE, "", "headline")],
	["write to another server", message("eve@elsewhere.example")],
	["write to another guest", message(`somebody@${GUESTS}/web`)],
	["add a contact", ask("", `<query xmlns='jabber:iq:roster'><item jid='${ALICE}'/></query>`, "set")],
	["make a room", enterRoom(`mine@${ROOM_SERVICE}/Anna (guest)`)],
	["make a room where the guests' room is", ({ help }) => enterRoom(`mine@${help.split("@")[1]}/Anna (guest)`)],
	["enter another room", enterRoom(`secret@${ROOM_SERVICE}/Anna (guest)`)],
	["list the rooms", ask(ROOM_SERVICE, items)],
	["list alice's devices", ask(ALICE, items)],
	["search for people", ask(`vjud.${DOMAIN}`, "<query xmlns='jabber:iq:search'><nick>a*</nick></query>", "set")],
	["store data", ask("", "<query xmlns='jabber:iq:private'><a xmlns='b'/></query>", "set")],
	["publish", ask("", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item/></publish></pubsub>", "set")],
	["change the room", ({ help }) => ask(help, muc("owner"))],
	["name somebody the room's owner", ({ help }) => ask(help, `<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner' jid='eve@${DOMAIN}'/></query>`, "set")],
	["write privately in the room", ({ help }) => message(`${help}/support`), ["support", /SECRET/]],
	["enter the guests' room under a user's name", ({ help }) => enterRoom(`${help}/alice`), ["guest", /code=['"]303/]],
	["invite alice", `<message ${CLIENT} to='${ALICE}' id='m1'><x xmlns='jabber:x:conference' jid='a@b.example' reason='SECRET'/></message>`, ["alice", /SECRET/]],
	["show alice the presence", `<presence ${CLIENT} to='${ALICE}'><status>SECRET</status></presence>`, ["alice", /SECRET/]],
	["read alice's card", ask(ALICE, "<vCard xmlns='vcard-temp'/>"), ["guest", /type=['"]result/]],
	["ask alice's browser", ({ alice }) => ask(alice.jid, "<query xmlns='jabber:iq:version'/>"), ["alice", /jabber:iq:version/]],
	["list what the host has", ask(DOMAIN, items), ["guest", /type=['"]result/]],
	// without a roster on the guests' host ejabberd 23 has no answer but to end the session
	["ask to see alice", `<presence ${CLIENT} to='${ALICE}' type='subscribe'/>`, ["guest", /terminate/]],
];

const anonymously = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>";
const byPassword = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from(`\0alice\0${"x".repeat(8)}`).toString("base64")}</auth>`;

/** Logs in at the server without prebind. @returns {Promise<string>} the failure, or "" */
async function logIn(port, domain, element) {
	const client = new BoshClient({ port, domain });
	await client.create();
	const answer = await client.ask(element);
	return /<failure[^>]*>\s*<([a-z-]+)/.exec(answer)?.[1] ?? "";
}

/* What a guest must not ask of prebind, or of the server's login: each returns the refusal, or "" if it was let through. */
const ATTEMPTS = [
	["find people of the site", "prebind", async ({ visitor }) => {
		const { status, body } = await visitor.get("/people.json?q=al", SCRIPT);
		return body === "[]" || status === 401 ? `${status} ${body.trim()}` : "";
	}],
	["get a password for WebSocket", "prebind", async ({ visitor }) => {
		const { status, body } = await visitor.post("/credentials.json", {}, SCRIPT);
		return status === 401 ? `${status} ${JSON.parse(body).error}` : "";
	}],
	["become alice by the name alice", "prebind", async ({ begin }) => {
		const { jid, guest } = await begin("alice");
		return guest === true && jid.endsWith(`@${GUESTS}/${jid.split("/")[1]}`) && !jid.startsWith("alice@") ? "200, a guest's JID" : "";
	}],
	["come back after three days", "prebind", async ({ site, place, cookie }) => {
		const answer = await site.prebind.cgi({ path: "/", headers: { ...NAVIGATION, Cookie: cookie }, params: clockOff(place, 3 * 86400) });
		return dataBlock(answer.body).name === undefined ? "a new guest, without the name" : "";
	}],
	["log in anonymously where the users are", "the server", ({ site }) => logIn(site.port, DOMAIN, anonymously)],
	["log in as alice where the guests are", "the server", ({ site }) => logIn(site.port, GUESTS, byPassword)],
];

/** @type {Record<string, [string, string, string][]>} */
const TABLE = {};

for (const [name, start] of Object.entries(SERVERS)) {
	describe(name, () => {
		const server = name.split(" ")[0];
		const help = server === "Prosody" ? `help@${ROOM_SERVICE}` : `help@rooms.${GUESTS}`;
		const table = (TABLE[name] = []);
		let place, site, alice, support, guest, visitor;

		const begin = async (someone, shown = "Anna") => {
			const answer = await someone.post("/prebind.json", { bind: "yes", name: shown }, SCRIPT);
			return { status: answer.status, ...JSON.parse(answer.body) };
		};
		const online = async (user) => {
			const session = dataBlock((await (await site.enter(user)).get("/")).body);
			await heard(site.port, session, `<presence ${CLIENT}/>`);
			return session;
		};
		/** A user makes a room, and lets others in. */
		const makeRoom = async (room) => {
			let told = await heard(site.port, support, enterRoom(`${room}/support`));
			await until(`${room} to be made`, async () => /code=['"]201/.test(told += await heard(site.port, support)));
			await heard(site.port, support, ask(room, "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>", "set"));
		};

		before(async () => {
			place = new Place();
			site = await start(place, { site: { people: "all", credentials: "on" } });
			[alice, support] = [await online("alice"), await online("support")];
			visitor = site.visitor();
			guest = await begin(visitor);
			assert.equal(guest.status, 200, JSON.stringify(guest));
			await heard(site.port, guest, `<presence ${CLIENT}/>`);
			await makeRoom(help);
			await makeRoom(`secret@${ROOM_SERVICE}`);
		});
		after(() => {
			const rows = [["what a guest tries", "refused by", "answer"], ...table].map((row) => `  ${row[0].padEnd(44)}  ${row[1].padEnd(10)}  ${row[2]}`);
			console.log(`${name}:\n${rows.join("\n")}`);
			return place.close({ logs: true });
		});

		test("the server gives the JID, on the host for guests", () => {
			assert.match(guest.jid, new RegExp(`^[^@]+@${GUESTS}/`));
		});

		test("check finds nothing wrong", async () => {
			const { code, stdout, stderr } = await site.prebind.ctl(["check", "--deep", "--user", "alice"]);
			assert.equal(code, 0, stdout + stderr);
		});

		test("a guest asks the staff, and the staff answer", async () => {
			await heard(site.port, guest, `<message ${CLIENT} to='${STAFF}' type='chat' id='q1'><body>Where is my parcel?</body></message>`);
			assert.match(await heard(site.port, support), /Where is my parcel\?/);
			await heard(site.port, support, `<message ${CLIENT} to='${guest.jid}' type='chat' id='a1'><body>On its way.</body></message>`);
			assert.match(await heard(site.port, guest), /On its way\./);
		});

		test("a guest talks in the room for guests", async () => {
			let entered = await heard(site.port, guest, enterRoom(`${help}/Anna (guest)`));
			await until("the room to let the guest in", async () => /code=['"]110/.test(entered += await heard(site.port, guest)));
			let told = await heard(site.port, guest, message(help, "", "groupchat"));
			await until("the room to pass it on", async () => /SECRET/.test(told += await heard(site.port, support)));
		});

		for (const [what, stanza, passes] of STANZAS) {
			const send = async () => {
				await Promise.all([alice, support].map((each) => heard(site.port, each)));
				return heard(site.port, guest, typeof stanza === "function" ? stanza({ alice, help }) : stanza);
			};
			if (passes && name === "ejabberd alone") {
				test(`ejabberd itself does not refuse: ${what}`, async () => {
					const [who, shows] = passes;
					const told = { alice: "", support: "", guest: await send() };
					await until(`${who} to hear it`, async () => {
						told[who] += shows.test(told[who]) ? "" : await heard(site.port, { alice, support, guest }[who]);
						return shows.test(told[who]);
					});
					assert.equal(refusal(told.guest), undefined, told.guest);
					const isOver = /terminate/.test(told.guest);
					if (isOver)
						assert.doesNotMatch(await heard(site.port, alice), /subscribe/);
					table.push(isOver ? [what, server, "ends the session"] : [what, "nobody", `${who} hears ${shows.source}`]);
				});
				continue;
			}
			test(`a guest may not ${what}`, async () => {
				let answer = await send();
				await until("the server to refuse it", async () => {
					answer += refusal(answer) ? "" : await heard(site.port, guest);
					return refusal(answer);
				});
				table.push([what, server, refusal(answer)]);
				const told = await heard(site.port, alice);
				assert.doesNotMatch(told, new RegExp(`SECRET|${GUESTS}`), told);
			});
		}

		for (const [what, by, attempt] of ATTEMPTS)
			test(`a guest may not ${what}`, async () => {
				const cookie = [...visitor.jar.cookies].map((pair) => pair.join("=")).join("; ");
				const said = await attempt({ site, place, visitor, cookie, begin: (shown) => begin(site.visitor(), shown) });
				assert.notEqual(said, "");
				table.push([what, by === "prebind" ? by : server, said]);
			});

		if (server === "Prosody")
			test("nobody comes in as a guest without prebind", async () => {
				// as the web server passes on what a browser sends to /http-bind
				const client = new BoshClient({ port: site.port, domain: GUESTS, headers: { "X-Forwarded-For": "203.0.113.9" } });
				await client.create();
				assert.match(await client.ask(anonymously), /<success/);
				await assert.rejects(client.bind(), /Guests come from the website only/);
				table.push(["come in without prebind", server, "Guests come from the website only"]);
			});

		if (name !== "ejabberd alone")
			test("more than sixty stanzas in a minute", async () => {
				const other = await begin(site.visitor());
				const many = Array.from({ length: 70 }, (_, i) => `<message ${CLIENT} to='${STAFF}' type='chat' id='s${i}'><body>x</body></message>`).join("");
				const answer = await heard(site.port, other, many);
				assert.match(answer, /Too many stanzas/);
				table.push(["send 70 stanzas in a minute", server, "Too many stanzas in a minute"]);
			});

		test("a thousand sessions from one address", async () => {
			const statuses = await Promise.all(Array.from({ length: 1000 }, () => begin(site.visitor()).then(({ status }) => status)));
			const made = statuses.filter((status) => status === 200).length;
			assert.ok(made <= 20, `${made} of 1000`);
			assert.ok(statuses.every((status) => [200, 429].includes(status)), String(new Set(statuses)));
			table.push(["make 1,000 sessions from one address", "prebind", `429 for ${1000 - made} of them`]);
		});
	});
}
