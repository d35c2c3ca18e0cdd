// The page /setup of the kit in a real browser: accessible in light and dark, and usable with the keyboard and without script.
import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { violations } from "../lib/axe.mjs";
import { newPage, startChromium } from "../lib/chromium.mjs";
import { top } from "../lib/place.mjs";
import { unpackKit } from "../lib/setup_page.mjs";
import { DEAD_PORT } from "../lib/wait.mjs";

const TYPES = { ".css": "text/css", ".svg": "image/svg+xml" };

/** A web server with the kit. Returns the page's address. */
async function serve(t, kit) {
	const server = http.createServer(async (request, response) => {
		const file = path.join(top, "static", path.basename(request.url));
		if (request.url.startsWith("/chat/static/"))
			return response.writeHead(200, { "Content-Type": TYPES[path.extname(file)] ?? "text/plain" }).end(fs.readFileSync(file));
		const body = (await request.toArray()).join("");
		const { host, ...headers } = request.headers;
		const answer = await kit.send({
			method: request.method, path: request.url.slice("/chat".length), body, headers,
			params: { HTTPS: undefined, SERVER_PORT: host.split(":")[1], SERVER_NAME: host.split(":")[0], HTTP_HOST: host },
		});
		response.writeHead(answer.status, { ...answer.headers, status: [] }).end(answer.body);
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => server.close());
	return `http://127.0.0.1:${server.address().port}/chat/setup`;
}

const XMPP = `http://127.0.0.1:${DEAD_PORT}/http-bind`;

/** The kit's page in a browser. send fills fields in and presses a button, or a key in the last field; it waits for the next page. */
async function open(t, options) {
	const kit = unpackKit(t);
	const page = await newPage(await startChromium(kit.place), options);
	await page.goto(await serve(t, kit));
	const send = async (fields, { button, key, shows }) => {
		for (const [name, value] of Object.entries(fields))
			await page.fill(`[name=${name}]`, value);
		const next = page.waitForEvent("domcontentloaded");
		await (button ? page.click(`button[value=${button}]`) : page.keyboard.press(key));
		await next;
		await page.waitForSelector(shows);
	};
	return { kit, page, send };
}

for (const [colorScheme, locale] of [["light", "de"], ["dark", "fr"], ["light", "en"]])
	test(`accessible from the form to the end, ${colorScheme}, ${locale}`, async (t) => {
		const { kit, page, send } = await open(t, { colorScheme, locale, bypassCSP: true });
		const found = await violations(page, "form");
		await page.click("summary");
		found.push(...await violations(page, "all of the form"));
		await send({ secret: "wrong", xmpp: XMPP }, { button: "write", shows: "[role=alert]" });
		found.push(...await violations(page, "wrong secret"));
		assert.equal(await page.inputValue("#xmpp"), XMPP);
		await send({ site: "-", more: "allow_http = on", secret: kit.secret() }, { button: "write", shows: "[role=alert]" });
		found.push(...await violations(page, "no XMPP server answers"));
		await send({}, { button: "write", shows: "a.button" });
		found.push(...await violations(page, "done"));
		assert.deepEqual(found, []);
		assert.equal(fs.existsSync(kit.conf), true);
		assert.deepEqual(page.complaints.filter((line) => !/403/.test(line)), []);
	});

test("without script, and in a narrow window", async (t) => {
	const { kit, page, send } = await open(t, { javaScriptEnabled: false, viewport: { width: 320, height: 600 } });
	await page.click("summary");
	const wide = async () => page.evaluate(() => document.documentElement.scrollWidth);
	assert.ok(await wide() <= 320, "the form");
	await send({ site: "-", xmpp: XMPP, secret: kit.secret() }, { button: "show", shows: "pre[aria-labelledby=plan]" });
	assert.ok(await wide() <= 320, "the plan");
	await send({}, { button: "write", shows: "a.button" });
	assert.ok(await wide() <= 320, "the end");
	assert.equal(fs.existsSync(kit.conf), true);
});

test("with the keyboard alone: Enter shows what will be written, and writes nothing", async (t) => {
	const { kit, page, send } = await open(t, {});
	const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name") ?? document.activeElement?.localName);
	assert.equal(await focused(), "secret", "typing begins there");
	await page.keyboard.type(kit.secret());
	const passed = [];
	for (const [name, text] of [["site", "-"], ["xmpp", XMPP]]) {
		for (; await focused() !== name; passed.push(await focused()))
			await page.keyboard.press("Tab");
		await page.keyboard.type(text);
	}
	assert.deepEqual(passed, ["site", "login", "url", "domain", "xmpp"], "in the order in which they are seen");
	await send({}, { key: "Enter", shows: "pre[aria-labelledby=plan]" });
	assert.equal(fs.existsSync(kit.conf), false);
	await page.focus("button[value=write]");
	await send({}, { key: "Enter", shows: "a.button" });
	assert.equal(fs.existsSync(kit.conf), true);
});
