// The back end `bosh` with a real Prosody: a session is one that any HTTP client can go on with.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DOMAIN, startChat } from "../lib/chat.mjs";
import { httpRequest, SCRIPT, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";

let place, chat;

before(async () => {
	place = new Place();
	chat = await startChat(place);
});
after(() => place.close({ logs: true }));

/** Sends one stanza on a session, as a browser would: to the bosh_url, through the web server. */
async function send({ sid, rid, bosh_url: url }, stanza) {
	const answer = await httpRequest({
		port: chat.webPort,
		path: url,
		method: "POST",
		headers: { "Content-Type": "text/xml; charset=utf-8" },
		body: `<body rid='${rid}' sid='${sid}' xmlns='http://jabber.org/protocol/httpbind'>${stanza}</body>`,
	});
	assert.equal(answer.status, 200);
	return answer.body;
}

const ROSTER = "<iq xmlns='jabber:client' type='get' id='roster-1'><query xmlns='jabber:iq:roster'/></iq>";

async function assertSessionLives(session) {
	assert.match(session.jid, new RegExp(`^alice@${DOMAIN}/web-[0-9a-f]+$`));
	assert.match(session.rid, /^[0-9]{1,16}$/);
	const answer = await send(session, ROSTER);
	assert.match(answer, /id='roster-1'/);
	assert.match(answer, /type='result'/);
	assert.match(answer, new RegExp(`<item [^>]*jid='bob@${DOMAIN}'`));
}

test("prebindctl prebind prints a session that an HTTP client goes on with", async () => {
	await assertSessionLives(JSON.parse(await chat.prebind.ctlOk(["prebind", "alice", "--json"])));
});

test("so does the page's JSON", async () => {
	const visitor = new Visitor(({ path, ...request }) => httpRequest({ port: chat.webPort, path: `/chat${path}`, ...request }));
	assert.equal((await visitor.login("alice", chat.users.alice)).status, 303);
	const answer = await visitor.get("/prebind.json", SCRIPT);
	assert.equal(answer.status, 200, answer.body);
	await assertSessionLives(JSON.parse(answer.body));
});

test("each session has a resource of its own, and both live", async () => {
	const [one, two] = [await chat.prebind.ctlOk(["prebind", "alice", "--json"]), await chat.prebind.ctlOk(["prebind", "alice", "--json"])]
		.map((text) => JSON.parse(text));
	assert.notEqual(one.jid, two.jid);
	await assertSessionLives(one);
	await assertSessionLives(two);
});

test("prebindctl check finds everything in order", async () => {
	const { code, stdout, stderr } = await chat.prebind.ctl(["check", "--deep"]);
	assert.equal(code, 0, stdout + stderr);
});

test("a user without an XMPP password is told to the operator in a sentence", async () => {
	await chat.prebind.ctlOk(["user", "add", "carol", "--password-stdin"], { input: "another password\n" });
	const { code, stderr } = await chat.prebind.ctl(["prebind", "carol"]);
	assert.equal(code, 1);
	assert.match(stderr, /carol@example\.org/);
	assert.match(stderr, /prebindctl .*map set/);
});

test("a wrong XMPP password is the server's refusal, by its name", async () => {
	await chat.prebind.ctlOk(["user", "add", "dave", "--password-stdin"], { input: "another password\n" });
	await chat.prebind.ctlOk(["map", "set", "dave", `dave@${DOMAIN}`, "--xmpp-password-stdin"], { input: "wrong\n" });
	const { code, stdout, stderr } = await chat.prebind.ctl(["prebind", "dave", "--json"]);
	assert.equal(code, 1);
	assert.equal(JSON.parse(stdout).error, "chat_server");
	assert.doesNotMatch(stdout, /"sid"|"rid"/);
	assert.match(stderr, /not-authorized/);
});
