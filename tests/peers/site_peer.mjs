/*
 * A scripted site for provider site_http: it answers each question as a test says, and keeps what it was asked.
 */
import http from "node:http";

/**
 * @typedef {object} SiteAnswer
 * @property {number} [status] 200 if absent
 * @property {object | string} [body] an object is sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {Promise<unknown>} [until] what to wait for before it
 * @property {"hang" | "close"} [way]
 */

/** @param {SiteAnswer} what */
async function send(what, response) {
	await what.until;
	if (what.way === "hang")
		return;
	if (what.way === "close")
		return response.socket.destroy();
	const text = typeof what.body === "object" ? JSON.stringify(what.body) : what.body ?? "";
	const type = typeof what.body === "object" ? { "Content-Type": "application/json" } : {};
	response.writeHead(what.status ?? 200, { ...type, ...what.headers });
	response.end(text);
}

/**
 * Starts it on a free port of 127.0.0.1, until the place closes.
 * @returns {Promise<{ url: string, port: number, questions: { path: string, headers: Record<string, string>, rawHeaders: string[] }[],
 *                     most: number, connections: number, answer: (what: SiteAnswer | ((cookie: string) => SiteAnswer)) => void }>}
 *   most: so many questions were under way at once; connections: so many were made
 */
export async function startSitePeer({ place, host = "127.0.0.1" }) {
	const peer = { questions: [], most: 0, connections: 0, script: { status: 401 }, answer: (what) => (peer.script = what) };
	let under = 0;
	const server = http.createServer((request, response) => {
		peer.most = Math.max(peer.most, ++under);
		response.on("close", () => under--);
		const { url: path, headers, rawHeaders, method } = request;
		peer.questions.push({ method, path, headers, rawHeaders });
		send(typeof peer.script === "function" ? peer.script(headers.cookie ?? "") : peer.script, response);
	});
	server.on("connection", () => peer.connections++);
	await new Promise((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
	place.onClose(() => {
		server.close();
		server.closeAllConnections();
	});
	peer.port = server.address().port;
	peer.url = `http://${host.includes(":") ? `[${host}]` : host}:${peer.port}/whoami`;
	return peer;
}
