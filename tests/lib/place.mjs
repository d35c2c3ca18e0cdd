/*
 * A private folder and the processes started in it. Closing a place stops what it started, by PID, and
 * removes the folder; so does the end of this process, whatever ends it. Started as root, everything in a place
 * belongs to and runs as an ordinary user: the servers would refuse to run as root, and rightly.
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
const STOP_SECONDS = 15; // prebind.fcgi gives what is in flight 10 s
const LOG_LINES_SHOWN = 60;

/** The user to become when we are root; else null. */
function unprivilegedUser() {
	if (process.getuid() !== 0)
		return null;
	const row = fs.readFileSync("/etc/passwd", "utf8").split("\n").find((line) => line.startsWith(`${UNPRIVILEGED}:`));
	if (!row)
		throw new Error(`root needs the user ${UNPRIVILEGED} to run servers as: adduser --system ${UNPRIVILEGED}`);
	const [name, , uid, gid] = row.split(":");
	return { name, uid: Number(uid), gid: Number(gid) };
}

/** A started program: its PID, what it wrote, how it ended. */
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

	/** The last lines of what it wrote. */
	get log() {
		return (this.stdout + this.stderr).trimEnd().split("\n").slice(-LOG_LINES_SHOWN).join("\n");
	}

	/** Why it is pointless to wait for it; null while it runs. */
	gone() {
		return this.ended ? `${this.name} ended (${this.ended.signal ?? this.ended.code}):\n${this.log}` : null;
	}

	/** SIGTERM, and SIGKILL to a process that does not listen; returns how it ended. */
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
	process.on(signal, async () => { // the second time: at once
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

	/** Makes a folder of the place, and those above it. */
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

	/** Writes a file of the place and returns its path. */
	write(name, content, mode = 0o600) {
		if (path.dirname(name) !== ".")
			this.folder(path.dirname(name));
		const file = this.path(name);
		fs.writeFileSync(file, content, { mode });
		fs.chmodSync(file, mode);
		this.own(file);
		return file;
	}

	/** Copies a file or a folder of the repository in: the user we become may not be able to read it there. */
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
	 * Starts a program in the place: unprivileged, with the environment given and nothing else. It is told to end
	 * when this process dies without a word.
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

	/** Starts a program and waits until it is ready (or has ended: then the error shows what it wrote). */
	async startUntil(name, argv, ready, options = {}) {
		const child = this.start(name, argv, options);
		await until(`${name} to be ready`, ready, { seconds: 60, gone: () => child.gone(), ...options });
		return child;
	}

	/** Runs a program to its end. */
	async run(argv, options = {}) {
		const child = this.start(path.basename(argv[0]), argv, options);
		const { code, signal } = await child.end;
		this.children.splice(this.children.indexOf(child), 1);
		return { code, signal, stdout: child.stdout, stderr: child.stderr };
	}

	/** What else to do when the place closes; the last first. */
	onClose(closer) {
		this.closers.push(closer);
	}

	/** Stops everything, the last first; then the folder goes. logs: what the programs wrote goes to stderr. */
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

	/** This process is ending: no time to be kind. */
	abandon() {
		for (const child of this.children) {
			if (!child.ended)
				child.process.kill("SIGKILL");
		}
		fs.rmSync(this.dir, { recursive: true, force: true });
	}
}

/** What sanitizers are told travels on; nothing else of our environment does. */
function sanitizers() {
	const names = ["ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"];
	return Object.fromEntries(names.filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
}
