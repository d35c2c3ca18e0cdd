/*
 * Starts a complete chat with real servers: lighttpd, the program and Prosody. The users are each
 * other's contacts. `make demo` and the tests of servers and browsers use it.
 */
import { randomBytes } from "node:crypto";
import { lighttpdFastcgi } from "./lighttpd.mjs";
import { Prebind } from "./prebind.mjs";
import { startProsody } from "./prosody.mjs";
import { freePorts } from "./wait.mjs";

export const DOMAIN = "example.org";
export const MOUNT = "/chat";

/** A password that a person can read in one window and type into another. */
export function typablePassword() {
	return [...randomBytes(8)].map((byte) => "abcdefghjkmnpqrstuvwxyz23456789"[byte % 31]).join("");
}

/**
 * @param {import('./place.mjs').Place} place
 * @param {{ users?: Record<string, string>, site?: object, sites?: object, server?: object, prosody?: string, bosh?: Record<string, string>, web?: object, contacts?: boolean,
 *           progress?: (text: string) => void }} [options]
 *   users: site user to site password; each has the XMPP account of that name, with another password
 *   prosody, bosh, contacts: more, bosh and contacts of startProsody
 *   web: options of startLighttpd
 *   sites: further sites, with the same users and back end
 * @returns the address of the page, the ports, the passwords of the site (users) and of XMPP (accounts), and the parts
 */
export async function startChat(place, options = {}) {
	const { users = { alice: typablePassword(), bob: typablePassword() }, progress = () => {} } = options;
	const [webPort, boshPort] = await freePorts(2);
	const xmpp = Object.fromEntries(Object.keys(users).map((name) => [name, randomBytes(18).toString("base64url")]));

	progress(`XMPP server (Prosody), BOSH on 127.0.0.1:${boshPort}`);
	const runProsody = () => startProsody(place, { domain: DOMAIN, port: boshPort, users: xmpp, more: options.prosody, bosh: options.bosh, contacts: options.contacts });
	const prosody = await runProsody();

	progress("prebind: database, users, JID map");
	const common = { jid: `{user}@${DOMAIN}`, backend: "bosh", bosh_service: `http://127.0.0.1:${boshPort}/http-bind` };
	const prebind = new Prebind(place, {
		server: options.server,
		site: { ...common, ...options.site },
		sites: Object.fromEntries(Object.entries(options.sites ?? {}).map(([name, keys]) => [name, { ...common, ...keys }])),
	});
	await prebind.prepare(users);
	for (const [name, password] of Object.entries(xmpp))
		await prebind.ctlOk(["map", "set", name, `${name}@${DOMAIN}`, "--xmpp-password-stdin"], { input: `${password}\n` });
	await prebind.spread();

	progress("prebind: FastCGI on its own socket");
	await prebind.start();

	progress(`web server (lighttpd) on 127.0.0.1:${webPort}`);
	const lighttpd = await lighttpdFastcgi(place, { port: webPort, socket: prebind.socket, boshPort, ...options.web });
	const origin = `http://127.0.0.1:${webPort}`;
	const chat = { users, accounts: xmpp, origin, url: `${origin}${MOUNT}/`, webPort, boshPort, prebind, prosody, lighttpd };
	chat.restartProsody = async () => {
		await chat.prosody.stop();
		chat.prosody = await runProsody();
	};
	return chat;
}
