// prebindctl check, asked by root: what keeps the program from being started, reached by the web server, or able to
// write. It looks as the accounts that will do it, names the cause first, and leaves everything as it was.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const skip = process.getuid() === 0 ? false : "only root can look as another account";
const SERVICE = "www-data"; // whom a place belongs to
const WEB_SERVER = "nobody"; // some account that is not that one

const idOf = (option, name) => Number(execFileSync("id", [option, name]));

/** Until it has opened its database, so that no file comes later. */
async function startAll(prebind) {
	await prebind.start();
	await until("the database to be open", async () => (await prebind.request({ path: "/health" })).status === 200);
}

/** A set-up where all is right; the program runs unless start is false. */
async function setUp(t, { server = {}, start = true } = {}) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const prebind = new Prebind(place, {
		server: { user: SERVICE, peer_users: WEB_SERVER, ...server }, site: peer.site(place),
	});
	fs.chmodSync(place.dir, 0o711);
	fs.chownSync(place.path("run"), idOf("-u", SERVICE), idOf("-g", WEB_SERVER));
	fs.chmodSync(place.path("run"), 0o2750); // so that the socket is of the web server's group
	await prebind.prepare({ alice: "correct horse" });
	if (start)
		await startAll(prebind);
	return { place, prebind };
}

/**
 * As root, and that no file has come or gone, or another owner or mode. The file of the limits may come: the program's
 * account makes it, as the program does, and it holds nothing.
 */
async function check(prebind, args = []) {
	const state = () => fs.readdirSync(prebind.place.dir, { recursive: true })
		.filter((name) => !name.endsWith(".limits")).sort().map((name) => {
		const { uid, gid, mode } = fs.lstatSync(prebind.place.path(name));
		return `${name} ${uid} ${gid} ${mode.toString(8)}`;
	});
	const before = state();
	const { code, stdout, stderr } = await new Promise((resolve) => { // not the place's way: as root
		execFile(prebind.ctlProgram, ["-c", prebind.conf, "check", ...args],
			(error, out, complaints) => resolve({ code: error ? error.code : 0, stdout: out, stderr: complaints }));
	});
	assert.deepEqual(state(), before, "a check changes nothing");
	return { code, stdout, failed: stdout.match(/^FAIL .*$/gm) ?? [], notes: stdout.match(/^note .*$/gm) ?? [], stderr };
}

function assertFirst({ code, failed, stdout, stderr }, says) {
	assert.equal(code, 1, stdout + stderr);
	assert.match(failed[0], says, stdout);
}

/** The configuration with that key of [server] set, or without it. */
function setKey(prebind, key, value) {
	const text = fs.readFileSync(prebind.conf, "utf8").replace(new RegExp(`^${key} = .*\n`, "m"), "");
	fs.writeFileSync(prebind.conf, value === undefined ? text : text.replace("[server]\n", `[server]\n${key} = ${value}\n`));
}

test("all is right: no failure, and whose way was tried", { skip }, async (t) => {
	const { prebind } = await setUp(t);
	const { code, stdout, failed, notes } = await check(prebind);
	assert.equal(code, 0, stdout);
	assert.deepEqual([failed, notes], [[], []]);
	assert.match(stdout, new RegExp(`^ok {4}\\[server\\]: socket: ${WEB_SERVER} may connect to`, "m"));
	assert.match(stdout, /^ok {4}default: writing: /m);
	assert.ok(JSON.parse((await check(prebind, ["--json"])).stdout).every(({ ok }) => ok));
});

describe("the way to the socket", () => {
	test("the socket is of a group that the web server is not in", { skip }, async (t) => {
		const { prebind } = await setUp(t);
		fs.chownSync(prebind.socket, idOf("-u", SERVICE), 0);
		assertFirst(await check(prebind), new RegExp(`socket_group: ${WEB_SERVER} \\(peer_users\\) may not connect .*group root\\): set socket_group`));
	});

	test("a folder on the way is closed to the web server", { skip }, async (t) => {
		const { place, prebind } = await setUp(t);
		fs.chmodSync(place.dir, 0o700);
		assertFirst(await check(prebind), new RegExp(`listen: ${WEB_SERVER} \\(peer_users\\) may not enter '${place.dir}' \\(mode 0700`));
		fs.chmodSync(place.dir, 0o711);
		fs.chmodSync(place.path("run"), 0o2700);
		assertFirst(await check(prebind), new RegExp(`may not enter '${place.path("run")}' \\(mode 2700`));
	});

	test("nothing runs: a note; it was killed: a failure", { skip }, async (t) => {
		const { prebind } = await setUp(t, { start: false });
		const before = await check(prebind);
		assert.equal(before.code, 0, "right before the first start, too");
		assert.match(before.notes[0], /listen: nothing is at .*prebind\.fcgi does not run.*start it/);
		await startAll(prebind);
		prebind.child.process.kill("SIGKILL");
		await prebind.child.end;
		prebind.stop = async () => {};
		await until("the socket to be left alone", async () => /Connection refused/.test((await check(prebind)).stdout));
		assertFirst(await check(prebind), /listen: nobody answers on .*Connection refused.*start prebind\.fcgi again/);
	});

	const rows = [
		["peer_users", "nosuchuser", /peer_users: there is no user 'nosuchuser'; name the user that your web server runs as/],
		["socket_group", "nosuchgroup", /socket_group: there is no group 'nosuchgroup'/],
		["listen", "/nonexistent/prebind.sock", /listen: the folder of '\/nonexistent\/prebind\.sock': No such file or directory; make it first/],
		["listen", "/tmp/prebind-test.sock", /listen: everybody may write the folder '\/tmp'; make one of mode 0750/],
		["user", "nosuchuser", /user: there is no user 'nosuchuser'; make it/],
		["user", "root", /user: 'root' is root: name an account of its own/],
	];
	for (const [key, value, says] of rows)
		test(`${key} = ${value}`, { skip }, async (t) => {
			const { prebind } = await setUp(t, { start: false });
			setKey(prebind, key, value);
			const found = await check(prebind);
			assertFirst(found, says);
			assert.match(found.failed[0], /prebind\.conf:\d+: /);
		});

	test("user is empty: it cannot be started as root; where a server answers, it was not: a note", { skip }, async (t) => {
		const { prebind } = await setUp(t, { start: false });
		setKey(prebind, "user", undefined);
		assertFirst(await check(prebind), /user: is empty, so it cannot be started as root: set user in \[server\]/);
		await startAll(prebind);
		const running = await check(prebind);
		assert.equal(running.code, 0, running.stdout);
		assert.match(running.notes[0], /cannot be started as root/);
	});
});

describe("read and written as the program's account", () => {
	test("prebind.conf that only root may read", { skip }, async (t) => {
		const { prebind } = await setUp(t);
		fs.chownSync(prebind.conf, 0, 0);
		fs.chmodSync(prebind.conf, 0o600);
		assertFirst(await check(prebind), new RegExp(`configuration: .*prebind\\.conf: user ${SERVICE} may not read it \\(mode 0600\\).*chmod g\\+r`));
		fs.chmodSync(prebind.conf, 0o644);
		fs.chownSync(path.dirname(prebind.conf), 0, 0);
		assertFirst(await check(prebind), new RegExp(`configuration: .*user ${SERVICE} may not enter '.*/etc'`));
	});

	for (const suffix of ["-shm", "-wal"])
		test(`the database's ${suffix} is read-only, or another account's`, { skip }, async (t) => {
			const { prebind } = await setUp(t);
			const beside = prebind.place.path(`data/prebind.db${suffix}`);
			assert.equal((await prebind.request({ path: "/health" })).status, 200);
			assert.ok(fs.existsSync(beside), "the program has it open");
			fs.chmodSync(beside, 0o400);
			assertFirst(await check(prebind), new RegExp(`database: .*prebind\\.db${suffix}: its owner may not write it \\(mode 0400\\).*chmod 600 '`));
			fs.chmodSync(beside, 0o600);
			fs.chownSync(beside, idOf("-u", WEB_SERVER), 0);
			assertFirst(await check(prebind), new RegExp(`prebind\\.db${suffix}: belongs to user .*: chown ${idOf("-u", SERVICE)} '`));
			fs.chownSync(beside, idOf("-u", SERVICE), idOf("-g", SERVICE));
			assert.equal((await check(prebind)).code, 0, "mended, as it said");
		});

	test("a full disk", { skip }, async (t) => {
		const { place, prebind } = await setUp(t, { start: false });
		const data = place.path("data");
		const database = fs.readFileSync(path.join(data, "prebind.db"));
		const ids = `uid=${idOf("-u", SERVICE)},gid=${idOf("-g", SERVICE)}`;
		const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=8m,mode=0700,${ids}`, "tmpfs", data]);
		if (mounted.status !== 0)
			return t.skip("nothing can be mounted here");
		place.onClose(() => spawnSync("umount", [data]));
		place.write("data/prebind.db", database);
		assert.equal((await check(prebind)).code, 0, "there is room");
		place.write("data/full", Buffer.alloc(7 * 1024 * 1024));
		assertFirst(await check(prebind), /writing: .*database: .*No space left on device.*the disk or the quota is full: make room/);
	});
});
