// Pictures and files: in Chromium on ejabberd's mod_http_upload, with Debian's configuration.
import { after, before, test } from "node:test";
import { startChromium } from "../lib/chromium.mjs";
import { FILES, MAX, startWithFiles } from "../lib/files.mjs";
import { Place } from "../lib/place.mjs";

let place, chat, browser;

before(async () => {
	place = new Place();
	chat = await startWithFiles(place, (origin) => ({ server: "ejabberd", debian: true, also: { upload: {
		"https://upload.example.org": origin, "max_size: 10485760": `max_size: ${MAX}` } } }));
	browser = await startChromium(place);
});
after(() => place.close({ logs: true }));

for (const [what, scene] of Object.entries(FILES))
	test(what, () => scene({ browser, chat }));
