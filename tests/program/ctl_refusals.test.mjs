// What prebindctl refuses, verb by verb: nothing is changed, and the sentence says why. And that a result which cannot be printed is a failure.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PASSWORD = "correct horse";
const LONG = "a".repeat(300);
const COMPOSED = "zo\u00eb";
const DECOMPOSED = "zoe\u0308";
let place, prebind, listed;

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	prebind = new Prebind(place, { site: peer.site(place) });
	await prebind.prepare({ alice: PASSWORD });
	await prebind.ctlOk(["map", "set", "bob", "bob@example.org"]);
	await prebind.ctlOk(["gateway", "add", "shop", "--domains", "example.org"]);
	listed = await lists();
});
after(() => place.close({ logs: true }));

const LISTS = [["user", "list"], ["map", "list"], ["gateway", "list"], ["session", "list"]];
const lists = async () => Promise.all(LISTS.map((list) => prebind.ctlOk([...list, "--json"])));

/** Arguments; what standard error says; standard input, if it is not empty. */
const REFUSED = [
	[["user", "add", "alice", "--password-stdin"], /there is already a site user "alice"/, `${PASSWORD}\n`],
	[["user", "add", "carl", "--password-stdin"], /no password was given/],
	[["user", "add", "carl", "--password-stdin"], /an empty password is refused/, "\n"],
	[["user", "add", "carl", "--password-stdin"], /the password is longer than 1024 bytes/, `${"x".repeat(1025)}\n`],
	[["user", "add", "carl", "--password-stdin"], /the password has a NUL byte in it/, "a\0b\n"],
	[["user", "add", "carl"], /standard input is not a terminal, .*; use --password-stdin/],
	[["user", "add", "carl", "--jid", "carl@example.org/phone", "--password-stdin"], /has a resource; give the bare JID/, `${PASSWORD}\n`],
	[["user", "add", "carl", "--jid", "carl@", "--password-stdin"], /is not a JID/, `${PASSWORD}\n`],
	[["user", "add", "carl", "--jid", "bob@example.org", "--password-stdin"], /bob@example\.org belongs to user "bob"/, `${PASSWORD}\n`],
	[["user", "add", "ca\u200brl", "--password-stdin"], /U\+200B/, `${PASSWORD}\n`],
	[["user", "add", LONG, "--password-stdin"], /255/, `${PASSWORD}\n`],
	[["user", "passwd", "alice", "--password-stdin"], /an empty password is refused/, "\n"],
	...["passwd", "disable", "enable", "delete"].map((word) => [["user", word, "nobody"], /there is no user 'nobody'/]),
	[["user", "display", "nobody", "Nobody"], /there is no user 'nobody'/],
	[["user", "display", "alice", "a\u200bb"], /U\+200B/],
	[["map", "set", "", "carl@example.org"], /the user's name is empty/],
	[["map", "set", LONG, "carl@example.org"], /longer than 255 bytes/],
	[["map", "set", "carl", "carl@example.org", "--source", "oracle"], /'oracle' is not an identity provider/],
	[["map", "set", "carl", "carl@example.org/phone"], /has a resource/],
	[["map", "set", "carl", "bob@example.org"], /belongs to user "bob" of the provider login: first delete this user's row with prebindctl map delete/],
	[["map", "set", "carl", "carl@example.org", "--xmpp-password-stdin"], /no password was given/],
	...[1024, 1025].map((bytes) => [["map", "set", "carl", "carl@example.org", "--xmpp-password-stdin"], /password is longer than 1023 bytes/,
		`${"x".repeat(bytes)}\n`]),
	[["map", "delete", "carl"], /the JID map has no row for 'carl' of provider login/],
	[["map", "delete", "bob", "--source", "token"], /no row for 'bob' of provider token/],
	[["map", "import", "/nowhere/map.csv"], /\/nowhere\/map\.csv: No such file/],
	[["map", "import", "/"], /: cannot be read: Is a directory[^]*nothing was changed/],
	[["gateway", "add", "shop", "--domains", "example.org"], /there is already a gateway caller "shop"/],
	[["gateway", "add", "till"], /--domains must list at least one domain/],
	[["gateway", "add", "till", "--domains", ""], /--domains must list at least one domain/],
	[["gateway", "add", "till", "--domains", "example.org,-bad-"], /--domains: "-bad-": .*hyphen/],
	[["gateway", "add", "till", "--domains", "example.org", "--addresses", "192.0.2.1,somewhere"], /somewhere/],
	[["gateway", "add", "a b", "--domains", "example.org"], /must not contain spaces or colons/],
	[["gateway", "add", "Till@Example.org", "--domains", "example.org"], /write the name as the bare JID 'till@example\.org'/],
	[["gateway", "add", "till@", "--domains", "example.org"], /is not a JID/],
	[["gateway", "add", "till", "--domains", "example.org", "--password-stdin"], /an empty password is refused/, "\n"],
	...["passwd", "disable", "enable", "delete"].map((word) => [["gateway", word, "nobody"], /there is no gateway caller "nobody"/]),
	[["session", "end", "alice", "--source", "oracle"], /'oracle' is not an identity provider/],
	[["token", "issue", "alice"], /\[site default\] has no token_key_file; set token_key_file, and add token to the key identity/],
	[["token", "issue", "alice", "--ttl", "soon"], /--ttl: "soon" /],
	...["0s", "13h"].map((ttl) => [["token", "issue", "alice", "--ttl", ttl], /--ttl: from 1s to 12h/]),
	[["prebind", "alice", "--source", "oracle"], /'oracle' is not an identity provider/],
	[["prebind", "--jid", "@example.org"], /is not a JID/],
	[["wordpress", "import", "wp-config.php"], /\[site default\] is not a WordPress site; set site_result = wordpress/],
	[["migrate", "--from", "/nowhere/other.db"], /\/nowhere\/other\.db/],
	[["backup", "/nowhere/copy.db"], /\/nowhere\/copy\.db cannot be created.*choose a folder that belongs to this user/],
	[["restore", "/nowhere/copy.db"], /is not restored: \/nowhere\/copy\.db cannot be read/],
	[["check", "--web", "ftp://example.org/"], /--web: only http:\/\/ and https:\/\//],
	[["check", "--cookie", "nothing"], /--cookie needs NAME=VALUE/],
	[["check", "--cookie", "-"], /standard input contains no cookie; write a line NAME=VALUE/],
	[["--site", "other", "user", "list"], /prebind\.conf: there is no \[site other\]/],
	[["status"], /prebind\.sock: the server does not answer/],
];
for (const [args, says, input = ""] of REFUSED)
	test(`prebindctl ${args.map((arg) => arg.slice(0, 30)).join(" ")} is refused: ${says.source}`, async () => {
		const { code, stdout, stderr } = await prebind.ctl(args, { input });
		assert.deepEqual([code, stdout], [1, ""], stderr);
		assert.match(stderr, says);
	});

test("nothing of what was refused is there", async () => {
	assert.deepEqual(await lists(), listed);
});

/** Calls with options that do not belong together. */
const USAGE = [
	[["session", "end", "--source", "login"], /--source requires USER/],
	[["migrate", "--adopt", "--from", "other.db"], /--adopt and --from cannot be used together/],
	[["migrate", "--password-file", "password"], /--password-file requires --from, because it is for the database in --from/],
	[["prebind"], /give exactly one of USER, JID, --user USER and --jid JID/],
	[["prebind", "alice", "--jid", "alice@example.org"], /give exactly one of USER/],
	[["people", "export"], /this verb requires --for prosody, --for ejabberd or --for tigase/],
	[["people", "export", "--for", "openfire"], /this verb requires --for prosody/],
	...["", "it's", "a,b", "x".repeat(65), "+x", "a\nb"].map((group) =>
		[["people", "export", "--for", "prosody", "--group", group], /--group requires a name of at most 64 bytes/]),
	[["user", "list", "--from", "x"], /an option is not allowed with this verb/],
	[["user", "list", "--nosuch"], /unknown option/],
];
for (const [args, says] of USAGE)
	test(`prebindctl ${args.join(" ").slice(0, 60)} is a usage error`, async () => {
		const { code, stdout, stderr } = await prebind.ctl(args);
		assert.deepEqual([code, stdout], [2, ""]);
		assert.match(stderr, says);
	});

test("a database is not copied to itself, by whatever path", async () => {
	fs.symlinkSync(prebind.database, place.path("data", "same.db"));
	for (const file of [prebind.database, place.path("data", "same.db")]) {
		const { code, stderr } = await prebind.ctl(["migrate", "--from", file]);
		assert.equal(code, 1);
		assert.match(stderr, /is already the database of \[site default\]: specify another database/);
	}
});

test("with --json a refusal is an object too, with the kind of error and the sentence", async () => {
	for (const [args, error, message] of [
		[["map", "import", "/nowhere/map.csv"], "not_found", /\/nowhere\/map\.csv/],
		[["prebind", "--jid", "root@example.test"], "no_chat_account", /root@example\.test/],
		[["--site", "other", "user", "list"], "not_found", /\[site other\]/],
		[["status"], "unavailable", /does not answer/],
	]) {
		const { code, stdout, stderr } = await prebind.ctl([...args, "--json"]);
		assert.equal(code, 1);
		const said = JSON.parse(stdout);
		assert.deepEqual(Object.keys(said), ["error", "message"]);
		assert.equal(said.error, error);
		assert.match(said.message, message);
		assert.equal(stderr, `prebindctl: ${said.message}\n`);
	}
});

test("each verb takes a name in the spelling in which it was given to the first one", async () => {
	await prebind.ctlOk(["user", "add", DECOMPOSED, "--password-stdin"], { input: `${PASSWORD}\n` });
	await prebind.ctlOk(["map", "set", DECOMPOSED, "zoe@example.org"]);
	assert.match(await prebind.ctlOk(["map", "list"]), new RegExp(`^login:${COMPOSED} zoe@example\\.org$`, "m"));
	await prebind.ctlOk(["map", "delete", DECOMPOSED]);
	await prebind.ctlOk(["user", "delete", DECOMPOSED]);
	await prebind.ctlOk(["map", "set", DECOMPOSED, "zoe@example.org"]);
	await prebind.ctlOk(["map", "delete", DECOMPOSED]);
	await prebind.ctlOk(["gateway", "add", DECOMPOSED, "--domains", "example.org"]);
	await prebind.ctlOk(["gateway", "disable", DECOMPOSED]);
	assert.match(await prebind.ctlOk(["gateway", "list"]), new RegExp(`^${COMPOSED} .*\\(disabled\\)$`, "m"));
	await prebind.ctlOk(["gateway", "enable", DECOMPOSED]);
	assert.match(await prebind.ctlOk(["gateway", "passwd", DECOMPOSED]), /^password {2}\S{43}$/m);
	await prebind.ctlOk(["gateway", "delete", DECOMPOSED]);
	assert.doesNotMatch((await lists()).join(), new RegExp(COMPOSED));
});

test("a result that cannot be printed is a failure: a password would be lost, a list cut off", async () => {
	for (const args of [["gateway", "passwd", "shop"], ["user", "list"], ["map", "list", "--json"], ["conf"], ["--help"], ["people", "export", "--for", "prosody"]]) {
		const { code, stderr } = await place.run(["sh", "-c", 'exec "$@" >/dev/full', "sh", prebind.ctlProgram, "-c", prebind.conf, ...args]);
		assert.equal(code, 1, args.join(" "));
		assert.match(stderr, /cannot write to standard output/);
	}
});

test("conf --keys --json has the keys of conf --keys, with section, type, default and what is allowed", async () => {
	const keys = JSON.parse(await prebind.ctlOk(["conf", "--keys", "--json"]));
	const text = await prebind.ctlOk(["conf", "--keys"]);
	assert.deepEqual(keys.map(({ key }) => key), text.match(/^ {2}\S+/gm).map((name) => name.trim()));
	assert.ok(text.endsWith(".\n"), "no empty line at the end");
	const { what, ...url } = keys.find(({ section, key }) => section === "site" && key === "tigase_url");
	assert.ok(what.endsWith("."));
	assert.deepEqual(Object.keys(url), ["section", "key", "type", "default", "allowed", "needed"]);
	assert.equal(url.needed, "with backend = tigase");
});
