// A guest's session on a real Prosody and a real ejabberd, with our module in each: it ends after its time, although the client keeps
// polling, and only prebind can begin one. The documents say how.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BoshClient } from "../lib/bosh_client.mjs";
import { GUESTS, heard, SERVERS } from "../lib/guests.mjs";
import { SCRIPT } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { goOn } from "../lib/xmpp_site.mjs";

const LIFE_S = 15; // longer than a busy machine needs to begin
const ROOMS = "\t\trooms: [help@rooms.guests.example.org]\n".replaceAll("\t", "    ");

/** Adds options of the module to a snippet. */
const adding = (after, more) => (text) => {
	assert.ok(text.includes(after), text);
	return text.replace(after, after + more);
};

async function begin(site, name) {
	const answer = await site.visitor().post("/prebind.json", { bind: "yes", name }, SCRIPT);
	assert.equal(answer.status, 200, answer.body);
	return JSON.parse(answer.body);
}

/** Polls like a page that is left open. @returns the server's last word */
async function pollToTheEnd(site, session) {
	let body = "";
	while (!/terminate|policy-violation/.test(body))
		({ body } = await goOn(site.port, session, ""));
	return body;
}

const lasts = (server, change) => test(`${server}: a visit ends after its time, although the client keeps polling`, async (t) => {
	const place = new Place();
	t.after(() => place.close({ logs: true }));
	const site = await SERVERS[server](place, { change });
	const began = performance.now();
	const guest = await begin(site, "Anna");
	assert.match(await pollToTheEnd(site, guest), /policy-violation[\s\S]*The visit has lasted too long/);
	const seconds = (performance.now() - began) / 1000;
	assert.ok(seconds > LIFE_S - 1, `${seconds}`);
	console.log(`${server}: life ${LIFE_S} s, ended after ${seconds.toFixed(1)} s of polling`);
	const next = await begin(site, "Anna");
	assert.notEqual(next.jid.split("/")[0], guest.jid.split("/")[0]);
	assert.match(await heard(site.port, next), /until-here/);
});

lasts("Prosody", adding('\tdisallow_s2s = true\n', `\tprebind_guests_life = ${LIFE_S}\n`));
lasts("ejabberd", adding(ROOMS, `        life: ${LIFE_S} seconds\n`));

test("ejabberd: nobody comes in as a guest without prebind, which has an address of its own", async (t) => {
	const place = new Place();
	t.after(() => place.close({ logs: true }));
	const site = await SERVERS.ejabberd(place, {
		change: adding(ROOMS, '        from: ["::1"]\n'),
		bosh: { 'ip: "127.0.0.1"': 'ip: "::"' },
		boshHost: "[::1]",
	});
	const guest = await begin(site, "Anna");
	assert.match(await heard(site.port, guest), /until-here/); // the browser comes by the web server, from another address
	const client = new BoshClient({ port: site.port, domain: GUESTS });
	await client.create();
	assert.match(await client.ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"), /<success/);
	let told = await client.bind().then(() => "", (error) => error.message);
	while (!/terminate|policy-violation|HTTP 404/.test(told))
		told += await client.send("").catch((error) => error.message);
	assert.match(told, /policy-violation[\s\S]*Guests come from the website only/);
});
