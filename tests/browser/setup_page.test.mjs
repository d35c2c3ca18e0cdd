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

for (const colorScheme of ["light", "dark"])
	test(`accessible from the secret to the end, ${colorScheme}`, async (t) => {
		const kit = unpackKit(t);
		const browser = await startChromium(kit.place);
		const page = await newPage(browser, { colorScheme, bypassCSP: true, locale: colorScheme === "dark" ? "fr" : "de" });
		await page.goto(await serve(t, kit));
		const found = await violations(page, "secret");
		await page.fill("#secret", "wrong");
		await page.keyboard.press("Enter");
		await page.waitForSelector("[role=alert]");
		found.push(...await violations(page, "wrong secret"));
		await page.fill("#secret", kit.secret());
		await page.keyboard.press("Enter");
		await page.fill("#site", "-");
		await page.fill("#xmpp", `http://127.0.0.1:${DEAD_PORT}/http-bind`);
		await page.click("button[value=show]");
		await page.waitForSelector("button[value=write]");
		found.push(...await violations(page, "plan"));
		await page.fill("#more", "allow_http = on");
		await page.click("button[value=show]");
		await page.waitForSelector("button[value=write]");
		await page.click("button[value=write]");
		await page.waitForSelector("a.button");
		found.push(...await violations(page, "done"));
		assert.deepEqual(found, []);
		assert.equal(fs.existsSync(kit.conf), true);
		assert.deepEqual(page.complaints.filter((line) => !/403/.test(line)), []);
	});

test("without script, and in a narrow window", async (t) => {
	const kit = unpackKit(t);
	const browser = await startChromium(kit.place);
	const page = await newPage(browser, { javaScriptEnabled: false, viewport: { width: 320, height: 600 } });
	await page.goto(await serve(t, kit));
	await page.fill("#secret", kit.secret());
	await page.keyboard.press("Enter");
	await page.fill("#site", "-");
	await page.fill("#xmpp", `http://127.0.0.1:${DEAD_PORT}/http-bind`);
	await page.click("button[value=show]");
	await page.waitForSelector("button[value=write]");
	const { width } = await page.locator("main").boundingBox();
	assert.ok(width <= 320, `${width} px`);
	await page.click("button[value=write]");
	await page.waitForSelector("a.button");
	assert.equal(fs.existsSync(kit.conf), true);
});
