// What a release archive holds, and what tests/install does and says.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { noNamespace } from "../lib/namespace.mjs";
import { Place, top } from "../lib/place.mjs";
import { build } from "../lib/prebind.mjs";

const NAME = `prebind-${/^VERSION = (\S+)$/m.exec(fs.readFileSync(path.join(top, "Makefile"), "utf8"))[1]}`;
const NO_NPM = "no npm\n";
let place, bin, archive;

/** Runs a shell script with `node` and `npm` replaced by programs that fail. */
const sh = (script, cwd) => execFileSync("sh", ["-euc", script],
	{ cwd, encoding: "utf8", stdio: "pipe", env: { PATH: `${bin}:${process.env.PATH}`, HOME: place.dir } });

/** A copy of the working tree as a git repository, and the archive that `make dist` writes there. */
function makeArchive(folder, umask) {
	const copy = place.folder(folder);
	return sh(`umask ${umask}
		tar -C '${top}' --exclude=./.git --exclude=./node_modules --exclude=./build --exclude=./artifacts -c . | tar -x
		export GIT_AUTHOR_DATE=1700000000Z GIT_COMMITTER_DATE=1700000000Z
		git init -q && git add . && git -c user.name=t -c user.email=t@t -c commit.gpgsign=false commit -qm all
		make -s -o vendor dist
		echo "$PWD/${NAME}.tar.gz"`, copy).trim();
}

before(() => {
	place = new Place();
	bin = place.folder("bin");
	for (const name of ["node", "npm"])
		fs.writeFileSync(path.join(bin, name), `#!/bin/sh\nprintf '${NO_NPM}' >&2\nexit 1\n`, { mode: 0o755 });
	archive = makeArchive("first", "022");
});
after(() => place.close());

test("a release archive has the same bytes wherever it is made", () => {
	const other = makeArchive("second/deeper", "077");
	assert.ok(fs.readFileSync(archive).equals(fs.readFileSync(other)));
});

test("a release archive builds and installs without Node.js", () => {
	const folder = place.folder("unpacked");
	sh(`tar -xf '${archive}'`, folder);
	const source = path.join(folder, NAME);
	sh("make -n all", source); // fails if a source is not there
	sh(`make -s -o all BUILD='${build}' DESTDIR='${folder}/root' install`, source);
	for (const file of ["chat.js", "embed-panel.js.map", "vendor/strophe.js", "vendor/strophe.LICENSE.txt", "vendor/converse/converse.min.js"])
		assert.ok(fs.statSync(`${folder}/root/usr/local/share/prebind/static/${file}`).size > 0, file);
	assert.match(fs.readFileSync(path.join(source, "RELEASE"), "utf8"), new RegExp(`^${NAME}\n[0-9a-f]{40}\n$`));
	sh("make -s clean", source);
	assert.ok(fs.existsSync(path.join(source, "static/vendor/strophe.js")), "make clean keeps what only npm could make again");
});

test("a release archive says what to do when a module of a bundle is changed", () => {
	const folder = place.folder("changed");
	sh(`tar -xf '${archive}' && touch '${NAME}/static/page.js'`, folder);
	const { status, stderr } = spawnSync("make", ["-s", "vendor"], { cwd: path.join(folder, NAME), encoding: "utf8" });
	assert.notEqual(status, 0);
	assert.match(stderr, /static\/page\.js changed.*tests\/install scripts/);
});

test("make dist refuses a tree with changes that are not committed", () => {
	const copy = path.dirname(archive);
	fs.appendFileSync(path.join(copy, "README.md"), "x\n");
	const { status, stderr } = spawnSync("make", ["-s", "-o", "vendor", "dist"], { cwd: copy, encoding: "utf8" });
	assert.notEqual(status, 0);
	assert.match(stderr, /commit these changes first/);
	assert.match(stderr, /README\.md/);
	sh("git checkout -q README.md", copy);
});

/** What the stubs below pretend: each package is missing, and gcc is unpacked and not configured. */
const DPKG_QUERY = `case $* in
*Abbrev*) [ -e $STATE/configured ] && echo 'ii ' || echo 'iU ' ;;
*) exit 1 ;;
esac`;
const APT_GET = `echo "apt-get $*" >> $STATE/calls
cat /usr/sbin/policy-rc.d >> $STATE/policy
case $* in
*fix-broken*) touch $STATE/configured ;;
*libsodium-dev*)
	echo dlstatus:1:50.5:Retrieving file 2 of 4
	echo pmstatus:gcc:40.0:Unpacking gcc
	echo pmstatus:gcc:41.0:Unpacking more
	[ ! -e $STATE/fail ] || { echo 'E: no space left'; exit 100; } ;;
esac`;
const NPM = `echo "npm $*" >> $STATE/calls
echo "npm http fetch GET 200 https://registry.example/first/-/first-1.0.0.tgz 30ms (cache miss)" >&2
touch node_modules/.package-lock.json`;

/** Runs tests/install as root of a namespace in which /usr/sbin is empty, with stubs for what would change the machine. */
function runInstall({ release = false, fail = false, leftover = false } = {}) {
	const folder = fs.mkdtempSync(path.join(place.dir, "install-"));
	const stubs = { "dpkg-query": DPKG_QUERY, dpkg: 'echo "dpkg $*" >> $STATE/calls', "apt-get": APT_GET, npm: NPM, "pkg-config": "exit 1" };
	for (const [name, script] of Object.entries(stubs)) {
		fs.mkdirSync(path.join(folder, "stubs"), { recursive: true });
		fs.writeFileSync(path.join(folder, "stubs", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
	}
	fs.mkdirSync(path.join(folder, "tests"));
	fs.mkdirSync(path.join(folder, "node_modules"));
	for (const file of ["tests/install", "tests/packages", "package-lock.json"])
		fs.cpSync(path.join(top, file), path.join(folder, file));
	if (release)
		fs.writeFileSync(path.join(folder, "RELEASE"), "");
	if (fail)
		fs.writeFileSync(path.join(folder, "fail"), "");
	const script = `mount -t tmpfs -o mode=755 tmpfs /usr/sbin
		${leftover ? "printf '# for as long as tests/install runs\\n' > /usr/sbin/policy-rc.d" : ""}
		PATH=$PWD/stubs:$PATH STATE=$PWD tests/install build || echo "status $?"
		[ ! -e /usr/sbin/policy-rc.d ] || echo "policy left"`;
	const user = process.getuid() === 0 ? [] : ["--user", "--map-root-user"];
	const { stdout, stderr } = spawnSync("unshare", [...user, "--mount", "sh", "-euc", script], { cwd: folder, encoding: "utf8" });
	return { stdout, stderr, calls: fs.readFileSync(path.join(folder, "calls"), "utf8"), policy: fs.readFileSync(path.join(folder, "policy"), "utf8") };
}

test("tests/install goes on after an interruption, and shows what it does", { skip: noNamespace }, () => {
	const { stdout, stderr, calls, policy } = runInstall({ leftover: true });
	assert.equal(stderr, "");
	const order = ["dpkg --configure -a", "--fix-broken install", " update", "install .*libsodium-dev", "npm ci"];
	assert.match(calls, new RegExp(order.join("[^]*")));
	assert.match(policy, /^exit 101$/m, "no server starts while it is installed");
	assert.match(stdout, /^missing: .*libsodium-dev/m);
	assert.match(stdout, /^ {2}fetching +50 % {2}Retrieving file 2 of 4$/m);
	assert.match(stdout, /^ {2}installing +40 % {2}Unpacking gcc$/m);
	assert.doesNotMatch(stdout, /Unpacking more/, "one line for each tenth");
	assert.match(stdout, /first-1\.0\.0/);
	assert.doesNotMatch(stdout, /status|policy left/);
});

test("tests/install shows why a package was not installed, and leaves services allowed", { skip: noNamespace }, () => {
	const { stdout, stderr, calls } = runInstall({ fail: true });
	assert.match(stderr, /E: no space left[^]*failed: apt-get/);
	assert.match(stdout, /^status 1$/m);
	assert.doesNotMatch(stdout, /policy left/);
	assert.doesNotMatch(calls, /npm/);
});

test("tests/install needs neither Node.js nor npm in a release archive", { skip: noNamespace }, () => {
	const { calls } = runInstall({ release: true });
	assert.match(calls, /libsodium-dev/);
	assert.doesNotMatch(calls, /nodejs|npm/);
});
