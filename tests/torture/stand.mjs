/*
 * What is tortured: the program as plain CGI and prebindctl, in a place with a scripted XMPP server and a user. A stand
 * runs one program at a time; several stands work side by side.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { cgiParams, parseAnswer } from "../lib/cgi.mjs";
import { Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { BoshPeer, say } from "../peers/bosh_peer.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";
import { Plan } from "./plan.mjs";

export const PASSWORD = "correct horse";
export const CALLER = "portal";
export const BOSH_HOST = "bosh.example";
export const SITE_HOST = "site.example";
export const SITE_SID = "0123456789abcdef0123456789abcdef";
const XMPP_PASSWORD = "alice's own";
const PATIENCE_MS = 60_000;

/** Checks databases, one line in, one line out. */
const CHECKER = `
import sqlite3, sys
for line in sys.stdin:
    try:
        db = sqlite3.connect('file:' + line.strip() + '?mode=ro', uri=True)
        print(db.execute('PRAGMA integrity_check').fetchone()[0].replace('\\n', ' '), flush=True)
        db.close()
    except Exception as error:
        print(error, flush=True)
`;

/** The keys of a site that looks its visitors up in a database of its own. */
async function siteDatabase(place) {
	const file = `${place.folder("site")}/site.db`;
	await runSql(place, file, `CREATE TABLE session (id TEXT PRIMARY KEY, user TEXT); INSERT INTO session VALUES ('${SITE_SID}', 'bob')`);
	fs.chmodSync(file, 0o600);
	return { identity: "site_session", site_database: file, site_cookie: "sid",
		site_query: place.write("etc/site.sql", "SELECT user FROM session WHERE id = :sid\n") };
}

export class Stand {
	/** Keys of [server]. */
	static get keys() {
		return { listen: "" };
	}

	/** Seconds after which a request must work again: a process for each request forgets at once. */
	get patience() {
		return 0;
	}

	static async start() {
		const stand = new this();
		const { place } = stand;
		try {
			const peer = await startTigasePeer({ place });
			stand.peer = peer;
			const bosh = await BoshPeer.start(place);
			stand.bosh = bosh;
			stand.prebind = new Prebind(place, {
				server: this.keys,
				site: peer.site(place, { hosts: "example.org", gateway: "on", timeout: "10s" }),
				sites: await stand.sites(),
			});
			await stand.fill();
			stand.plan = new Plan(place);
			stand.checker = place.start("checker", ["/usr/bin/python3", "-c", CHECKER], { stdio: ["pipe", "pipe", "pipe"] });
			await stand.ready();
		} catch (error) {
			await place.close();
			throw error;
		}
		return stand;
	}

	constructor() {
		this.place = new Place();
		this.checked = 0;
		this.setups = 0;
	}

	/** The sites beside the default one. */
	async sites() {
		const { place, peer, bosh } = this;
		return {
			bosh: { hosts: BOSH_HOST, backend: "bosh", bosh_service: bosh.url, timeout: "10s" },
			site: peer.site(place, { hosts: SITE_HOST, timeout: "10s", ...await siteDatabase(place) }),
			fresh: { hosts: "fresh.example", backend: "bosh", bosh_service: bosh.url },
		};
	}

	/** What else has to be there before the first request. */
	async ready() {}

	async fill() {
		await this.prebind.ctlOk(["--site", "default", "migrate"]);
		const ctl = (...args) => this.prebind.ctlOk(["--site", "default", ...args], { input: `${PASSWORD}\n` });
		for (const user of ["alice", "carol", "dave"])
			await ctl("user", "add", user, "--password-stdin");
		await ctl("gateway", "add", CALLER, "--domains", "example.test", "--password-stdin");
		await this.prebind.ctlOk(["--site", "default", "map", "set", "carol", "carol@example.org", "--xmpp-password-stdin"],
			{ input: `${XMPP_PASSWORD}\n` });
		await this.prebind.spread();
	}

	/** A site without a database. */
	emptySite() {
		const file = this.prebind.databases.fresh;
		this.remove(file);
		return { file };
	}

	/** A folder where `prebindctl setup` has not been, a phpBB that it finds, and the words that it is run with. */
	async setupFolder() {
		const name = `setup-${++this.setups}`, { place } = this;
		const folder = place.folder(name), at = (file) => path.join(folder, file);
		const share = place.folder("share", 0o755);
		for (const part of ["templates", "lighttpd", "sql/sites/phpbb", "docs/prosody.md"])
			if (!fs.existsSync(path.join(share, part)))
				place.copy(part, path.join("share", part));
		place.write(`${name}/site/config.php`, `<?php $dbms = 'sqlite3'; $dbhost = '${at("site/forum.db")}'; $table_prefix = 'f_'; define('PHPBB_INSTALLED', true);`);
		await runSql(place, at("site/forum.db"), `CREATE TABLE f_users (username TEXT, user_type INT); INSERT INTO f_users VALUES ('Alice', 0);
			CREATE TABLE f_config (config_name TEXT, config_value TEXT); INSERT INTO f_config VALUES ('cookie_name', 'forum');`);
		const answers = { site: at("site"), url: "http://127.0.0.1/chat/", domain: "example.org", xmpp: this.bosh.url, auth: "token", web: "lighttpd", share,
			database: at("data/prebind.db"), listen: at("run/prebind.sock"), web_file: at("etc/web.conf"), allow_http: "on" };
		return { folder, conf: at("etc/prebind.conf"), database: answers.database, words: Object.entries(answers).map((pair) => pair.join("=")) };
	}

	/** Runs `prebindctl setup` there, in front of an XMPP server that is Prosody. */
	setup({ conf, words }) {
		this.bosh.script(say.mechanisms("PLAIN"), { raw: "<title>Prosody</title>" });
		return this.run([this.prebind.ctlProgram, "-c", conf, "setup", ...words]);
	}

	/** A run has more wrong passwords than an hour may have. */
	forgetLimits() {
		this.remove(`${this.prebind.database}.limits`);
	}

	/** Removes a database, with what SQLite keeps beside it. */
	remove(file) {
		for (const end of ["", "-wal", "-shm", "-journal"])
			fs.rmSync(file + end, { force: true });
	}

	/** The answers of a BOSH log-in, for each that comes. */
	expectBosh({ mechanism = "PLAIN", jid = "carol@example.org/desk" } = {}) {
		this.bosh.script(say.mechanisms(mechanism), say.success(), say.bindOffer(), say.bound(jid));
	}

	close() {
		return this.place.close();
	}

	/** Runs a program with the plan; returns how it ended and what it wrote. started: gets the process, and its output so far. */
	run(argv, { env = {}, input = "", started = null } = {}) {
		const { user, dir } = this.place;
		return new Promise((resolve) => {
			const child = spawn(argv[0], argv.slice(1), {
				cwd: dir, env: { PATH: process.env.PATH, HOME: dir, ...this.plan.env, ...env },
				...(user ? { uid: user.uid, gid: user.gid } : {}),
			});
			const output = { stdout: "", stderr: "" };
			for (const stream of ["stdout", "stderr"])
				child[stream].setEncoding("utf8").on("data", (text) => (output[stream] += text));
			const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
			started?.(child, output);
			child.stdin.on("error", () => {});
			child.stdin.end(input);
			child.on("close", (code, signal) => {
				clearTimeout(timer);
				resolve({ code, signal, ...output });
			});
		});
	}

	/** One request as plain CGI. answer: null if there is none, or only a part of its head. */
	async cgi(request) {
		const env = { PREBIND_CONF: this.prebind.conf, ...cgiParams(request) };
		const ran = await this.run([this.prebind.program], { env, input: request.body ?? "" });
		let answer = null;
		try {
			answer = parseAnswer(ran.stdout);
		} catch {
			// what there is instead is for the oracle
		}
		return { ...ran, answer };
	}

	ctl(args, input) {
		const site = args[0] === "--site" ? [] : ["--site", "default"];
		return this.run([this.prebind.ctlProgram, "-c", this.prebind.conf, ...site, ...args], { input });
	}

	/** A visitor whose requests must all be answered. */
	visitor(host = "example.org") {
		return new Visitor(async (request) => {
			const { answer, stderr } = await this.cgi({ ...request, params: { HTTP_HOST: host } });
			assert.ok(answer, stderr);
			return answer;
		});
	}

	async loggedIn(user = "alice", host = undefined) {
		const visitor = this.visitor(host);
		const answer = await visitor.login(user, PASSWORD);
		assert.equal(answer.status, 303, answer.body);
		return visitor;
	}

	/** Throws if the database is not whole. */
	async assertSound() {
		assert.equal(await this.integrity(), "ok", "the database");
	}

	/** What SQLite's integrity_check says: "ok". */
	async integrity(file = this.prebind.database) {
		this.checker.process.stdin.write(`${file}\n`);
		const number = this.checked++;
		for (;;) {
			const lines = this.checker.stdout.split("\n");
			if (lines.length > number + 1)
				return lines[number];
			const gone = this.checker.gone();
			assert.equal(gone, null);
			await new Promise((resolve) => this.checker.process.stdout.once("data", resolve));
		}
	}
}
