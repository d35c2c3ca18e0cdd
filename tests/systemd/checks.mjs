/*
 * What must hold under systemd: installed and started by the README's commands, behind lighttpd, with the units as shipped.
 * Runs as root on the machine that boot makes, where it may change everything. The list at the end is the plan.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import { promisify } from "node:util";
import { childrenOf } from "../lib/children.mjs";
import { docSnippet } from "../lib/docs.mjs";
import { dataBlock, httpRequest, SCRIPT, Visitor } from "../lib/http.mjs";
import { confText } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const CONF = "/etc/prebind/prebind.conf";
const LOG = "/var/log/prebind/prebind.log";
const DROP_IN = "/etc/systemd/system/prebind.service.d/override.conf";
const PASSWORD = "correct horse";
const XMPP_PASSWORD = "adminpass";
const XMPP_PORT = 8080;
const ELSEWHERE = "192.0.2.7"; // as in docs/server.md
const AT_ONCE = 6;
const STARTS = 25; // more than the burst of systemd's own start limit, and of a socket's trigger limit

const run = promisify(execFile);
const sh = async (script) => (await run("sh", ["-euc", script], { maxBuffer: 1 << 26 })).stdout;
const systemctl = (...args) => sh(`systemctl ${args.join(" ")}`);
const show = async (property) => (await systemctl("show", "--value", "-p", property, "prebind.service")).trim();
const mainPid = async () => Number(await show("MainPID"));
const workers = async () => childrenOf(await mainPid());
const isActive = (unit) => systemctl("is-active", "-q", unit).then(() => true, () => false);
const journal = () => sh("journalctl -u prebind.service -o cat --no-pager");

const visitor = () => new Visitor((request) => httpRequest({ port: 80, ...request,
	headers: { Host: "www.example.test", ...request.headers } }));
const form = async () => (await visitor().get("/chat/login")).status;

function configure({ url = `http://127.0.0.1:${XMPP_PORT}`, ...server } = {}) {
	fs.writeFileSync(CONF, confText({
		server: { listen: "/run/prebind/prebind.sock", user: "prebind", ...server },
		sites: { default: {
			hosts: "www.example.test", base_path: "/chat", database: "/var/lib/prebind/prebind.db", jid: "{user}@example.test",
			allow_http: "on", upstream_http: "on", limit_login: "off", limit_bind_user: "off", limit_bind_ip: "off",
			backend: "tigase", tigase_url: `${url}/rest/adhoc/bosh@example.test`, tigase_user: "admin@example.test",
			tigase_password_file: "/etc/prebind/tigase.password",
		} },
	}));
}

/** The drop-in and the configuration, and the service started with them. */
async function startWith(dropIn, keys) {
	fs.mkdirSync("/etc/systemd/system/prebind.service.d", { recursive: true });
	fs.writeFileSync(DROP_IN, dropIn);
	configure(keys);
	await systemctl("daemon-reload");
	await systemctl("restart", "prebind");
}

/** Pages without a pause while something happens. @returns {Promise<string[]>} how they ended, each way once */
async function during(event) {
	const someone = visitor();
	assert.equal((await someone.login("alice", PASSWORD, "/chat/login")).status, 303);
	const ways = new Set();
	let over = false;
	const load = Promise.all(Array.from({ length: AT_ONCE }, async () => {
		while (!over)
			ways.add(await someone.get("/chat/").then(({ status }) => String(status), (error) => error.code));
	}));
	try {
		await event();
	} finally {
		over = true;
		await load;
	}
	return [...ways];
}

async function installed() {
	await sh("cd /repository && make -s -o all -o vendor install && mkdir -p /etc/prebind");
	configure();
	await sh(`adduser --quiet --system --group --home /var/lib/prebind prebind
		echo '${XMPP_PASSWORD}' | install -m 600 -o prebind /dev/stdin /etc/prebind/tigase.password
		prebindctl migrate
		echo '${PASSWORD}' | prebindctl user add alice --password-stdin
		if prebindctl check | grep '^FAIL' | grep -v '^FAIL  \\[server\\]: listen: ' >&2; then exit 1; fi # the socket's unit makes that folder
		cp /usr/local/share/prebind/lighttpd/prebind.conf /etc/lighttpd/conf-available/60-prebind.conf
		lighty-enable-mod prebind
		systemctl daemon-reload
		systemctl enable --now prebind.socket prebind.service
		systemctl restart lighttpd`);
	assert.match(await show("StatusText"), /^Serving, with 2 processes/);
	await until("lighttpd", async () => await form() === 200);
}

async function activated() {
	await systemctl("stop", "prebind.service");
	assert.ok(!await isActive("prebind.service"));
	assert.equal(await form(), 200);
	await until("the service to be ready", () => isActive("prebind.service")); // it may answer before systemd has noted it
}

async function nothingDenied() {
	fs.appendFileSync("/etc/hosts", "127.0.0.1 xmpp.example.test\n"); // a name, so it has to be looked up
	await startWith("[Service]\nSystemCallErrorNumber=kill\n", { url: `http://xmpp.example.test:${XMPP_PORT}` });
	const pids = [await mainPid(), ...await workers()];
	const alice = visitor();
	assert.equal((await alice.login("alice", PASSWORD, "/chat/login")).status, 303);
	assert.match(dataBlock((await alice.get("/chat/")).body).jid, /^alice@example\.test\//);
	const json = await alice.get("/chat/prebind.json", SCRIPT);
	assert.match(JSON.parse(json.body).jid, /^alice@example\.test\//);
	await systemctl("reload", "prebind");
	await until("both to have read it", async () => (await journal()).split('"event":"reloaded"').length > 1);
	assert.equal((await alice.get("/chat/")).status, 200);
	assert.deepEqual([await mainPid(), ...await workers()], pids);
	fs.rmSync(DROP_IN);
}

async function reloadsAndRestarts() {
	await startWith("", {});
	const ways = await during(async () => {
		for (const verb of ["reload", "restart", "reload", "restart"]) {
			await systemctl(verb, "prebind");
			await until("a page", async () => await form() === 200);
		}
	});
	assert.deepEqual(ways, ["200"]);
}

const anotherThan = (parent) => until("another parent",
	async () => ![0, parent].includes(await mainPid()) && await isActive("prebind.service"), { seconds: 30 });

async function deaths() {
	const [worker] = await workers();
	process.kill(worker, "SIGKILL");
	await until("another worker", async () => {
		const now = await workers();
		return now.length === 2 && !now.includes(worker);
	});
	assert.match(await journal(), /"process_died".*"signal 9"/);

	const parent = await mainPid();
	process.kill(parent, "SIGKILL");
	await anotherThan(parent);
	assert.equal(await form(), 200);
}

async function watched() {
	await startWith("[Service]\nWatchdogSec=2\n", {});
	const parent = await mainPid();
	process.kill(parent, "SIGSTOP");
	assert.equal(await form(), 200, "its workers serve on");
	await anotherThan(parent);
	assert.equal(await form(), 200);
	fs.rmSync(DROP_IN);
}

async function logMoved() {
	await startWith("", { log: LOG });
	assert.equal(await form(), 200);
	fs.renameSync(LOG, `${LOG}.1`);
	await systemctl("kill", "-s", "USR1", "--kill-who=main", "prebind");
	await until("a new log", async () => await form() === 200 && /"path":"\/login"/.test(fs.readFileSync(LOG, "utf8")));
}

async function faultMended() {
	configure();
	fs.appendFileSync(CONF, "nonsense = 1\n");
	await assert.rejects(systemctl("restart", "prebind"));
	await until(`${STARTS} starts`, async () => Number(await show("NRestarts")) >= STARTS, { seconds: 120 });
	assert.ok(await isActive("prebind.socket"), "the socket stays");
	assert.match(await journal(), /nonsense: unknown key/);
	const early = form();
	configure();
	await systemctl("restart", "prebind");
	assert.equal(await early, 200, "who came meanwhile is answered");
}

async function mayCallHere() {
	await sh(`ip addr add ${ELSEWHERE}/32 dev lo`);
	net.createServer((socket) => {
		socket.on("error", () => {}).pipe(net.connect(XMPP_PORT, "127.0.0.1").on("error", () => {})).pipe(socket);
	}).listen(XMPP_PORT, ELSEWHERE).unref();
	const alice = visitor();
	const url = `http://${ELSEWHERE}:${XMPP_PORT}`;
	await startWith("", { url });
	await alice.login("alice", PASSWORD, "/chat/login");
	assert.equal((await alice.get("/chat/")).status, 502);
	fs.mkdirSync("/srv/forum/data", { recursive: true });
	await startWith(docSnippet("docs/server.md", "dropin"), { url });
	assert.equal((await alice.get("/chat/")).status, 200);
	fs.rmSync(DROP_IN);
}

async function stopped() {
	await systemctl("stop", "prebind.socket", "prebind.service");
	assert.notEqual(await form(), 200);
	assert.ok(!await isActive("prebind.socket") && !await isActive("prebind.service"));
}

const CHECKS = [
	["installed and started as the README says", installed],
	["the first request starts the service", activated],
	["login, page, JSON and a look-up need no system call that is denied", nothingDenied],
	["a reload and a restart fail no request", reloadsAndRestarts],
	["a worker and the parent that are killed are replaced", deaths],
	["a parent that hangs is replaced", watched],
	["a log file that was moved is opened anew", logMoved],
	["after a fault in the configuration the socket is there, and the next start is allowed", faultMended],
	["it may call this machine, and what the document's drop-in adds", mayCallHere],
	["both units stopped: nothing starts it", stopped],
];

if (!fs.readFileSync("/proc/1/environ", "utf8").split("\0").includes("container=prebind-tests"))
	throw new Error("this changes the machine that it runs on: tests/systemd/run.mjs makes one for it");

const peer = await startTigasePeer({ port: XMPP_PORT });
for (const [name, check] of CHECKS) {
	try {
		await /** @type {() => Promise<void>} */ (check)();
		console.log(`ok      ${name}`);
	} catch (error) {
		console.log(`FAILED  ${name}: ${error.stack}\n${error.stderr ?? ""}${error.stdout ?? ""}\n${(await journal()).split("\n").slice(-20).join("\n")}`);
		process.exitCode = 1;
		break; // the next one stands on it
	}
}
await peer.close();
process.exit();
