// Behind Apache with the shipped snippet: a server that was away is asked again as soon as it is back.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { apacheFastcgi } from "../lib/apache.mjs";
import { httpRequest, NAVIGATION } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

let place, prebind, port, boshPort;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { site: peer.site(place, { base_path: "/chat" }) });
	await prebind.prepare();
	[port, boshPort] = await freePorts(2);
	await apacheFastcgi(place, { port, socket: prebind.socket, boshPort });
});
after(() => place.close({ logs: true }));

const get = async (path) => (await httpRequest({ port, path, headers: NAVIGATION })).status;

test("prebind: started after a visitor found it away", async () => {
	assert.equal(await get("/chat/login"), 503);
	await prebind.start();
	assert.equal(await get("/chat/login"), 200);
	await prebind.stop();
	assert.equal(await get("/chat/login"), 503);
	await prebind.start();
	assert.equal(await get("/chat/login"), 200);
});

test("the XMPP server: started after a long poll found it away", async () => {
	assert.equal(await get("/http-bind"), 503);
	const server = http.createServer((request, response) => response.end("here")).listen(boshPort, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	place.onClose(() => new Promise((resolve) => server.close(resolve)));
	assert.equal(await get("/http-bind"), 200);
});
