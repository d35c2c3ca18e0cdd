// prebindctl setup over what is there: its own files, somebody's files, wrong rights, and folders that it may not write to.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, test } from "node:test";
import { ordinaryPlace, ordinarySetup, planOf } from "../lib/setup.mjs";

const { place, fresh } = ordinaryPlace();
after(() => place.close());

const read = (file) => fs.readFileSync(file, "utf8");
const mode = (file) => fs.statSync(file).mode & 0o7777;
const run = (home, answers = {}, args = []) => ordinarySetup(home, { ...home.answers, ...answers }, args);

async function installed(answers = {}) {
	const home = fresh();
	const { code, stdout, stderr } = await run(home, answers);
	assert.equal(code, 0, stdout + stderr);
	return home;
}

test("--dry-run shows files, owners and modes, and writes nothing; then they are as shown", async () => {
	const home = fresh();
	const token = { auth: "token" };
	const { code, stdout } = await run(home, token, ["--dry-run"]);
	assert.equal(code, 0);
	const plan = { etc: "write", data: "write", run: "write", "bosh.key": "write", "prebind.conf": "write", "web.conf": "write" };
	assert.deepEqual(planOf(stdout), plan);
	assert.match(stdout, /bosh\.key {2}\(secret; 0600, \S+\)[^]*Nothing was written\.\n$/);
	assert.deepEqual(fs.readdirSync(home.home), []);
	assert.equal((await run(home, token)).code, 0);
	const modes = { etc: 0o755, data: 0o750, run: 0o2750, "etc/bosh.key": 0o600, "etc/prebind.conf": 0o644, "etc/web.conf": 0o644, "data/prebind.db": 0o600 };
	for (const [name, is] of Object.entries(modes))
		assert.equal(mode(home.at(name)).toString(8), is.toString(8), name);
	assert.match(read(home.at("etc/bosh.key")), /^[\w-]{43}\n$/);
	assert.deepEqual(fs.readdirSync(home.at("etc")).sort(), ["bosh.key", "prebind.conf", "web.conf"], "no part of a file is left");
});

test("run again: what is the same stays; what an answer changes is replaced; the key stays", async () => {
	const home = await installed({ auth: "token" });
	const key = read(home.at("etc/bosh.key"));
	const again = await run(home, { auth: "token" });
	assert.deepEqual(planOf(again.stdout), { "bosh.key": "keep", "prebind.conf": "unchanged", "web.conf": "unchanged" });
	place.write(`${home.name}/etc/prebind.conf.setup-part`, "of another setup");
	const other = await run(home, { auth: "token", wait: "30", url: "http://127.0.0.1/talk/" });
	assert.equal(other.code, 0, other.stderr);
	assert.deepEqual(planOf(other.stdout), { "bosh.key": "keep", "prebind.conf": "replace", "web.conf": "replace" });
	assert.match(read(home.conf), /^wait = 30$/m);
	assert.match(read(home.at("etc/web.conf")), /prebind_mount = "\/talk"/);
	assert.equal(read(home.at("etc/bosh.key")), key);
	assert.equal(read(`${home.conf}.setup-part`), "of another setup");
	assert.deepEqual(fs.readdirSync(home.at("etc")).filter((name) => name.includes(".part-")), []);
});

/** damage(home): what somebody did; name: the file that setup then refuses to replace. */
const FOREIGN = {
	"a file of somebody's": ["web.conf", (home) => place.write(`${home.name}/etc/web.conf`, "# mine\n")],
	"an empty file": ["web.conf", (home) => place.write(`${home.name}/etc/web.conf`, "")],
	"a configuration of somebody's": ["prebind.conf", (home) => place.write(`${home.name}/etc/prebind.conf`, "[server]\nlog = stderr\n")],
	"a file with a line more": ["prebind.conf", (home) => fs.appendFileSync(home.conf, "; mine\n"), true],
	"a file whose mark was changed": ["prebind.conf", (home) => fs.writeFileSync(home.conf, read(home.conf).replace(/unchanged: .{8}/, "unchanged: 00000000")), true],
	"the mark in another line": ["prebind.conf", (home) => fs.writeFileSync(home.conf, `\n${read(home.conf)}`), true],
	"a folder with the name of a file": ["web.conf", (home) => place.folder(`${home.name}/etc/web.conf`)],
	"the text without its mark, and more behind a NUL": ["web.conf", (home) => fs.writeFileSync(home.at("etc/web.conf"), `${read(home.at("etc/web.conf")).replace(/^.*\n/, "")}\0# mine\n`), true],
	"a very long file": ["web.conf", (home) => place.write(`${home.name}/etc/web.conf`, "# mine\n".repeat(50000))],
};
for (const [what, [name, damage, after_setup]] of Object.entries(FOREIGN))
	test(`refused, and nothing is written: ${what}`, async () => {
		const home = after_setup ? await installed() : fresh();
		damage(home);
		const file = home.at("etc", name);
		const there = fs.statSync(file).isFile() ? read(file) : null;
		const files = fs.readdirSync(home.at("etc"));
		const { code, stdout, stderr } = await run(home, { wait: "30" });
		assert.equal(code, 1, stdout);
		assert.match(stderr, new RegExp(`/etc/${name.replace(".", "\\.")} was not written by setup or was changed later, so setup does not replace it; move the file away and run setup again`));
		assert.equal(planOf(stdout)[name], "REFUSED");
		if (there !== null)
			assert.equal(read(file), there);
		assert.deepEqual(fs.readdirSync(home.at("etc")), files);
		const looks = /prebindctl check --deep, with the files that already exist:\n/;
		if (name === "prebind.conf" || after_setup)
			assert.match(stdout, looks, "what is there may be why setup was run");
		else
			assert.doesNotMatch(stdout, looks);
	});

/** Wrong rights of our own files: what setup does with them, and the mode afterwards. */
const LOOSE = {
	"the database can be read by all": ["data/prebind.db", 0o644, "fix", 0o600],
	"the database cannot be written": ["data/prebind.db", 0o400, "fix", 0o600],
	"the key can be read by its group": ["etc/bosh.key", 0o640, "fix", 0o600],
	"the key cannot be read by its owner": ["etc/bosh.key", 0o200, "fix", 0o600],
	"the configuration can be written by its group": ["etc/prebind.conf", 0o664, "fix", 0o644],
	"the configuration can be read by its owner alone": ["etc/prebind.conf", 0o600, "unchanged", 0o600],
	"the key can be read by its owner alone": ["etc/bosh.key", 0o400, "keep", 0o400],
};
for (const [what, [name, wrong, state, right]] of Object.entries(LOOSE))
	test(`rights: ${what}`, async () => {
		const home = await installed({ auth: "token" });
		const file = home.at(name);
		const content = read(file);
		fs.chmodSync(file, wrong);
		const { code, stdout, stderr } = await run(home, { auth: "token" });
		assert.equal(code, 0, stdout + stderr);
		assert.equal(planOf(stdout)[name.split("/")[1]], name.endsWith(".db") && state === "keep" ? undefined : state, stdout);
		assert.equal(mode(file).toString(8), right.toString(8));
		if (!name.endsWith(".db"))
			assert.equal(read(file), content, "the content stays");
	});

test("rights: a file with a second name, and a link, stay as they are", async () => {
	const home = await installed({ auth: "token" });
	const key = home.at("etc/bosh.key");
	fs.linkSync(key, home.at("mine"));
	fs.chmodSync(key, 0o644);
	const second = await run(home, { auth: "token" });
	assert.equal(planOf(second.stdout)["bosh.key"], "keep");
	assert.equal(mode(key), 0o644);
	fs.rmSync(key);
	fs.symlinkSync(home.at("mine"), key);
	const link = await run(home, { auth: "token" });
	assert.equal(planOf(link.stdout)["bosh.key"], "keep");
	assert.equal(mode(home.at("mine")), 0o644);
});

test("rights: those of another account's file cannot be set", { skip: process.getuid() !== 0 && "only root can give a file away" }, async () => {
	const home = await installed({ auth: "token" });
	fs.chownSync(home.at("data/prebind.db"), 0, 0);
	fs.chmodSync(home.at("data/prebind.db"), 0o644);
	const { code, stdout, stderr } = await run(home, { auth: "token" });
	assert.equal(code, 1, stdout);
	assert.match(stderr, /the owner or mode of \S+\/data\/prebind\.db cannot be set: Operation not permitted/);
});

/** What is not possible: the answers, what is prepared, the sentence. The configuration comes last, so there is none. */
const IMPOSSIBLE = {
	"the folder of the configuration may not be made": [{}, (home) => fs.chmodSync(home.home, 0o555), /the folder \S+\/etc cannot be made: Permission denied/],
	"the folder of the configuration may not be written to": [{}, (home) => { place.folder(`${home.name}/etc`); fs.chmodSync(home.at("etc"), 0o555); },
		/\S+\/etc\/\S+ cannot be made: Permission denied/],
	"the folder of the database may not be made": [{ database: "/proc/prebind/prebind.db" }, () => {}, /the folder \/proc\/prebind cannot be made: /],
	"the folder above the database is not there": [(home) => ({ database: home.at("a/b/prebind.db") }), () => {}, /the folder \S+\/a\/b cannot be made: No such file or directory/],
	"the folder of the web server's part is not there": [(home) => ({ web_file: home.at("no/web.conf") }), () => {}, /no\/web\.conf cannot be made: No such file/],
	"the folder of the configuration is a file": [{}, (home) => place.write(`${home.name}/etc`, "mine"), /etc\/\S+ cannot be made: Not a directory/],
};
for (const [what, [answers, prepare, says]] of Object.entries(IMPOSSIBLE))
	test(`not possible: ${what}`, async (t) => {
		const home = fresh();
		prepare(home);
		t.after(() => fs.chmodSync(home.home, 0o755));
		const { code, stdout, stderr } = await run(home, typeof answers === "function" ? answers(home) : answers);
		assert.equal(code, 1, stdout);
		assert.match(stderr, says);
		assert.equal(fs.existsSync(home.conf), false);
		assert.doesNotMatch(stdout, /What is left to do/);
	});

test("a secret that is there stays, also Tigase's password", async () => {
	const home = fresh();
	place.write(`${home.name}/etc/tigase.password`, "typed before\n");
	const { code, stdout, stderr } = await run(home, { auth: "tigase", tigase_user: "admin@example.org", upstream_http: "on", xmpp: "http://127.0.0.1:1/rest/adhoc/bosh@example.org" });
	assert.equal(code, 0, stdout + stderr);
	assert.equal(planOf(stdout)["tigase.password"], "keep");
	assert.equal(read(home.at("etc/tigase.password")), "typed before\n");
});

test("a shared folder that lacks a query or a document is named", async () => {
	const home = fresh();
	const share = place.folder(`${home.name}/share`, 0o755);
	place.copy("lighttpd", `${home.name}/share/lighttpd`);
	place.copy("templates", `${home.name}/share/templates`);
	place.write(`${home.name}/site/wp-config.php`, "<?php define('DB_NAME', 'blog'); define('DB_USER', 'wp'); $table_prefix = 'x_';");
	const query = await run(home, { share, site: home.at("site"), login: undefined });
	assert.equal(query.code, 1);
	assert.match(query.stderr, /share\/sql\/sites\/wordpress\/session\.sql cannot be read/);
});
