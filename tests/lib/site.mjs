/*
 * A visitor of a site that has a login of its own, with the chat beside it: everything goes through the one web server.
 */
import assert from "node:assert/strict";
import { BoshClient } from "./bosh_client.mjs";
import { DOMAIN, MOUNT } from "./chat.mjs";
import { dataBlock, httpRequest, Visitor } from "./http.mjs";

/** A browser at the web server of a chat; paths are the site's. */
export function siteVisitor(chat) {
	return new Visitor((request) => httpRequest({ port: chat.webPort, ...request }));
}

/** Opens the chat page: its status, who it is for, and the session in it. */
export async function openChat(visitor) {
	const page = await visitor.get(`${MOUNT}/`);
	return { ...page, me: /<span id="me">([^<]*)</.exec(page.body)?.[1] ?? null, session: dataBlock(page.body) };
}

/** Goes on with a session that the page brought, as its script does. */
export function attach(chat, { sid, rid, bosh_url: path }) {
	return Object.assign(new BoshClient({ port: chat.webPort, domain: DOMAIN, path }), { sid, rid: Number(rid) });
}

/** Both are online, and what one writes the other reads. */
export async function assertTheyTalk(chat, from, to) {
	assert.match(to.jid, /^bob@/);
	const [alice, bob] = [attach(chat, from), attach(chat, to)];
	await bob.send("", "<presence xmlns='jabber:client'/>");
	// the server holds an answer until there is something to say
	const sent = alice.send("", `<message xmlns='jabber:client' type='chat' to='${to.jid}'><body>hello from the site</body></message>`);
	let read = "";
	for (let polls = 0; polls < 5 && !read.includes("hello from the site"); polls++)
		read += await bob.send("");
	assert.match(read, new RegExp(`from='${from.jid}'`));
	assert.match(read, /hello from the site/);
	await Promise.all([sent, alice.send("type='terminate'"), bob.send("type='terminate'")]);
}
