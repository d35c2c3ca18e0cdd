// Provider remote_user behind lighttpd's own authentication, with the stanza of the manual.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { startChat } from "../lib/chat.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { Place } from "../lib/place.mjs";
import { assertTheyTalk, openChat, siteVisitor } from "../lib/site.mjs";

const USERS = { alice: "correct horse", bob: "battery staple" };

let place, chat;

before(async () => {
	place = new Place();
	// a form of mod_authn_file that no program is needed to make
	const lines = Object.entries(USERS).map(([name, password]) => `${name}:{SHA}${createHash("sha1").update(password).digest("base64")}\n`);
	const stanza = docSnippet("docs/identity.md", "remote_user", { "/etc/lighttpd/users.htpasswd": place.write("etc/users.htpasswd", lines.join("")) });
	chat = await startChat(place, { users: USERS, web: { snippets: [stanza] }, site: { identity: "remote_user", remote_user_auth_types: "Basic" } });
});
after(() => place.close({ logs: true }));

/** A browser that answers the web server's question. */
function visitorAs(name, password = USERS[name]) {
	const visitor = siteVisitor(chat);
	const send = visitor.send;
	const Authorization = `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
	visitor.send = ({ headers, ...request }) => send({ ...request, headers: { ...headers, Authorization } });
	return visitor;
}

test("the web server's user is recognised, and two of them talk", async () => {
	const [alice, bob] = [await openChat(visitorAs("alice")), await openChat(visitorAs("bob"))];
	assert.equal(alice.me, "alice");
	assert.doesNotMatch(alice.body, /logout/);
	await assertTheyTalk(chat, alice.session, bob.session);
});

test("a wrong password, or none, does not get as far as us", async () => {
	for (const visitor of [visitorAs("alice", "wrong"), siteVisitor(chat)]) {
		const answer = await visitor.get("/chat/");
		assert.equal(answer.status, 401);
		assert.match(answer.headers["www-authenticate"], /^Basic realm="Example"/);
	}
});

test("a header is no user", async () => {
	const answer = await siteVisitor(chat).get("/chat/", { "Remote-User": "alice", REMOTE_USER: "alice", "X-Remote-User": "alice", Proxy: "x" });
	assert.equal(answer.status, 401);
	assert.match(answer.headers["www-authenticate"], /^Basic/); // lighttpd's answer, not ours
});
