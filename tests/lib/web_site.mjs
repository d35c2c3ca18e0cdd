/*
 * A site of xmpp_site.mjs with lighttpd in front: for browsers.
 */
import { lighttpdFastcgi } from "./lighttpd.mjs";
import { freePorts } from "./wait.mjs";
import { startSite } from "./xmpp_site.mjs";

const MOUNT = "/chat";

/**
 * @param {import('./place.mjs').Place} place
 * @param {object} options as startSite takes them
 * @returns what startChat of chat.mjs returns, as far as people.mjs needs it; site: the Site
 */
export async function startWebSite(place, options) {
	const [webPort] = await freePorts(1);
	const site = await startSite(place, options);
	await lighttpdFastcgi(place, { port: webPort, socket: site.prebind.socket, boshPort: site.port });
	const origin = `http://127.0.0.1:${webPort}`;
	return { site, users: site.users, origin, url: `${origin}${MOUNT}/`, webPort, boshPort: site.port, prebind: site.prebind };
}

/** A file of the site beside us, readable for the web server. */
export const publish = (place, name, text) => place.write(`htdocs/${name}`, text, 0o644);
