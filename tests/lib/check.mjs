/*
 * Runs prebindctl check as root, on a set-up that is correct until a test breaks it. A place's
 * programs run as SERVICE; WEB_SERVER is another account, for peer_users.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { startTigasePeer } from "../peers/tigase_peer.mjs";
import { Place } from "./place.mjs";
import { Prebind } from "./prebind.mjs";
import { until } from "./wait.mjs";

export const SERVICE = "www-data";
export const WEB_SERVER = "nobody";
export const skip = process.getuid() === 0 ? false : "only root can look as another account";

export const idOf = (option, name) => Number(execFileSync("id", [option, name]));

/** Starts the program and waits until its database is open: after that it makes no more files. */
export async function startAll(prebind) {
	await prebind.start();
	await until("the database to be open", async () => (await prebind.request({ path: "/health" })).status === 200);
}

/**
 * Makes a correct set-up, and starts it unless start is false. site: returns further keys for the
 * place; sites: returns further sites, whose databases the caller makes.
 */
export async function setUp(t, { server = {}, site = () => ({}), sites = () => ({}), start = true } = {}) {
	const place = new Place();
	t.after(() => place.close());
	const peer = await startTigasePeer({ place });
	const keys = { ...peer.site(place), ...await site(place) };
	const prebind = new Prebind(place, { server: { user: SERVICE, peer_users: WEB_SERVER, ...server }, site: keys, sites: sites(place, keys) });
	fs.chmodSync(place.dir, 0o711);
	fs.chownSync(place.path("run"), idOf("-u", SERVICE), idOf("-g", WEB_SERVER));
	fs.chmodSync(place.path("run"), 0o2750); // so that the socket gets the web server's group
	await prebind.prepare({ alice: "correct horse" });
	if (start)
		await startAll(prebind);
	return { place, prebind, site: keys, peer };
}

/** What lies below a folder, folders before what is in them. (Node 18's recursive readdir fails on a socket.) */
function below(dir, name = "") {
	return fs.readdirSync(path.join(dir, name), { withFileTypes: true }).flatMap((entry) => {
		const inside = path.join(name, entry.name);
		return entry.isDirectory() ? [inside, ...below(dir, inside)] : [inside];
	});
}

/** Runs check as our own user. Fails if check makes, removes or changes a file. */
export async function check(prebind, args = []) {
	const state = () => below(prebind.place.dir).sort().map((name) => {
		const { uid, gid, mode } = fs.lstatSync(prebind.place.path(name));
		return `${name} ${uid} ${gid} ${mode.toString(8)}`;
	});
	const before = state();
	// place.run would run it as the place's user
	const { code, stdout, stderr } = await new Promise((resolve) => {
		execFile(prebind.ctlProgram, ["-c", prebind.conf, "check", ...args],
			(error, out, complaints) => resolve({ code: error ? error.code : 0, stdout: out, stderr: complaints }));
	});
	assert.deepEqual(state(), before, "a check changes nothing");
	return { code, stdout, failed: stdout.match(/^FAIL .*$/gm) ?? [], notes: stdout.match(/^note .*$/gm) ?? [], stderr };
}

/** The first line of the failure: check's first FAIL line, or why check could not begin. */
export const firstCause = ({ failed, stderr }) => failed[0] ?? stderr.split("\n")[0];

export function assertFirst(found, says) {
	assert.equal(found.code, 1, found.stdout + found.stderr);
	assert.match(firstCause(found), says, found.stdout + found.stderr);
}

/** Sets a key of a section; the value undefined removes the key. */
export function setKey(prebind, key, value, section = "server") {
	const text = fs.readFileSync(prebind.conf, "utf8").replace(new RegExp(`^${key} = .*\n`, "m"), "");
	fs.writeFileSync(prebind.conf, value === undefined ? text : text.replace(`[${section}]\n`, `[${section}]\n${key} = ${value}\n`));
}

/**
 * Mounts a small file system over the data folder. Returns false if nothing can be mounted here.
 */
export function mountSmallDisk(place) {
	const data = place.path("data");
	const database = fs.readFileSync(path.join(data, "prebind.db"));
	const ids = `uid=${idOf("-u", SERVICE)},gid=${idOf("-g", SERVICE)}`;
	if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=8m,mode=0700,${ids}`, "tmpfs", data]).status !== 0)
		return false;
	place.onClose(() => spawnSync("umount", [data]));
	place.write("data/prebind.db", database);
	return true;
}
