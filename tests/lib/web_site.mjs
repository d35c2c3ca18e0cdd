/*
 * A site of xmpp_site.mjs with a web server in front: for browsers.
 */
import { apacheFastcgi } from "./apache.mjs";
import { lighttpdFastcgi } from "./lighttpd.mjs";
import { freePorts } from "./wait.mjs";
import { startSite } from "./xmpp_site.mjs";

const MOUNT = "/chat";
const WEB_SERVERS = {
	lighttpd: { start: lighttpdFastcgi },
	apache: { start: apacheFastcgi, site: { base_path: MOUNT } }, // it sends no PATH_INFO: docs/apache.md
};

/**
 * @param {import('./place.mjs').Place} place
 * @param {object} options as startSite takes them; web: which web server
 * @returns what startChat of chat.mjs returns, as far as people.mjs needs it; site: the Site
 */
export async function startWebSite(place, { web = "lighttpd", ...options }) {
	const [webPort] = await freePorts(1);
	const server = WEB_SERVERS[web];
	const site = await startSite(place, { ...options, site: { ...server.site, ...options.site } });
	await server.start(place, { port: webPort, socket: site.prebind.socket, boshPort: site.port });
	return { site, users: site.users, webPort, boshPort: site.port, prebind: site.prebind, ...addresses(webPort) };
}

/** Where a browser finds the site behind that port. */
export function addresses(port) {
	const origin = `http://127.0.0.1:${port}`;
	return { origin, url: `${origin}${MOUNT}/` };
}

/** A file of the site beside us, readable for the web server. */
export const publish = (place, name, text) => place.write(`htdocs/${name}`, text, 0o644);
