/*
 * The XMPP server of tests/kit/run: node tests/kit/xmpp.mjs ROOT. Prosody on port 5280, as docs/prosody.md says. When the customer in the
 * system ROOT has set the chat up, it takes the key from there and restarts.
 */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Place } from "../lib/place.mjs";
import { startProsody } from "../lib/prosody.mjs";
import { until } from "../lib/wait.mjs";

const [root] = process.argv.slice(2);
const place = new Place();
const modules = place.copy("prosody", "modules");
const start = (key) => startProsody(place, {
	domain: "example.org", port: 5280, users: { alice: randomBytes(18).toString("hex"), bob: randomBytes(18).toString("hex") },
	snippet: ["token", { "/etc/prosody/prebind.key": place.write("server.key", key) }], modules,
});

const prosody = await start(randomBytes(32).toString("base64url"));
fs.writeFileSync(path.join(root, "tmp/xmpp-is-up"), "");
await until("the customer's key", () => fs.existsSync(path.join(root, "tmp/key-is-there")), { seconds: 600 });
await prosody.stop();
await start(fs.readFileSync(path.join(root, "var/www/you/prebind-private/etc/bosh.key"), "utf8"));
fs.writeFileSync(path.join(root, "tmp/xmpp-has-key"), "");
