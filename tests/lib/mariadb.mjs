/*
 * Starts MariaDB with data of its own, on a UNIX socket and a port of loopback. Its root has no
 * password. Its temporary files have a folder of their own: a server that starts deletes those of the others.
 */
import assert from "node:assert/strict";
import { accepts, freePorts } from "./wait.mjs";

export class Mariadb {
	/**
	 * Makes the data and starts the server.
	 * @param {import('./place.mjs').Place} place
	 * @param {{ more?: string[] }} [options] more: of mariadbd's options
	 */
	static async start(place, { more = [] } = {}) {
		const server = new Mariadb();
		Object.assign(server, { place, more, dir: place.folder("mariadb", 0o755), socket: place.path("mariadb", "m.sock") });
		[server.port] = await freePorts(1);
		place.folder("mariadb/tmp", 0o755);
		const { code, stdout, stderr } = await place.run(["mariadb-install-db", "--no-defaults", `--datadir=${server.dir}/data`, `--tmpdir=${server.dir}/tmp`,
			"--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=4M"]);
		assert.equal(code, 0, stdout + stderr);
		await server.resume();
		return server;
	}

	/** Starts the server again, with the same data. */
	async resume() {
		this.child = await this.place.startUntil("mariadbd", ["mariadbd", "--no-defaults", `--datadir=${this.dir}/data`, `--tmpdir=${this.dir}/tmp`,
			`--socket=${this.socket}`, "--bind-address=127.0.0.1", `--port=${this.port}`, `--pid-file=${this.dir}/pid`,
			"--innodb-buffer-pool-size=16M", "--innodb-log-file-size=4M", "--open-files-limit=1024", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve",
			`--general-log-file=${this.dir}/general.log`, ...this.more], () => accepts(this.socket));
	}

	/** Its processes, the parent first. */
	pids() {
		return [this.child.pid];
	}

	async stop() {
		await this.child.stop();
	}

	/** Runs SQL as root; returns what it printed, a line for each row. */
	async sql(text, database = "") {
		const { code, stdout, stderr } = await this.place.run(["mariadb", "--no-defaults", "-uroot", "-S", this.socket,
			"--default-character-set=utf8mb4", "-N", "-B", database], { input: text });
		assert.equal(code, 0, stderr);
		return stdout;
	}

	/** The value of `site_database`. */
	uri(user, database) {
		return `mariadb://${user}@localhost/${database}?socket=${this.socket}`;
	}
}
