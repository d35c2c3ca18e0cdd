/*
 * Makes a listening TCP socket before the program starts, as web servers and systemd do, to hand it
 * over.
 */
import net from "node:net";

/**
 * @param {string} host
 * @returns {Promise<{ fd: number, port: number, close: () => void }>} close it after the program has it
 */
export async function listenFor(host) {
	const server = net.createServer();
	await new Promise((resolve, reject) => server.once("error", reject).listen(0, host, () => resolve(null)));
	const { port } = /** @type {net.AddressInfo} */ (server.address());
	return { fd: server["_handle"].fd, port, close: () => server.close() };
}
