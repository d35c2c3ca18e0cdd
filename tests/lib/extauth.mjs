/*
 * The XMPP server's side of external authentication: starts prebind-extauth and sends it requests,
 * or single bytes.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { build } from "./prebind.mjs";
import { until } from "./wait.mjs";

/** Returns the program's path in a place; copies it there at first. */
export function extauthProgram(place) {
	const name = path.join("bin", "prebind-extauth");
	return fs.existsSync(place.path(name)) ? place.path(name) : place.copy(path.join(build, "prebind-extauth"), name);
}

/** A packet: two bytes of length, then the text. */
export function framed(text) {
	const content = Buffer.from(text);
	const length = Buffer.alloc(2);
	length.writeUInt16BE(content.length);
	return Buffer.concat([length, content]);
}

export class Extauth {
	/**
	 * @param {import('./place.mjs').Place} place
	 * @param {string} conf
	 * @param {string[]} [args]
	 */
	constructor(place, conf, args = []) {
		this.lines = args.includes("--lines");
		this.child = place.start("prebind-extauth", [extauthProgram(place), "-c", conf, ...args], { stdio: ["pipe", "pipe", "pipe"] });
		this.child.process.stdin.on("error", () => {}); // it may have ended
		this.taken = 0;
	}

	write(data) {
		return this.child.process.stdin.write(data);
	}

	/** Waits for the next answer; true: accepted. */
	async answer() {
		const size = this.lines ? 2 : 4;
		const text = await until("an answer", () => this.child.stdout.length >= this.taken + size && this.child.stdout,
			{ gone: () => this.child.gone() });
		const answer = text.slice(this.taken, this.taken += size);
		assert.ok((this.lines ? ["0\n", "1\n"] : ["\0\x02\0\0", "\0\x02\0\x01"]).includes(answer), JSON.stringify(answer));
		return (this.lines ? answer[0] : answer[3]) === (this.lines ? "1" : "\x01");
	}

	/** @param {string} text "auth:alice:example.org:secret" */
	ask(text) {
		this.write(this.lines ? `${text}\n` : framed(text));
		return this.answer();
	}

	/** The server closes the pipe; the program must end with 0. */
	async end() {
		this.child.process.stdin.end();
		const { code, signal } = await this.child.end;
		assert.equal(signal ?? code, 0, this.child.log);
	}

	/** The events of its log. */
	get events() {
		return this.child.stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
	}
}
