/*
 * Relays connections from one address to another: between a private network and the outside, by way
 * of UNIX sockets. An address is a port of 127.0.0.1 or a socket's path.
 *   node tests/lib/namespace_relay.mjs FROM TO [FROM TO …]
 */
import fs from "node:fs";
import net from "node:net";
import { pathToFileURL } from "node:url";

const address = (text) => (/^\d+$/.test(text) ? { host: "127.0.0.1", port: Number(text) } : { path: text });

/**
 * @param {string | number} from address to listen on
 * @param {string | number} to address to connect each connection to
 * @returns {Promise<net.Server & { sockets: Set<net.Socket> }>}
 */
export async function relay(from, to) {
	const sockets = new Set();
	const server = net.createServer({ allowHalfOpen: true }, (incoming) => {
		const outgoing = net.connect({ ...address(String(to)), allowHalfOpen: true });
		for (const [socket, other] of [[incoming, outgoing], [outgoing, incoming]]) {
			sockets.add(socket);
			socket.pipe(other);
			socket.on("error", () => other.destroy());
			socket.on("close", () => {
				sockets.delete(socket);
				if (socket.errored)
					other.destroy();
			});
		}
	});
	await new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(address(String(from)), () => resolve(null));
	});
	return Object.assign(server, { sockets });
}

if (import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
	const ways = process.argv.slice(2);
	for (let i = 0; i + 1 < ways.length; i += 2)
		await relay(ways[i], ways[i + 1]);
	process.stdout.write("ready\n");
}
