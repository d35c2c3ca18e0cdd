// Guests on a real Prosody and a real ejabberd, on Debian's own files plus exactly the snippets of docs/guests.md: a guest asks the
// staff, the staff answer, and each thing that a guest must not do is refused by whom it should be.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BoshClient } from "../lib/bosh_client.mjs";
import { GUESTS, heard, ROOM_SERVICE, SERVERS, STAFF } from "../lib/guests.mjs";
import { dataBlock, SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { until } from "../lib/wait.mjs";
import { DOMAIN } from "../lib/xmpp_site.mjs";

const CLIENT = "xmlns='jabber:client'";
const ALICE = `alice@${DOMAIN}`;
const HELP = `help@${ROOM_SERVICE}`;

const message = (to, more = "", type = "chat") => `<message ${CLIENT} to='${to}' type='${type}' id='m1'><body>SECRET</body>${more}</message>`;
const ask = (to, query, type = "get") => `<iq ${CLIENT} type='${type}' id='i1' ${to ? `to='${to}'` : ""}>${query}</iq>`;
const enterRoom = (to) => `<presence ${CLIENT} to='${to}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`;
const items = "<query xmlns='http://jabber.org/protocol/disco#items'/>";

/* What the server answers to the guest; on neither server does alice hear of it. */
const REFUSED = {
	"write to alice": message(ALICE),
	"write to alice's browser": (alice) => message(alice.jid),
	"write to alice as a headline": message(ALICE, "", "headline"),
	"write to another server": message("eve@elsewhere.example"),
	"write to another guest": message(`somebody@${GUESTS}/web`),
	"add a contact": ask("", `<query xmlns='jabber:iq:roster'><item jid='${ALICE}'/></query>`, "set"),
	"make a room": enterRoom(`mine@conference.${DOMAIN}/Anna (guest)`),
	"list the rooms": ask(`conference.${DOMAIN}`, items),
	"list alice's devices": ask(ALICE, items),
	"search for people": ask(`vjud.${DOMAIN}`, "<query xmlns='jabber:iq:search'><nick>a*</nick></query>", "set"),
};

/* What only mod_prebind_guests refuses. */
const REFUSED_BY_PROSODY = {
	"invite alice": `<message ${CLIENT} to='${ALICE}' id='m1'><x xmlns='jabber:x:conference' jid='a@b.example' reason='SECRET'/></message>`,
	"ask to see alice": `<presence ${CLIENT} to='${ALICE}' type='subscribe'/>`,
	"show alice the presence": `<presence ${CLIENT} to='${ALICE}'><status>SECRET</status></presence>`,
	"read alice's card": ask(ALICE, "<vCard xmlns='vcard-temp'/>"),
	"ask alice's browser": (alice) => ask(alice.jid, "<query xmlns='jabber:iq:version'/>"),
	"list what the host has": ask(DOMAIN, items),
	"store data": ask("", "<query xmlns='jabber:iq:private'><a xmlns='b'/></query>", "set"),
	"publish": ask("", "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item/></publish></pubsub>", "set"),
	"enter another room": enterRoom(`secret@conference.${DOMAIN}/Anna (guest)`),
	"enter the room for guests under a user's name": enterRoom(`${HELP}/alice`),
	"write privately in the room": message(`${HELP}/support`),
	"change the room": ask(HELP, "<query xmlns='http://jabber.org/protocol/muc#owner'/>"),
};

for (const [name, start] of Object.entries(SERVERS)) {
	describe(name, () => {
		let place, site, alice, support, guest, visitor;

		const begin = async (someone) => {
			const answer = await someone.post("/prebind.json", { bind: "yes", name: "Anna" }, SCRIPT);
			return { status: answer.status, ...JSON.parse(answer.body) };
		};
		const online = async (user) => {
			const session = dataBlock((await (await site.enter(user)).get("/")).body);
			await heard(site.port, session, `<presence ${CLIENT}/>`);
			return session;
		};

		before(async () => {
			place = new Place();
			site = await start(place);
			[alice, support] = [await online("alice"), await online("support")];
			visitor = site.visitor();
			guest = await begin(visitor);
			assert.equal(guest.status, 200, JSON.stringify(guest));
			await heard(site.port, guest, `<presence ${CLIENT}/>`);
			if (name === "Prosody") {
				const made = await heard(site.port, support, enterRoom(`${HELP}/support`));
				assert.match(made, /code=['"]201/);
				await heard(site.port, support, `<iq ${CLIENT} type='set' to='${HELP}' id='o1'><query xmlns='http://jabber.org/protocol/muc#owner'>`
					+ "<x xmlns='jabber:x:data' type='submit'/></query></iq>");
			}
		});
		after(() => place.close({ logs: true }));

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

		const refused = (what, stanza) => test(`a guest may not ${what}`, async () => {
			await heard(site.port, alice);
			let answer = await heard(site.port, guest, typeof stanza === "function" ? stanza(alice) : stanza);
			await until("the server to refuse it", async () => {
				answer += /type=['"]error['"]/.test(answer) ? "" : await heard(site.port, guest);
				return /type=['"]error['"]/.test(answer);
			});
			const told = await heard(site.port, alice);
			assert.doesNotMatch(told, new RegExp(`SECRET|${GUESTS}`), told);
		});
		for (const [what, stanza] of Object.entries(REFUSED)) refused(what, stanza);

		if (name === "Prosody") {
			for (const [what, stanza] of Object.entries(REFUSED_BY_PROSODY)) refused(what, stanza);

			test("a guest talks in the room for guests", async () => {
				assert.match(await heard(site.port, guest, enterRoom(`${HELP}/Anna (guest)`)), /code=['"]110/);
				await heard(site.port, guest, message(HELP, "", "groupchat"));
				assert.match(await heard(site.port, support), /SECRET/);
			});

			test("nobody comes in as a guest without prebind", async () => {
				// as the web server passes on what a browser sends to /http-bind
				const client = new BoshClient({ port: site.port, domain: GUESTS, headers: { "X-Forwarded-For": "203.0.113.9" } });
				await client.create();
				assert.match(await client.ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"), /<success/);
				await assert.rejects(client.bind(), /Guests come from the website only/);
			});

			test("more than sixty stanzas in a minute", async () => {
				const other = await begin(site.visitor());
				const many = Array.from({ length: 70 }, (_, i) => `<message ${CLIENT} to='${STAFF}' type='chat' id='s${i}'><body>x</body></message>`).join("");
				const answer = await heard(site.port, other, many);
				assert.match(answer, /Too many stanzas/);
			});
		} else {
			test("a guest may not enter a room", async () => {
				assert.match(await heard(site.port, guest, enterRoom(`any@conference.${DOMAIN}/Anna`)), /forbidden/);
			});
		}

		test("a thousand sessions from one address", async () => {
			const statuses = await Promise.all(Array.from({ length: 1000 }, () => begin(site.visitor()).then(({ status }) => status)));
			const made = statuses.filter((status) => status === 200).length;
			assert.ok(made <= 20, `${made} of 1000`);
			assert.ok(statuses.every((status) => [200, 429].includes(status)), String(new Set(statuses)));
		});
	});
}
