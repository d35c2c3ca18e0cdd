// The kit for shared hosting, unpacked on a system that has nothing: no libc, no loader, no shell.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { cgiParams, parseAnswer } from "../lib/cgi.mjs";
import { makeKit, SANITIZED } from "../lib/kit.mjs";
import { noNamespace } from "../lib/namespace.mjs";
import { Place, top } from "../lib/place.mjs";
import { build } from "../lib/prebind.mjs";

const HOME = "/home/you";
const CGI = `${HOME}/public_html/chat/prebind.cgi`;
const CTL = `${HOME}/prebind-private/bin/prebindctl`;
const CONF = `[site default]
hosts = www.example.org
database = ${HOME}/prebind-private/data/prebind.db
jid = {user}@example.org
backend = bosh
bosh_service = http://127.0.0.1:1/http-bind
bosh_auth = token
bosh_token_key_file = ${HOME}/prebind-private/etc/key
`;
let place, root, unpacked;

const archive = (name) => place.path(`${name}/prebind-kit.tar.gz`);

/** A system whose only files are those of the kit, /proc and /dev/urandom. Its user is an ordinary one. */
function run(argv, env = {}, input = "") {
	const userNamespace = process.getuid() === 0 ? [] : ["--user", "--map-root-user"];
	const ordinary = process.getuid() === 0 ? ["--userspec", `${place.user.uid}:${place.user.gid}`] : [];
	const mounts = `mount -t proc proc '${root}/proc'; mount --bind /dev/urandom '${root}/dev/urandom'; exec chroot "$@"`;
	return spawnSync("unshare", [...userNamespace, "--mount", "--pid", "--fork", "--", "sh", "-euc", mounts, "sh", ...ordinary, root, ...argv],
		{ encoding: "utf8", env: { PATH: process.env.PATH, ...env }, input });
}

const page = (request) => {
	const { stdout, stderr } = run([CGI], cgiParams({
		...request,
		// what Apache sends after .htaccess has rewritten the address
		params: { SCRIPT_NAME: "/chat/prebind.cgi", HTTPS: "on", SERVER_PORT: "443", SERVER_NAME: "www.example.org", HTTP_HOST: "www.example.org" },
	}));
	return { ...parseAnswer(stdout), stdout, stderr };
};

before(() => {
	if (SANITIZED)
		return;
	place = new Place();
	makeKit(place, "first");
	root = place.folder("root", 0o755);
	for (const folder of ["proc", "dev", HOME.slice(1), `${HOME.slice(1)}/public_html`])
		place.folder(path.join("root", folder), 0o755);
	fs.writeFileSync(path.join(root, "dev/urandom"), "");
	unpacked = path.join(root, HOME, "prebind-kit");
	execFileSync("tar", ["-xf", archive("first"), "-C", path.dirname(unpacked)]);
	fs.renameSync(path.join(unpacked, "chat"), path.join(root, HOME, "public_html/chat"));
	fs.renameSync(path.join(unpacked, "prebind-private"), path.join(root, HOME, "prebind-private"));
	if (place.user)
		execFileSync("chown", ["-R", `${place.user.uid}:${place.user.gid}`, path.join(root, HOME)]);
});
after(() => place?.close());

test("without a configuration the page says where it must be", { skip: SANITIZED || noNamespace }, () => {
	const { status, stderr } = page({ path: "/login" });
	assert.equal(status, 500);
	assert.match(stderr, new RegExp(`${HOME}/prebind-private/etc/prebind\\.conf`));
});

test("the web servers' files of the kit have its own folder, which setup knows", { skip: SANITIZED || noNamespace }, () => {
	const { stdout, stderr, status } = run([CTL, "setup", "web=apache-cgi", "site=-", "login=login", "url=https://www.example.org/chat/", "domain=example.org",
		"xmpp=http://127.0.0.1:1/http-bind", "--dry-run"]);
	assert.equal(status, 0, stdout + stderr);
	assert.match(stdout, new RegExp(`write +${HOME}/prebind-private/etc/apache-cgi\\.conf`));
	for (const file of ["apache/prebind.conf", "lighttpd/prebind.conf", "nginx/prebind.conf"])
		assert.match(fs.readFileSync(path.join(root, HOME, "prebind-private", file), "utf8"), /\/usr\/local\/share\/prebind\/static/, "what setup replaces");
});

test("the kit makes a database and serves a page without any library of the system", { skip: SANITIZED || noNamespace }, () => {
	const etc = path.join(root, HOME, "prebind-private/etc");
	for (const [name, text] of [["prebind.conf", CONF], ["key", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"]]) {
		fs.writeFileSync(path.join(etc, name), text, { mode: 0o600 });
		place.own(path.join(etc, name));
	}
	const migrated = run([CTL, "migrate"]);
	assert.equal(migrated.status, 0, migrated.stdout + migrated.stderr);
	const added = run([CTL, "user", "add", "alice", "--password-stdin"], {}, "correct horse battery\n");
	assert.equal(added.status, 0, added.stdout + added.stderr);

	const { status, body, stdout, stderr } = page({ path: "/login" });
	assert.equal(status, 200, stdout + stderr);
	assert.match(body, /action="\/chat\/login"/, "the address has no prebind.cgi in it");
	assert.equal(page({ path: "/" }).headers.location, "/chat/login?next=%2Fchat%2F");
});

test("the client libraries of other databases are in the kit", { skip: SANITIZED || noNamespace }, () => {
	const lib = path.join(root, HOME, "prebind-private/lib");
	for (const name of ["libmariadb.so.3", "libpq.so.5"]) {
		const { stdout, stderr } = run([`${HOME}/prebind-private/lib/ld-linux-x86-64.so.2`, "--inhibit-cache", "--library-path",
			`${HOME}/prebind-private/lib`, "--list", `${HOME}/prebind-private/lib/${name}`]);
		assert.ok(fs.existsSync(path.join(lib, name)), name);
		assert.doesNotMatch(stdout + stderr, /not found/, name);
	}
});

test("a private folder that others may write to is not used", { skip: SANITIZED || noNamespace }, () => {
	const folder = path.join(root, HOME, "prebind-private");
	fs.chmodSync(folder, 0o777);
	const { status, body } = page({ path: "/login" });
	fs.chmodSync(folder, 0o755);
	assert.equal(status, 500);
	assert.match(body, /prebind-private.*others may write to it.*INSTALL\.html/);
});

test("the kit names the licence of each library in it", { skip: SANITIZED }, () => {
	const text = fs.readFileSync(path.join(unpacked, "LICENSES.txt"), "utf8");
	const libraries = fs.readdirSync(path.join(root, HOME, "prebind-private/lib")).filter((name) => name.includes(".so"));
	assert.ok(libraries.length > 20, libraries.join());
	for (const name of libraries) {
		const source = text.split("\n").find((line) => line.startsWith(`${name} `))?.split(/\s+/)[1];
		assert.ok(source && text.includes(`======== ${source} ========`), name);
	}
	for (const name of ["prebind", "Strophe.js", "Converse.js", "musl"])
		assert.ok(text.includes(`======== ${name} ========`), name);
});

test("the kit's bill of materials has each library in it, with its version, licence and checksum", { skip: SANITIZED }, () => {
	const sbom = JSON.parse(fs.readFileSync(path.join(unpacked, "sbom.spdx.json"), "utf8"));
	assert.equal(sbom.spdxVersion, "SPDX-2.3");
	const licences = fs.readFileSync(path.join(unpacked, "LICENSES.txt"), "utf8");
	const packages = new Map(sbom.packages.map((each) => [each.SPDXID, each]));
	const containers = new Map(sbom.relationships.filter(({ relationshipType }) => relationshipType === "CONTAINS")
		.map(({ spdxElementId, relatedSpdxElement }) => [relatedSpdxElement, packages.get(spdxElementId)]));
	for (const { spdxElementId, relatedSpdxElement } of sbom.relationships)
		for (const id of [spdxElementId, relatedSpdxElement])
			assert.ok(id === sbom.SPDXID || packages.has(id) || sbom.files.some(({ SPDXID }) => SPDXID === id), id);
	for (const { name, versionInfo, licenseDeclared } of packages.values())
		assert.ok(versionInfo && /^\(?[A-Za-z]+[\w.-]*/.test(licenseDeclared) && licenseDeclared !== "NOASSERTION", name);
	const lib = "prebind-private/lib";
	for (const file of fs.readdirSync(path.join(root, HOME, lib)).filter((name) => name.includes(".so"))) {
		const entry = sbom.files.find(({ fileName }) => fileName === `./${lib}/${file}`);
		assert.ok(entry, file);
		const text = fs.readFileSync(path.join(root, HOME, lib, file));
		assert.equal(entry.checksums.find(({ algorithm }) => algorithm === "SHA256").checksumValue, crypto.createHash("sha256").update(text).digest("hex"), file);
		const { versionInfo, licenseDeclared } = containers.get(entry.SPDXID);
		assert.equal(entry.licenseConcluded, licenseDeclared, file);
		assert.match(licences, new RegExp(`^${file.replaceAll(".", "\\.")} +\\S+ +${versionInfo.replaceAll(/[.+]/g, "\\$&")}$`, "m"), "the same version as in LICENSES.txt");
	}
	for (const name of ["prebind", "strophe.js", "converse.js", "musl-dev"])
		assert.ok([...packages.values()].some((each) => each.name === name), name);
});

test("a library whose licence nobody has read is not shipped", { skip: SANITIZED }, () => {
	const { status, stderr } = spawnSync(path.join(top, "release/sbom"), ["x", "0", "lib", "/bin/sh"], { encoding: "utf8" });
	assert.notEqual(status, 0);
	assert.match(stderr, /the licence of dash is not known/);
});

test("what must not be read is not readable, and what a browser loads is", { skip: SANITIZED }, () => {
	const mode = (file) => fs.statSync(path.join(root, HOME, file)).mode & 0o777;
	assert.equal(mode("prebind-private/etc"), 0o700);
	assert.equal(mode("prebind-private/data"), 0o700);
	assert.equal(mode("public_html/chat/prebind.cgi"), 0o755);
	assert.equal(mode("public_html/chat/static/chat.js"), 0o644);
	assert.equal(fs.readFileSync(path.join(root, HOME, "prebind-private/.htaccess"), "utf8").split("\n").at(-2), "Require all denied");
	for (const file of ["vendor/strophe.js", "vendor/converse/converse.min.js", "embed.js"])
		assert.ok(fs.existsSync(path.join(root, HOME, "public_html/chat/static", file)), file);
});

/** The programs as if they were built in another folder: their build's number comes from it. */
function builtElsewhere() {
	const folder = place.folder("elsewhere");
	for (const name of ["prebind.fcgi", "prebindctl", "prebind-extauth"]) {
		const note = path.join(folder, "note"), program = path.join(folder, name);
		execFileSync("objcopy", ["-O", "binary", "--only-section=.note.gnu.build-id", path.join(build, name), note]);
		const bytes = fs.readFileSync(note);
		bytes[bytes.length - 1] ^= 1;
		fs.writeFileSync(note, bytes);
		execFileSync("objcopy", ["--update-section", `.note.gnu.build-id=${note}`, path.join(build, name), program]);
		assert.ok(!fs.readFileSync(program).equals(fs.readFileSync(path.join(build, name))), name);
	}
	return folder;
}

test("the kit has the same bytes when it is made again, and from another folder", { skip: SANITIZED }, () => {
	makeKit(place, "second");
	assert.ok(fs.readFileSync(archive("first")).equals(fs.readFileSync(archive("second"))));
	makeKit(place, "third", builtElsewhere());
	assert.ok(fs.readFileSync(archive("first")).equals(fs.readFileSync(archive("third"))));
});
