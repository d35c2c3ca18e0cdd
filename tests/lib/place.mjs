/*
 * A private folder, and the processes that are started in it. Closing a place stops its processes,
 * by PID, and removes the folder. The end of this process does the same. If root starts it,
 * everything in a place belongs to an ordinary user and runs as that user, because the servers
 * refuse to run as root.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./wait.mjs";

/** The repository. */
export const top = fileURLToPath(new URL("../..", import.meta.url));

const UNPRIVILEGED = "www-data"; // part of every Debian
const STOP_SECONDS = 15; // prebind.fcgi waits up to 10 s for open requests
const LOG_LINES_SHOWN = 60;

/** The user to run programs as if we are root; else null. */
function unprivilegedUser() {
	if (process.getuid() !== 0)
		return null;
	const row = fs.readFileSync("/etc/passwd", "utf8").split("\n").find((line) => line.startsWith(`${UNPRIVILEGED}:`));
	if (!row)
		throw new Error(`root needs the user ${UNPRIVILEGED} to run servers as: adduser --system ${UNPRIVILEGED}`);
	const [name, , uid, gid] = row.split(":");
	return { name, uid: Number(uid), gid: Number(gid) };
}

/** A started program, with its PID, its output, and how it ended. */
export class Child {
	/**
	 * @param {string} name
	 * @param {import('node:child_process').ChildProcess} process
	 */
	constructor(name, process) {
		this.name = name;
		this.process = process;
		this.pid = process.pid;
		this.stdout = "";
		this.stderr = "";
		/** @type {{ code: number | null, signal: string | null } | null} */
		this.ended = null;
		process.stdout?.setEncoding("utf8").on("data", (text) => (this.stdout += text));
		process.stderr?.setEncoding("utf8").on("data", (text) => (this.stderr += text));
		this.end = new Promise((resolve) => {
			process.once("error", (error) => {
				this.stderr += `${error.message}\n`;
				resolve((this.ended = { code: 127, signal: null }));
			});
			process.once("close", (code, signal) => resolve((this.ended ??= { code, signal })));
		});
	}

	/** The last lines of its output. */
	get log() {
		return (this.stdout + this.stderr).trimEnd().split("\n").slice(-LOG_LINES_SHOWN).join("\n");
	}

	/** Says that it has ended, and how; null while it runs. */
	gone() {
		return this.ended ? `${this.name} ended (${this.ended.signal ?? this.ended.code}):\n${this.log}` : null;
	}

	/** Sends the signal, and SIGKILL after STOP_SECONDS. Returns how the process ended. */
	async stop(signal = "SIGTERM") {
		if (!this.ended)
			this.process.kill(signal);
		const timer = setTimeout(() => this.process.kill("SIGKILL"), STOP_SECONDS * 1000);
		const ended = await this.end;
		clearTimeout(timer);
		return ended;
	}
}

const open = new Set();

process.on("exit", () => {
	for (const place of open)
		place.abandon();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
	process.on(signal, async () => { // a second signal ends this process at once
		for (const place of open)
			await place.close().catch(() => {});
		process.exit(process.exitCode ?? 128 + os.constants.signals[signal]);
	});
}

export class Place {
	constructor() {
		this.user = unprivilegedUser();
		this.dir = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "prebind-"));
		this.own(this.dir);
		/** @type {Child[]} */
		this.children = [];
		/** @type {(() => unknown)[]} */
		this.closers = [];
		this.closing = false;
		open.add(this);
	}

	/** @param {...string} names */
	path(...names) {
		return path.join(this.dir, ...names);
	}

	own(file) {
		if (this.user)
			fs.lchownSync(file, this.user.uid, this.user.gid);
	}

	/** Makes a folder in the place, and its parents. */
	folder(name, mode = 0o700) {
		const file = this.path(name);
		if (!fs.existsSync(file)) {
			if (path.dirname(file) !== this.dir)
				this.folder(path.dirname(name), mode);
			fs.mkdirSync(file);
			fs.chmodSync(file, mode);
			this.own(file);
		}
		return file;
	}

	/** Writes a file in the place, and returns its path. */
	write(name, content, mode = 0o600) {
		if (path.dirname(name) !== ".")
			this.folder(path.dirname(name));
		const file = this.path(name);
		fs.writeFileSync(file, content, { mode });
		fs.chmodSync(file, mode);
		this.own(file);
		return file;
	}

	/**
	 * Copies a file or folder of the repository into the place, because its user may not be able to
	 * read the original.
	 */
	copy(source, name) {
		const from = path.resolve(top, source);
		if (!fs.statSync(from).isDirectory())
			return this.write(name, fs.readFileSync(from), fs.statSync(from).mode & 0o100 ? 0o755 : 0o644);
		this.folder(name, 0o755);
		for (const entry of fs.readdirSync(from))
			this.copy(path.join(from, entry), path.join(name, entry));
		return this.path(name);
	}

	/**
	 * Starts a program in the place, unprivileged, with PATH, HOME and the given environment. The
	 * kernel sends it SIGTERM if this process dies.
	 * @param {string} name for messages
	 * @param {string[]} argv
	 * @param {{ env?: Record<string, string>, input?: string | Buffer, stdio?: any[] }} [options]
	 * @returns {Child}
	 */
	start(name, argv, { env = {}, input, stdio } = {}) {
		const setpriv = ["setpriv", "--pdeathsig", "TERM"];
		if (this.user)
			setpriv.push(`--reuid=${this.user.uid}`, `--regid=${this.user.gid}`, "--clear-groups");
		const child = new Child(name, spawn(setpriv[0], [...setpriv.slice(1), "--", ...argv], {
			cwd: this.dir,
			env: { PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`, HOME: this.dir, ...sanitizers(), ...env },
			stdio: stdio ?? [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
		}));
		if (input !== undefined) {
			child.process.stdin.on("error", () => {}); // it may end without reading
			child.process.stdin.end(input);
		}
		this.children.push(child);
		return child;
	}

	/**
	 * Starts a program and waits until it is ready. If it ends before that, the error shows its
	 * output.
	 */
	async startUntil(name, argv, ready, options = {}) {
		const child = this.start(name, argv, options);
		await this.ready(child, ready, options);
		return child;
	}

	/** Waits until a program is ready that was started. */
	async ready(child, ready, options = {}) {
		await until(`${child.name} to be ready`, ready, { seconds: 60, gone: () => child.gone(), ...options });
	}

	/** Runs a program and waits for its end. */
	async run(argv, options = {}) {
		const child = this.start(path.basename(argv[0]), argv, options);
		const { code, signal } = await child.end;
		this.children.splice(this.children.indexOf(child), 1);
		return { code, signal, stdout: child.stdout, stderr: child.stderr };
	}

	/** Adds a function to call when the place closes; the last one is called first. */
	onClose(closer) {
		this.closers.push(closer);
	}

	/**
	 * Stops all processes, the last one first, and removes the folder. logs: prints their output to
	 * stderr.
	 */
	async close({ logs = false } = {}) {
		if (this.closing)
			return;
		this.closing = true;
		const failures = [];
		for (const closer of this.closers.reverse())
			await Promise.resolve().then(closer).catch((error) => failures.push(error));
		for (const child of this.children.reverse()) {
			await child.stop();
			if (logs)
				process.stderr.write(`---- ${child.name} (${child.ended.signal ?? child.ended.code})\n${child.log}\n`);
		}
		fs.rmSync(this.dir, { recursive: true, force: true });
		open.delete(this);
		if (failures.length > 0)
			throw failures[0];
	}

	/**
	 * To be called at the end of this process: kills all processes, because there is no time to
	 * wait.
	 */
	abandon() {
		for (const child of this.children) {
			if (!child.ended)
				child.process.kill("SIGKILL");
		}
		fs.rmSync(this.dir, { recursive: true, force: true });
	}
}

/** The sanitizers' options, which programs get from our environment. */
function sanitizers() {
	const names = ["ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"];
	return Object.fromEntries(names.filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
}
