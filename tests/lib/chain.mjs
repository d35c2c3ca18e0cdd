/*
 * Two instances in a row. The first one is in front of Prosody and answers Tigase's REST call. The
 * second one uses the first one as its Tigase. The second one's users see its page, and their
 * browsers get sessions that went through both.
 */
import { randomBytes } from "node:crypto";
import { DOMAIN, MOUNT, startChat, typablePassword } from "./chat.mjs";
import { lighttpdFastcgi } from "./lighttpd.mjs";
import { Place } from "./place.mjs";
import { Prebind } from "./prebind.mjs";
import { freePorts } from "./wait.mjs";

/**
 * The name of the second instance as a caller of the first; a bare JID, like Tigase's own callers.
 */
export const CALLER = `admin@${DOMAIN}`;

/**
 * Adds a caller to each of the sites.
 * @param {import('./prebind.mjs').Prebind} prebind
 * @param {string} name
 * @param {{ domains?: string, more?: string[], sites?: string[] }} [options]
 * @returns {Promise<string>} its password
 */
export async function addCaller(prebind, name, { domains = DOMAIN, more = [], sites = ["default"] } = {}) {
	const password = randomBytes(18).toString("base64url");
	for (const site of sites)
		await prebind.ctlOk(["--site", site, "gateway", "add", name, "--domains", domains, "--password-stdin", ...more], { input: `${password}\n` });
	return password;
}

/**
 * @param {import('./place.mjs').Place} place of the second instance; when it closes, the first one's place closes, too
 * @param {{ format?: "json" | "xml", users?: Record<string, string>, site?: object }} [options]
 *   users: site user of the second instance to site password; site: other keys of the second
 *   instance's site
 * @returns what startChat would return for the second instance, and `first`: what it returned for the first
 */
export async function startChain(place, { format = "json", users, site = {} } = {}) {
	const outside = users ?? { alice: typablePassword(), bob: typablePassword() };
	const firstPlace = new Place();
	place.onClose(() => firstPlace.close());
	const first = await startChat(firstPlace, {
		users: Object.fromEntries(Object.keys(outside).map((name) => [name, typablePassword()])),
		site: { gateway: "on" },
	});
	const password = await addCaller(first.prebind, CALLER);

	const [webPort] = await freePorts(1);
	const prebind = new Prebind(place, {
		site: {
			jid: `{user}@${DOMAIN}`,
			backend: "tigase",
			tigase_url: `${first.origin}${MOUNT}/rest/adhoc/bosh@${DOMAIN}`,
			tigase_format: format,
			tigase_user: CALLER,
			tigase_password_file: place.write("etc/tigase.password", `${password}\n`),
			...site,
		},
	});
	await prebind.prepare(outside);
	await prebind.start();
	const lighttpd = await lighttpdFastcgi(place, { port: webPort, socket: prebind.socket, boshPort: first.boshPort });
	const origin = `http://127.0.0.1:${webPort}`;
	return { users: outside, origin, url: `${origin}${MOUNT}/`, webPort, boshPort: first.boshPort, prebind, lighttpd, first };
}
