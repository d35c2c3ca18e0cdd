// prebindctl check, asked by root: the socket, the accounts and the log. It looks as the accounts that will use them, names the cause
// first, and leaves everything as it was. Installations broken in one known way each: breakages.test.mjs.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { WEB_SERVER, SERVICE, assertFirst, check, idOf, setKey, setUp, skip, startAll } from "../lib/check.mjs";
import { until } from "../lib/wait.mjs";

test("all is right: no failure, and whose way was tried", { skip }, async (t) => {
	const { prebind } = await setUp(t);
	const { code, stdout, failed, notes } = await check(prebind);
	assert.equal(code, 0, stdout);
	assert.deepEqual([failed, notes], [[], []]);
	assert.match(stdout, new RegExp(`^ok {4}\\[server\\]: socket: ${WEB_SERVER} may connect to`, "m"));
	assert.match(stdout, /^ok {4}default: writing: /m);
	assert.ok(JSON.parse((await check(prebind, ["--json"])).stdout).every(({ ok }) => ok));
});

test("before the first start: no file is made, neither the limits' nor the log's", { skip }, async (t) => {
	const { place, prebind } = await setUp(t, { start: false });
	setKey(prebind, "log", place.path("data/prebind.log"));
	assert.deepEqual((await check(prebind, ["--deep"])).failed, []);
	assert.deepEqual(fs.readdirSync(place.path("data")), ["prebind.db"]);
});

describe("the way to the socket", () => {
	test("the last folder on the way is closed to the web server", { skip }, async (t) => {
		const { place, prebind } = await setUp(t);
		fs.chmodSync(place.path("run"), 0o2700);
		assertFirst(await check(prebind), new RegExp(`may not enter the folder '${place.path("run")}' \\(mode 2700`));
	});

	test("the server was killed: a failure", { skip }, async (t) => {
		const { prebind } = await setUp(t);
		prebind.child.process.kill("SIGKILL");
		await prebind.child.end;
		prebind.stop = async () => {};
		await until("the socket to be left alone", async () => /Connection refused/.test((await check(prebind)).stdout));
		assertFirst(await check(prebind), /listen: no server answers on .*Connection refused.*start prebind\.fcgi again/);
	});

	test("user = root", { skip }, async (t) => {
		const { prebind } = await setUp(t, { start: false });
		setKey(prebind, "user", "root");
		assertFirst(await check(prebind), /prebind\.conf:\d+: user: 'root' is root; use an account that only prebind uses/);
	});

	test("user is empty, and a server answers: a note", { skip }, async (t) => {
		const { prebind } = await setUp(t, { start: false });
		setKey(prebind, "user", undefined);
		await startAll(prebind);
		const running = await check(prebind);
		assert.equal(running.code, 0, running.stdout);
		assert.match(running.notes[0], /cannot be started as root/);
	});
});

describe("status_token_file, which the program reads at each request", () => {
	test("only root may read it, it is missing, it is empty; it is right", { skip }, async (t) => {
		const { place, prebind } = await setUp(t, { start: false });
		const file = place.write("etc/status.token", "k9vJ3mZ0Q7xw2T5b\n", 0o600);
		fs.chownSync(file, 0, 0);
		setKey(prebind, "status_token_file", file);
		const line = async () => (await check(prebind)).stdout.split("\n").find((text) => text.includes("status_token_file"));
		assert.match(await line(), /^FAIL {2}\[server\]: status_token_file: .*prebind\.conf:\d+: status_token_file: /);
		fs.chownSync(file, idOf("-u", SERVICE), idOf("-g", SERVICE));
		assert.match(await line(), /^ok {4}\[server\]: status_token_file: other machines can read/);
		fs.writeFileSync(file, "\n");
		assert.match(await line(), /^FAIL .*is empty/);
		fs.rmSync(file);
		assert.match(await line(), /^FAIL .*status_token_file: .*No such file/);
	});
});

test("a folder above prebind.conf that only root may enter", { skip }, async (t) => {
	const { prebind } = await setUp(t);
	fs.chmodSync(prebind.conf, 0o644);
	fs.chownSync(path.dirname(prebind.conf), 0, 0);
	assertFirst(await check(prebind), new RegExp(`configuration: .*user ${SERVICE} may not enter the folder '.*/etc'`));
});

describe("a file beside the database that is read-only, or another account's: said, and mended as it says", () => {
	for (const suffix of ["-wal", ".limits"])
		test(suffix, { skip }, async (t) => {
			const { prebind } = await setUp(t);
			const beside = `${prebind.database}${suffix}`;
			assert.ok(fs.existsSync(beside), "the program has it open");
			fs.chmodSync(beside, 0o400);
			assertFirst(await check(prebind), new RegExp(`database: .*prebind\\.db${suffix}: the file's owner may not read and write the file \\(mode 0400\\).*chmod 600 '`));
			fs.chmodSync(beside, 0o600);
			fs.chownSync(beside, idOf("-u", WEB_SERVER), 0);
			assertFirst(await check(prebind), new RegExp(`prebind\\.db${suffix}: the file belongs to user .*: chown ${idOf("-u", SERVICE)} '`));
			fs.chownSync(beside, idOf("-u", SERVICE), idOf("-g", SERVICE));
			assert.equal((await check(prebind)).code, 0, "mended");
		});

	test("a folder has the name of a file that SQLite needs", { skip }, async (t) => {
		const { prebind } = await setUp(t, { start: false });
		const beside = `${prebind.database}-journal`;
		fs.mkdirSync(beside);
		assertFirst(await check(prebind), /database: .*prebind\.db-journal: this is not a regular file, but SQLite must create a file with this name: move the existing one away/);
		fs.rmdirSync(beside);
		assert.equal((await check(prebind)).code, 0, "mended");
	});

	test("the limits' file is damaged: check leaves it to the program", { skip }, async (t) => {
		const { prebind } = await setUp(t, { start: false });
		const file = `${prebind.database}.limits`;
		prebind.place.write("data/prebind.db.limits", "no database at all\n".repeat(300));
		const before = fs.readFileSync(file);
		assert.equal((await check(prebind)).code, 0);
		assert.deepEqual(fs.readFileSync(file), before);
	});
});

describe("the log", () => {
	const where = /prebind\.conf:\d+: log: user www-data: .*prebind\.log: /;

	test("a file that the program's account may write", { skip }, async (t) => {
		const { place, prebind } = await setUp(t, { start: false });
		setKey(prebind, "log", place.write("data/prebind.log", "{}\n"));
		assert.deepEqual((await check(prebind)).failed, []);
		assert.equal(fs.readFileSync(place.path("data/prebind.log"), "utf8"), "{}\n");
	});

	test("a file that it may not write", { skip }, async (t) => {
		const { place, prebind } = await setUp(t, { start: false });
		const file = place.write("data/prebind.log", "", 0o640);
		fs.chownSync(file, 0, 0);
		setKey(prebind, "log", file);
		const found = await check(prebind);
		assertFirst(found, where);
		assert.match(found.failed[0], /Permission denied/);
	});

	test("no file in a folder of root's: where root starts it a note, else a failure", { skip }, async (t) => {
		const { place, prebind } = await setUp(t, { start: false });
		const folder = place.folder("log", 0o755);
		fs.chownSync(folder, 0, 0);
		setKey(prebind, "log", path.join(folder, "prebind.log"));
		const asRoot = await check(prebind);
		assert.deepEqual(asRoot.failed, []);
		assert.match(asRoot.notes.join("\n"), where);
		setKey(prebind, "user", undefined);
		assert.match((await check(prebind)).failed.join("\n"), where);
	});

	test("no such folder", { skip }, async (t) => {
		const { prebind } = await setUp(t, { start: false });
		setKey(prebind, "log", "/nonexistent/prebind.log");
		assertFirst(await check(prebind), /log: user www-data: .*No such file or directory/);
	});
});

describe("plain CGI, and sites of several owners", () => {
	const OTHER = WEB_SERVER; // another account that is there
	const names = (lines) => lines.map((line) => line.split(":")[0]);

	/** Two sites: one of SERVICE, one of OTHER; nobody may look at the other's files. */
	async function setUpOwners(t) {
		const made = await setUp(t, { start: false, server: { user: undefined, listen: "" },
			sites: (place, keys) => ({ theirs: { ...keys, hosts: "theirs.test", database: place.path("theirs/theirs.db"),
				tigase_password_file: place.write("theirs/password", fs.readFileSync(keys.tigase_password_file)) } }),
			site: () => ({ hosts: "ours.test" }) });
		const { place, prebind } = made;
		await prebind.ctlOk(["--site", "theirs", "migrate"]);
		await prebind.ctlOk(["--site", "theirs", "user", "add", "zoe", "--password-stdin"], { input: "correct horse\n" });
		for (const file of ["", "password", "theirs.db"])
			fs.chownSync(place.path("theirs", file), idOf("-u", OTHER), idOf("-g", OTHER));
		for (const folder of [place.dir, place.path("etc")]) {
			fs.chownSync(folder, 0, 0);
			fs.chmodSync(folder, 0o711);
		}
		fs.chmodSync(prebind.conf, 0o644);
		return made;
	}

	test("an owner without an account is an error, and nothing is done as root", { skip }, async (t) => {
		const { place, prebind } = await setUpOwners(t);
		fs.chownSync(place.path("theirs"), 54321, 54321);
		fs.chownSync(place.path("theirs/theirs.db"), 54321, 54321);
		// place.run would run it as the place's user
		const { status, stderr } = spawnSync(prebind.ctlProgram, ["-c", prebind.conf, "--site", "theirs", "session", "end"], { encoding: "utf8" });
		assert.equal(status, 1);
		assert.match(stderr, /^prebindctl: the database belongs to user 54321, .* set the key user in \[server\]\n$/);
		assert.deepEqual(fs.readdirSync(place.path("theirs")).filter((file) => fs.statSync(place.path("theirs", file)).uid === 0), []);
	});

	test("each site is looked at as its own", { skip }, async (t) => {
		const { prebind } = await setUpOwners(t);
		const { code, stdout, failed } = await check(prebind);
		assert.deepEqual(failed, []);
		assert.equal(code, 0);
		for (const site of ["default", "theirs"])
			for (const what of ["site", "database", "writing", "login", "upstream"])
				assert.match(stdout, new RegExp(`^ok {4}${site}: ${what}: `, "m"));
		const lines = JSON.parse((await check(prebind, ["--json"])).stdout);
		assert.match(stdout, /the disk has \d+ MB free/);
		const steady = (text) => text.replace(/\d+ MB free/, "MB free"); // others write to the same disk meanwhile
		assert.deepEqual(lines.map(({ ok, site, what, said }) => steady(`${ok ? "ok  " : "FAIL"}  ${site}: ${what}: ${said}`)),
			stdout.trimEnd().split("\n").map(steady));
	});

	test("what one of the two may not do is said of that one", { skip }, async (t) => {
		const { place, prebind } = await setUpOwners(t);
		fs.chownSync(place.path("theirs/password"), idOf("-u", SERVICE), idOf("-g", SERVICE));
		const found = await check(prebind);
		assertFirst(found, /theirs: .*theirs\/password/);
		assert.deepEqual([...new Set(names(found.failed))], ["FAIL  theirs"]);
		fs.chmodSync(prebind.conf, 0o600);
		fs.chownSync(prebind.conf, idOf("-u", SERVICE), 0);
		const closed = await check(prebind);
		assertFirst(closed, new RegExp(`configuration: .*user ${OTHER} may not read this file`));
		assert.deepEqual(names(closed.failed)[0], "FAIL  [server]");
		assert.equal((await check(prebind, ["--json"])).code, 1);
	});

	test("the order of the sites changes nothing; without a database there is one cause", { skip }, async (t) => {
		const { place, prebind } = await setUpOwners(t);
		const [server, ours, theirs] = fs.readFileSync(prebind.conf, "utf8").split(/^(?=\[)/m);
		fs.writeFileSync(prebind.conf, [server, `${theirs.trimEnd()}\n\n`, ours].join(""));
		assert.deepEqual((await check(prebind)).failed, []);
		fs.rmSync(place.path("theirs/theirs.db"));
		const { failed, stdout } = await check(prebind);
		assert.equal(failed.length, 1, stdout);
		assert.match(failed[0], /theirs: site: .*there is no database/);
	});
});

test("root that may not change its account, as in some containers: that is what is wrong, not the socket", { skip }, async (t) => {
	const { prebind } = await setUp(t);
	const run = (...args) => spawnSync("setpriv", ["--bounding-set=-setuid,-setgid", prebind.ctlProgram, "-c", prebind.conf, ...args], { encoding: "utf8" });
	const says = new RegExp(`cannot switch to user ${SERVICE}: Operation not permitted; run prebindctl as this user`);
	const checked = run("check");
	assert.equal(checked.status, 1);
	assert.match(checked.stdout.match(/^FAIL .*$/m)[0], says);
	assert.match(checked.stdout, new RegExp(`^ok {4}\\[server\\]: socket: ${WEB_SERVER} may connect`, "m"));
	assert.match(run("user", "list").stderr, says);
});
