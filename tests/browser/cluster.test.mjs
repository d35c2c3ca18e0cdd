// A cluster of two nodes: the session lives on one of them, and the browser must reach that one (bosh_hosts). Each node
// is a Prosody with an instance before it that answers Tigase's call under the node's name.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CALLER } from "../lib/chain.mjs";
import { DOMAIN, MOUNT, startChat, typablePassword } from "../lib/chat.mjs";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { leave, logIn, ready } from "../lib/people.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts } from "../lib/wait.mjs";

const SECRET = "the same on both nodes";

async function startNode(place, name) {
	const own = new Place();
	place.onClose(() => own.close());
	const chat = await startChat(own, {
		users: { alice: typablePassword() },
		site: { gateway: "on", hosts: `${name} 127.0.0.1` },
	});
	await chat.prebind.ctlOk(["gateway", "add", CALLER, "--domains", DOMAIN, "--password-stdin"], { input: `${SECRET}\n` });
	return { ...chat, name, url: `${chat.origin}${MOUNT}/rest/adhoc/bosh@${DOMAIN}` };
}

test("the page goes to the node that has the session; when that one is gone, to the other", async (t) => {
	const place = new Place();
	t.after(() => place.close({ logs: true }));
	const [one, two] = [await startNode(place, "one.example.test"), await startNode(place, "two.example.test")];
	const [port] = await freePorts(1);
	const prebind = new Prebind(place, {
		site: {
			jid: `{user}@${DOMAIN}`,
			backend: "tigase",
			tigase_url: `${one.url} ${two.url}`,
			tigase_user: CALLER,
			tigase_password_file: place.write("etc/tigase.password", `${SECRET}\n`),
			bosh_url: "/bosh/{hostname}",
			bosh_hosts: "one.example.test two.example.test",
		},
	});
	await prebind.prepare({ alice: "correct horse" });
	await prebind.start();
	await lighttpdFastcgi(place, { port, socket: prebind.socket, boshPort: one.boshPort });

	const page = await newPage(await startChromium(place));
	const asked = [];
	for (const node of [one, two]) // what a web server's proxy does
		await page.route(`**/bosh/${node.name}`, (route) => {
			asked.push(node.name);
			return route.continue({ url: `http://127.0.0.1:${node.boshPort}/http-bind` });
		});
	await page.goto(`http://127.0.0.1:${port}${MOUNT}/`);
	await logIn(page, "alice", "correct horse");
	await ready(page);
	assert.deepEqual([...new Set(asked)], ["one.example.test"]);

	await one.prebind.stop();
	await one.lighttpd.stop();
	await one.prosody.stop();
	asked.length = 0;
	page.complaints.length = 0;
	await page.goto(`http://127.0.0.1:${port}${MOUNT}/`);
	await ready(page);
	assert.ok(asked.includes("two.example.test"), asked.join());
	assert.equal(asked.at(-1), "two.example.test");
	page.complaints.length = 0; // the node that is gone answered nothing: the browser's console says so
	await leave(page);
});
