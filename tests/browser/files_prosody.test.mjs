// Pictures and files: in Chromium on Prosody's http_file_share.
import { after, before, test } from "node:test";
import { startChromium } from "../lib/chromium.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { FILES, MAX, startWithFiles } from "../lib/files.mjs";
import { Place } from "../lib/place.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startWithFiles(place, (origin) => ({ server: "prosody", more: docSnippet("docs/prosody.md", "upload", {
		'http_host = "upload.example.org"': 'http_host = "localhost"', "https://upload.example.org/": `${origin}/`, "10 * 1024 * 1024": String(MAX) }) }));
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(FILES))
	test(what, () => scene({ browser, chat }));
