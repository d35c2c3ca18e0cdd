/*
 * `make systemd`: the units as shipped, under a systemd of their own (boot, beside this). It needs root, Debian's systemd and
 * lighttpd, and control groups that can be made: more than every machine gives that runs the tests, so it is none of them.
 * What is tried is in checks.mjs, which runs inside.
 *   node tests/systemd/run.mjs
 *   node tests/systemd/run.mjs SYSTEM COMMAND…     runs the command in a folder with a whole system, under that system's systemd (tests/deb/run)
 */
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../lib/wait.mjs";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const BOOT = fileURLToPath(new URL("boot", import.meta.url));
const ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"];
const [SYSTEM, ...COMMAND] = process.argv.slice(2);
const NEEDED = ["/usr/bin/unshare", "/usr/bin/nsenter", ...(SYSTEM ? [`${SYSTEM}/lib/systemd/systemd`] : ["/lib/systemd/systemd", "/usr/sbin/lighttpd"])];

/**
 * Makes a control group in each hierarchy that is mounted. cpuset's would have to be filled in first, and systemd does without.
 * @param {string[]} made where they are noted, so that they go again even if the next cannot be made
 */
function makeCgroups(name, made) {
	for (const line of fs.readFileSync("/proc/self/mounts", "utf8").split("\n")) {
		const [, point, type, options] = line.split(" ");
		if (!/^cgroup2?$/.test(type) || /\bcpuset\b/.test(options))
			continue;
		fs.mkdirSync(path.join(point, name));
		made.push(path.join(point, name));
	}
}

function removeCgroups(cgroups) {
	for (const folder of cgroups)
		spawnSync("find", [folder, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"], { stdio: "ignore" });
}

/** systemd's process, as it is numbered here; it is PID 1 there. */
function start(folder, cgroups) {
	const script = 'count=$1; shift; while [ "$count" -gt 0 ]; do echo $$ >"$1/cgroup.procs"; shift; count=$((count - 1)); done; exec "$@"';
	const unshare = ["unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--cgroup", "--fork", "--kill-child"];
	const child = spawn("setpriv", ["--pdeathsig", "KILL", "sh", "-euc", script, "sh", String(cgroups.length), ...cgroups,
		...unshare, BOOT, folder, TOP, process.execPath, ...cgroups], { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, SYSTEM } });
	const end = new Promise((resolve) => child.once("close", resolve));
	let over = false;
	end.then(() => (over = true));
	return { child, end, gone: () => (over ? "systemd ended" : null) };
}

const enter = (pid, argv) => ["--target", pid, "--mount", "--net", "--ipc", "--uts", "--pid", "--cgroup", "--root", "--wd",
	"--", "env", "-i", ...ENVIRONMENT, ...argv];

async function booted({ child, gone }) {
	const children = `/proc/${child.pid}/task/${child.pid}/children`;
	const pid = await until("systemd's process", () => fs.readFileSync(children, "utf8").trim(), { gone });
	// before it is systemd its root is still the machine's
	await until("systemd to begin", () => fs.readFileSync(`/proc/${pid}/comm`, "utf8") === "systemd\n", { seconds: 30, gone });
	await until("systemd to be up", () => {
		const { stdout } = spawnSync("nsenter", enter(pid, ["systemctl", "is-system-running"]), { encoding: "utf8" });
		return /^(running|degraded)/.test(stdout);
	}, { seconds: 60, gone });
	return pid;
}

/** Whatever happens, nothing stays: neither a process nor a control group. */
async function main() {
	const missing = [...NEEDED.filter((file) => !fs.existsSync(file)), ...(process.getuid() === 0 ? [] : ["root"])];
	if (missing.length > 0)
		throw new Error(`needs ${missing.join(", ")}`);
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "prebind-systemd-"));
	const cgroups = [];
	let systemd = null;
	try {
		makeCgroups(path.basename(folder), cgroups);
		systemd = start(folder, cgroups);
		const pid = await booted(systemd);
		const { status } = spawnSync("nsenter", enter(pid, SYSTEM ? COMMAND : ["/node", "/repository/tests/systemd/checks.mjs"]), { stdio: "inherit" });
		process.exitCode = status ?? 1;
	} finally {
		systemd?.child.kill("SIGKILL"); // unshare: --kill-child ends all that is inside
		await systemd?.end;
		await until("the control groups to be empty", () => {
			removeCgroups(cgroups);
			return !cgroups.some((cgroup) => fs.existsSync(cgroup));
		});
		fs.rmdirSync(folder);
	}
}

for (const signal of ["SIGINT", "SIGTERM"])
	process.on(signal, () => {}); // the checks end by it, and then we do
main().catch((error) => {
	console.error(`make systemd: ${error.message}`);
	process.exitCode = 1;
});
