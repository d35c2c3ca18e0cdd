// A socket that is TCP: refused, unless the operator wants it, it is on loopback, and from where is said (SEC-FCGI-1).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fastcgiRequest } from "../lib/cgi.mjs";
import { listenFor } from "../lib/listening.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const LISTED = "127.0.0.2";
const OTHERS = ["127.0.0.1", "127.0.0.3"];

let place, peer;

before(async () => {
	place = new Place();
	peer = await startTigasePeer({ place });
	await new Prebind(place, { site: peer.site(place) }).prepare({});
});
after(() => place.close({ logs: true }));

/** The two ways in which a socket is handed over. */
const ways = {
	"descriptor 0": (prebind, fd) => ({
		argv: [prebind.program, "-c", prebind.conf],
		options: { stdio: [fd, "pipe", "pipe"] },
	}),
	systemd: (prebind, fd) => ({
		argv: ["sh", "-c", `LISTEN_PID=$$ exec ${prebind.program} -c ${prebind.conf}`],
		options: { stdio: ["ignore", "pipe", "pipe", fd], env: { LISTEN_FDS: "1" } },
	}),
};

/** Starts the program on a socket of this host's; addresses: FCGI_WEB_SERVER_ADDRS. */
async function start(way, { allow_tcp, addresses, host = "127.0.0.1" }) {
	const prebind = new Prebind(place, { server: { listen: undefined, allow_tcp }, site: peer.site(place) });
	const socket = await listenFor(host);
	const { argv, options } = ways[way](prebind, socket.fd);
	const env = { ...options.env, ...(addresses === undefined ? {} : { FCGI_WEB_SERVER_ADDRS: addresses }) };
	const child = place.start("prebind.fcgi", argv, { ...options, env });
	socket.close();
	return { child, port: socket.port };
}

const refused = [
	{ name: "without the key", allow_tcp: undefined, addresses: "127.0.0.1", why: /allow_tcp/ },
	{ name: "with allow_tcp = off", allow_tcp: "off", addresses: "127.0.0.1", why: /allow_tcp/ },
	{ name: "without addresses", allow_tcp: "on", addresses: undefined, why: /FCGI_WEB_SERVER_ADDRS/ },
	{ name: "with an empty list", allow_tcp: "on", addresses: "", why: /FCGI_WEB_SERVER_ADDRS/ },
	{ name: "with a name in the list", allow_tcp: "on", addresses: "127.0.0.1,localhost", why: /'localhost' is not an IP address/ },
	{ name: "with a comma too many", allow_tcp: "on", addresses: "127.0.0.1,", why: /'' is not an IP address/ },
	{ name: "with more than an address", allow_tcp: "on", addresses: "x".repeat(100), why: /is not an IP address/ },
	{ name: "with too many", allow_tcp: "on", addresses: Array(17).fill("::1").join(","), why: /more than 16/ },
	{ name: "on all interfaces", allow_tcp: "on", addresses: "127.0.0.1", host: "0.0.0.0", why: /listens on the network/ },
];

for (const way of Object.keys(ways)) {
	for (const { name, why, ...how } of refused)
		test(`${way}: refused ${name}`, async () => {
			const { child } = await start(way, how);
			assert.deepEqual(await child.end, { code: 1, signal: null });
			assert.match(child.stderr, why);
		});

	test(`${way}: wanted, a peer of the list is served, another one is not`, async () => {
		const { child, port } = await start(way, { allow_tcp: "on", addresses: `192.0.2.1,${LISTED},::1` });
		const from = (localAddress) => fastcgiRequest({ host: "127.0.0.1", port, localAddress },
			{ path: "/health", headers: { Host: "example.org" } });
		await until("the program to serve", () => from(LISTED).then(({ status }) => status === 200, () => false),
			{ seconds: 60, gone: () => child.gone() });
		for (const other of OTHERS)
			await assert.rejects(from(other));
		const told = () => [...child.stderr.matchAll(/"event":"peer_refused","address":"([^"]+)"/g)].map(([, address]) => address);
		await until("the log to say so", () => told().length >= OTHERS.length);
		assert.deepEqual(told(), OTHERS);
		assert.equal((await from(LISTED)).status, 200);
		assert.equal((await child.stop()).code, 0);
	});
}
