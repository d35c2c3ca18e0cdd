/*
 * A TCP socket that is listened on before the program starts, as it is handed over by web servers and by systemd.
 */
import net from "node:net";

/**
 * @param {string} host
 * @returns {Promise<{ fd: number, port: number, close: () => void }>} close it once the program has it
 */
export async function listenFor(host) {
	const server = net.createServer();
	await new Promise((resolve, reject) => server.once("error", reject).listen(0, host, () => resolve(null)));
	const { port } = /** @type {net.AddressInfo} */ (server.address());
	return { fd: server["_handle"].fd, port, close: () => server.close() };
}
