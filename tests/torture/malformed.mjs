/*
 * The fourth part of `make torture`: malformed requests over real web servers, with the shipped files. A client's fault
 * is never a 5xx, nothing that the client sent comes back as markup, and no header of the client's making is in an answer.
 *   node tests/torture/malformed.mjs [--requests 6000] [--seed N]
 */
import net from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { apacheFastcgi } from "../lib/apache.mjs";
import { lighttpdFastcgi } from "../lib/lighttpd.mjs";
import { nginxFastcgi } from "../lib/nginx.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { freePorts } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";
import { malformedRequest, MARK, Numbers } from "./malformed_requests.mjs";

const SERVERS = { lighttpd: lighttpdFastcgi, Apache: apacheFastcgi, nginx: nginxFastcgi };
const AT_ONCE = 6;
/** A server may wait for the rest of a request. After this the client has sent all, and later it leaves. */
const END_MS = 500, LEAVE_MS = 4000;
const OWN_COOKIES = /^prebind-[a-z-]+=/;

/** Sends bytes; returns all that comes until the connection ends, or the client leaves. */
function send(port, bytes) {
	return new Promise((resolve) => {
		const socket = net.connect(port, "127.0.0.1");
		const chunks = [];
		const timers = [setTimeout(() => socket.end(), END_MS), setTimeout(() => socket.destroy(), LEAVE_MS)];
		socket.on("error", () => {});
		socket.on("data", (chunk) => chunks.push(chunk));
		socket.on("close", () => {
			timers.forEach(clearTimeout);
			resolve(Buffer.concat(chunks).toString("latin1"));
		});
		socket.write(bytes);
	});
}

/** The answers that a text holds, as far as their heads go: status, header lines, and all the rest. */
function answersIn(text) {
	return text.split(/(?=^HTTP\/1\.[01] \d{3} )/m).filter((part) => /^HTTP\/1/.test(part)).map((part) => {
		const end = part.indexOf("\r\n\r\n");
		const [first, ...lines] = part.slice(0, end < 0 ? undefined : end).split("\r\n");
		return { status: Number(first.split(" ")[1]), lines, body: end < 0 ? "" : part.slice(end + 4) };
	});
}

/**
 * The 5xx that may be: 501 and 505 are a web server's words for what is no request of HTTP/1.1. Tigase's REST call answers
 * bad credentials with 500, and we as it does (docs/adhoc.md). Too many at once are busy: this test is not alone on the machine.
 */
function mayBe({ status, body }, ours) {
	return ours ? (status === 500 && body.includes("bad_request")) || (status === 503 && /\bbusy\b/.test(body)) : [501, 505].includes(status);
}

/** What is wrong with an answer; null: nothing. */
export function complaint(answer) {
	const { status, lines, body } = answer;
	const ours = lines.some((line) => /^x-request-id:/i.test(line));
	if (status >= 500 && !mayBe(answer, ours))
		return `a ${status}`;
	if (body.includes(`<${MARK}`) || body.includes(`"${MARK}`) || body.includes(`'${MARK}`))
		return "what the client sent, as markup";
	for (const line of lines) {
		const [, name, value] = /^([^:]*):\s*(.*)$/.exec(line) ?? ["", line, ""];
		if (/^x-injected$/i.test(name))
			return `a header of the client's: ${line}`;
		if (/^set-cookie$/i.test(name) && !OWN_COOKIES.test(value))
			return `a cookie that is not ours: ${line}`;
		if (/^location$/i.test(name) && ours && !/^\/(?!\/)/.test(value))
			return `a redirect to elsewhere: ${line}`;
	}
	return null;
}

/** Requests to one web server, several at a time. */
async function askServer(name, port, { numbers, requests, tally }) {
	let left = requests;
	const one = async () => {
		while (left-- > 0) {
			const bytes = malformedRequest(numbers);
			const answers = answersIn(await send(port, bytes));
			tally.requests++;
			if (answers.length === 0)
				tally.silent++;
			for (const answer of answers) {
				tally.statuses[answer.status] = (tally.statuses[answer.status] ?? 0) + 1;
				const wrong = complaint(answer);
				if (wrong)
					tally.complaints.push(`${name}: ${wrong}, to ${JSON.stringify(bytes.toString("latin1").slice(0, 600))}: ${answer.body.slice(0, 300)}`);
			}
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** Sends so many requests to each web server in turn. */
export async function sendMalformed({ requests, seed, progress }) {
	const place = new Place();
	const tally = { requests: 0, silent: 0, statuses: {}, complaints: [] };
	try {
		const peer = await startTigasePeer({ place });
		const prebind = new Prebind(place, { server: { log_level: "error" }, site: peer.site(place, { base_path: "/chat", gateway: "on", limit_gateway: "off" }) });
		await prebind.prepare({ alice: "correct horse" });
		await prebind.start();
		const ports = await freePorts(Object.keys(SERVERS).length + 1);
		const boshPort = ports.pop();
		for (const [i, [name, start]] of Object.entries(SERVERS).entries()) {
			await start(place, { port: ports[i], socket: prebind.socket, boshPort });
			await askServer(name, ports[i], { numbers: new Numbers(seed + i), requests: Math.ceil(requests / 3), tally });
			progress(`${name}: ${tally.requests} requests so far, ${tally.complaints.length} wrong\n`);
		}
	} finally {
		await place.close();
	}
	return tally;
}

async function main() {
	const { values } = parseArgs({ options: { requests: { type: "string", default: "6000" }, seed: { type: "string", default: String(Date.now() % 1e6) } } });
	console.log(`--seed ${values.seed}`);
	const { requests, silent, statuses, complaints } = await sendMalformed({ requests: Number(values.requests), seed: Number(values.seed),
		progress: (text) => process.stdout.write(text) });
	console.log(`${requests} malformed requests, ${silent} without an answer; answers by status: ${JSON.stringify(statuses)}; ${complaints.length} wrong`);
	complaints.slice(0, 20).forEach((text) => console.log(text));
	process.exitCode = complaints.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
	await main().catch((error) => {
		console.error(`prebind malformed: ${error.stack}`);
		process.exitCode = 1;
	});
