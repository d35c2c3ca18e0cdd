/*
 * A visitor of a site that has its own login and the chat. All requests go through the same web
 * server.
 */
import assert from "node:assert/strict";
import { BoshClient } from "./bosh_client.mjs";
import { DOMAIN, MOUNT } from "./chat.mjs";
import { dataBlock, httpRequest, Visitor } from "./http.mjs";

/** Makes a visitor of the chat's web server; paths are those of the site. */
export function siteVisitor(chat) {
	return new Visitor((request) => httpRequest({ port: chat.webPort, ...request }));
}

/**
 * Opens the chat page; returns the answer, its user (me) and its session, each null if the page has
 * none.
 */
export async function openChat(visitor) {
	const page = await visitor.get(`${MOUNT}/`);
	return { ...page, me: /<span id="me">([^<]*)</.exec(page.body)?.[1] ?? null, session: dataBlock(page.body) };
}

/** Goes on with the session of a page, as the page's script does. */
export function attach(chat, { sid, rid, bosh_url: path }) {
	return Object.assign(new BoshClient({ port: chat.webPort, domain: DOMAIN, path }), { sid, rid: Number(rid) });
}

/** Checks that both sessions work: one sends a message and the other receives it. */
export async function assertTheyTalk(chat, from, to) {
	assert.match(to.jid, /^bob@/);
	const [alice, bob] = [attach(chat, from), attach(chat, to)];
	await bob.send("", "<presence xmlns='jabber:client'/>");
	// no await here: the server holds the answer until it has something to send
	const sent = alice.send("", `<message xmlns='jabber:client' type='chat' to='${to.jid}'><body>hello from the site</body></message>`);
	let read = "";
	for (let polls = 0; polls < 5 && !read.includes("hello from the site"); polls++)
		read += await bob.send("");
	assert.match(read, new RegExp(`from='${from.jid}'`));
	assert.match(read, /hello from the site/);
	await Promise.all([sent, alice.send("type='terminate'"), bob.send("type='terminate'")]);
}
