/*
 * Starts PostgreSQL with data of its own, on a UNIX socket and a port of loopback. Its superuser is
 * postgres, without a password.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import { accepts, freePorts } from "./wait.mjs";

const FOLDER = "/usr/lib/postgresql"; // of Debian's versions

/** The path of a program. Those in /usr/bin are Perl, which finds out the version each time. */
export function program(name) {
	const version = fs.readdirSync(FOLDER).sort((a, b) => Number(b) - Number(a))[0];
	return `${FOLDER}/${version}/bin/${name}`;
}

export class Postgresql {
	/**
	 * Makes the data and starts the server.
	 * @param {import('./place.mjs').Place} place
	 */
	static async start(place) {
		const server = new Postgresql();
		Object.assign(server, { place, dir: place.folder("postgresql", 0o700) });
		[server.port] = await freePorts(1);
		server.socket = `${server.dir}/.s.PGSQL.${server.port}`;
		const { code, stdout, stderr } = await place.run([program("initdb"), "-D", `${server.dir}/data`, "-U", "postgres",
			"--auth-local=trust", "--auth-host=scram-sha-256", "-N", "-E", "UTF8", "--locale=C.UTF-8"]);
		assert.equal(code, 0, stdout + stderr);
		await server.resume();
		return server;
	}

	/**
	 * A standby of this server, which copies all that it writes: a second server in the place.
	 * @returns {Promise<Postgresql>}
	 */
	async standby() {
		const other = new Postgresql();
		Object.assign(other, { place: this.place, dir: this.place.folder("standby", 0o700) });
		[other.port] = await freePorts(1);
		other.socket = `${other.dir}/.s.PGSQL.${other.port}`;
		const { code, stderr } = await this.place.run([program("pg_basebackup"), "-D", `${other.dir}/data`, "-R", "-X", "stream", "-c", "fast",
			"--no-sync", "-d", `host=${this.dir} port=${this.port} user=postgres application_name=standby`]);
		assert.equal(code, 0, stderr);
		await other.resume();
		return other;
	}

	/** Starts the server again, with the same data. */
	async resume() {
		this.child = await this.place.startUntil("postgres", [program("postgres"), "-D", `${this.dir}/data`, "-k", this.dir,
			"-p", String(this.port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB"],
		async () => (await accepts(this.socket)) && (await this.run("SELECT 1", "postgres")).code === 0);
	}

	/** Its processes, the parent first. */
	pids() {
		const children = fs.readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, "utf8");
		return [this.child.pid, ...children.split(" ").filter(Boolean).map(Number)];
	}

	async stop() {
		await this.child.stop("SIGINT"); // "fast": connections are closed
	}

	run(text, database) {
		return this.place.run([program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", this.dir, "-p", String(this.port),
			"-U", "postgres", "-d", database, "-f", "-"], { input: text });
	}

	/** Runs SQL as the superuser; returns what it printed, a line for each row. */
	async sql(text, database = "postgres") {
		const { code, stdout, stderr } = await this.run(text, database);
		assert.equal(code, 0, stderr);
		return stdout;
	}

	/** The value of `site_database`. */
	uri(user, database) {
		return `postgresql://${user}@:${this.port}/${database}?host=${this.dir}`;
	}
}
