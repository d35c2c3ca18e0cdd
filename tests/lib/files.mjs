/*
 * Pictures and files on the XMPP server's upload service: the same scenes on each server. The service has an origin of its
 * own, localhost, because the site is 127.0.0.1.
 */
import assert from "node:assert/strict";
import net from "node:net";
import zlib from "node:zlib";
import { violations } from "./axe.mjs";
import { enterBoth, leave, received, sent, write } from "./people.mjs";
import { freePorts } from "./wait.mjs";
import { startWebSite } from "./web_site.mjs";

export const MAX = 20_000; // bytes: of a file

/** Passes connections to a port on to another one, as the web server of the upload service does. */
async function forward(place, from, to) {
	const open = new Set(); // browsers keep connections
	const server = net.createServer((near) => {
		const far = net.connect(to, "127.0.0.1");
		open.add(near);
		near.on("close", () => open.delete(near));
		near.pipe(far).pipe(near);
		for (const [one, other] of [[near, far], [far, near]])
			one.on("error", () => other.destroy());
	});
	await new Promise((ready) => server.listen(from, "127.0.0.1", ready));
	place.onClose(() => new Promise((closed) => {
		server.close(closed);
		for (const near of open)
			near.destroy();
	}));
}

/** @param {(origin: string) => object} options makes those of startWebSite from the origin of the service */
export async function startWithFiles(place, options) {
	const [uploadPort] = await freePorts(1);
	const origin = `http://localhost:${uploadPort}`;
	const { site, ...more } = options(origin);
	const chat = await startWebSite(place, { way: "password", site: { upload_origins: origin, ...site }, ...more });
	await forward(place, uploadPort, chat.boshPort);
	return Object.assign(chat, { uploads: origin });
}

/** A PNG of one colour. */
function png(width, height) {
	const chunk = (type, data) => {
		const body = Buffer.concat([Buffer.from(type), data]);
		const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
		length.writeUInt32BE(data.length);
		crc.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : crc32(body));
		return Buffer.concat([length, body, crc]);
	};
	const head = Buffer.alloc(13);
	head.writeUInt32BE(width, 0);
	head.writeUInt32BE(height, 4);
	head.set([8, 2], 8);
	const rows = Buffer.concat(Array.from({ length: height }, () => Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 0x88)])));
	return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", zlib.deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** The checksum of PNG, which Node 18's zlib lacks. */
function crc32(data) {
	let crc = ~0;
	for (const byte of data) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++)
			crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	}
	return ~crc >>> 0;
}

const offer = (page) => page.locator(".file-offer");
const choose = (page, name, mimeType, buffer) => page.locator("#composer input[type=file]").setInputFiles({ name, mimeType, buffer });

/** Drops a text file on the conversation. */
const drop = (page, name, text) => page.evaluate(([file, content]) => {
	const data = new globalThis.DataTransfer();
	data.items.add(new globalThis.File([content], file, { type: "text/plain" }));
	document.getElementById("conversation").dispatchEvent(new globalThis.DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}, [name, text]);

/** Each scene gets what the test file has started: browser, chat. */
export const FILES = {
	"a picture: its name and size are shown first, then it is sent, and both see it": async ({ browser, chat }) => {
		const { alice, bob } = await enterBoth(browser, chat);
		const asked = [];
		bob.on("request", (request) => request.resourceType() === "image" && asked.push(request));
		await alice.getByRole("button", { name: "Send a file" }).waitFor();
		await choose(alice, "holiday photo.png", "image/png", png(40, 30));
		await offer(alice).getByText(/holiday photo\.png \(\d+ byte\) → Bob/).waitFor();
		assert.deepEqual(await violations(alice, "file offered"), []);
		await offer(alice).getByRole("button", { name: "Send" }).click();
		for (const [page, side] of [[alice, ".message.out"], [bob, ".message.in"]]) {
			const picture = page.locator(`${side} .file img`);
			await picture.waitFor();
			assert.match(await picture.getAttribute("alt"), /holiday.photo\.png$/);
			assert.deepEqual(await picture.evaluate(async (img) => {
				await img.decode();
				return [img.naturalWidth, img.naturalHeight];
			}), [40, 30]);
		}
		await offer(alice).waitFor({ state: "hidden" });
		const pictures = asked.filter((request) => request.url().startsWith("http"));
		assert.ok(pictures.length > 0);
		for (const request of pictures)
			assert.deepEqual([new URL(request.url()).origin, request.headers().referer ?? ""], [chat.uploads, ""]);
		assert.deepEqual(await violations(bob, "picture received"), []);
		await leave(alice, bob);
	},

	"a file that is dropped is a link to the same bytes": async ({ browser, chat }) => {
		const { alice, bob } = await enterBoth(browser, chat);
		await drop(alice, "notes.txt", "what we said");
		await offer(alice).getByText("notes.txt (12 byte)").waitFor();
		await alice.keyboard.press("Enter"); // the focus is on Send
		const link = bob.locator(".message.in a.file");
		await link.getByText("notes.txt").waitFor();
		const answer = await bob.request.get(await link.getAttribute("href"));
		assert.deepEqual([answer.status(), await answer.text()], [200, "what we said"]);
		await leave(alice, bob);
	},

	"a file that is too large is refused before it is sent, with the limit": async ({ browser, chat }) => {
		const { alice, bob } = await enterBoth(browser, chat);
		const puts = [];
		alice.on("request", (request) => request.method() === "PUT" && puts.push(request.url()));
		await choose(alice, "film.bin", "application/octet-stream", Buffer.alloc(MAX + 1));
		await offer(alice).getByText("This file is too large. The limit is 20 kB.").waitFor();
		assert.equal(await offer(alice).getByRole("button", { name: "Send" }).isDisabled(), true);
		await offer(alice).getByRole("button", { name: "Cancel" }).click();
		await write(alice, "it was too large");
		await received(bob, "it was too large").waitFor();
		assert.deepEqual(puts, []);
		await leave(alice, bob);
	},

	"an address of another server, and a picture with a script in it, are links and no pictures": async ({ browser, chat }) => {
		const { alice, bob } = await enterBoth(browser, chat);
		const asked = [];
		bob.on("request", (request) => request.resourceType() === "image" && asked.push(request.url()));
		const port = new URL(chat.uploads).port;
		for (const text of [`http://127.0.0.1:${port}/x.png`, `${chat.uploads}/x.svg`, `see ${chat.uploads}/x.png`]) {
			await alice.locator("#compose").fill(text);
			await alice.keyboard.press("Enter");
			await received(bob, text.endsWith(".svg") ? "x.svg" : text).waitFor();
		}
		assert.equal(await bob.locator(".message img").count(), 0);
		assert.deepEqual(asked.filter((url) => /x\.(png|svg)/.test(url)), []);
		await leave(alice, bob);
	},

	"without a network the file is not lost: the next try sends it": async ({ browser, chat }) => {
		const { alice, bob } = await enterBoth(browser, chat);
		await alice.route(`${chat.uploads}/**`, (route) => route.abort());
		await choose(alice, "later.txt", "text/plain", Buffer.from("later"));
		await offer(alice).getByRole("button", { name: "Send" }).click();
		await offer(alice).getByText("The file was not sent. Try again.").waitFor();
		assert.equal(await sent(alice, "later.txt").count(), 0);
		assert.match(alice.complaints.splice(0).join("\n"), /^error: Failed to load resource.*later\.txt\)$/);
		await alice.unroute(`${chat.uploads}/**`);
		await offer(alice).getByRole("button", { name: "Send" }).click();
		await bob.locator(".message.in a.file").getByText("later.txt").waitFor();
		await leave(alice, bob);
	},
};
