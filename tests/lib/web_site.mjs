/*
 * Starts a site of xmpp_site.mjs with a web server in front, for browsers.
 */
import { apacheFastcgi } from "./apache.mjs";
import { lighttpdFastcgi } from "./lighttpd.mjs";
import { freePorts } from "./wait.mjs";
import { startSite } from "./xmpp_site.mjs";

const MOUNT = "/chat";
const WEB_SERVERS = {
	lighttpd: { start: lighttpdFastcgi },
	// Apache sends no PATH_INFO: docs/apache.md
	apache: { start: apacheFastcgi, site: { base_path: MOUNT } },
};

/**
 * @param {import('./place.mjs').Place} place
 * @param {object} options those of startSite; web: the web server
 * @returns the parts of startChat's result (chat.mjs) that people.mjs needs; site: the Site
 */
export async function startWebSite(place, { web = "lighttpd", ...options }) {
	const [webPort] = await freePorts(1);
	const server = WEB_SERVERS[web];
	const site = await startSite(place, { ...options, site: { ...server.site, ...options.site } });
	await server.start(place, { port: webPort, socket: site.prebind.socket, boshPort: site.port });
	return { site, users: site.users, webPort, boshPort: site.port, prebind: site.prebind, ...addresses(webPort) };
}

/** The addresses of the site for a browser. */
export function addresses(port) {
	const origin = `http://127.0.0.1:${port}`;
	return { origin, url: `${origin}${MOUNT}/` };
}

/** Writes a file of the site itself, which the web server can read. */
export const publish = (place, name, text) => place.write(`htdocs/${name}`, text, 0o644);
