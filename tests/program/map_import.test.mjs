// prebindctl map import: CSV (RFC 4180) into the JID map, all or nothing.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { onPostgresql } from "../lib/own_database.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";

let place, prebind;

before(async () => {
	place = new Place();
	prebind = new Prebind(place, {
		site: { backend: "bosh", bosh_service: "http://127.0.0.1:1/http-bind", accounts: "map" },
	});
	await prebind.prepare();
});
after(() => place.close({ logs: true }));
beforeEach(async () => {
	for (const { user, source } of await list())
		await prebind.ctlOk(["map", "delete", user, "--source", source]);
});

const list = async () => JSON.parse(await prebind.ctlOk(["map", "list", "--json"]));
const rows = async () => (await list()).map(({ source, user, jid }) => `${source}:${user} ${jid}`);

/** Imports the text; returns { code, stdout, stderr } with the place's folder taken out. */
async function importText(text, ...options) {
	const { code, stdout, stderr } = await prebind.ctl(["map", "import", place.write("map.csv", text), ...options]);
	return { code, stdout, stderr: stderr.replaceAll(`${place.dir}/`, "") };
}

const json = async (text, ...options) => {
	const { code, stdout, stderr } = await importText(text, "--json", ...options);
	assert.equal(code, 0, stderr);
	return JSON.parse(stdout);
};

test("rows are added, changed, and left as they are", async () => {
	assert.deepEqual(await json("ann,a@example.org\nbob,b@example.org\n"),
		{ rows: 2, added: 2, changed: 0, same: 0, dry_run: false });
	assert.deepEqual(await json("ann,a@example.org\nbob,bobby@example.org\ncyd,c@example.org"),
		{ rows: 3, added: 1, changed: 1, same: 1, dry_run: false });
	assert.deepEqual(await rows(), ["login:ann a@example.org", "login:bob bobby@example.org", "login:cyd c@example.org"]);
	assert.match((await importText("")).stdout, /^0 rows: 0 added/);
});

test("quotes, line breaks of every kind, a byte order mark, names with all sorts in them", async () => {
	await json("\ufeff\"ann, the first\",a@example.org\r\n\"say \"\"hi\"\"\",b@example.org\r\n\r\nÜnal ﷺ,c@example.org\rdot,\"d@example.org\"");
	assert.deepEqual(await rows(), ["login:ann, the first a@example.org", "login:dot d@example.org",
		"login:say \"hi\" b@example.org", "login:Ünal ﷺ c@example.org"]);
	await json("ﷺ,e@example.org\n");
	assert.ok((await rows()).includes("login:ﷺ e@example.org"), "what begins as a byte order mark may be none");
});

test("a first line may name the columns, in any order; --source is for those without", async () => {
	await json("jid,source,user\na@example.org,token,ann\nb@example.org,,bob\n", "--source", "remote_user");
	assert.deepEqual(await rows(), ["remote_user:bob b@example.org", "token:ann a@example.org"]);
});

test("what map list says can be imported again", async () => {
	await json("source,user,jid\ntoken,\"a \"\"b\"\", c\",x\\20y@example.org\nlogin,ann,a@example.net\n");
	const first = await list();
	const quote = (text) => `"${text.replaceAll('"', '""')}"`;
	const text = ["source,user,jid", ...first.map(({ source, user, jid }) => [source, user, jid].map(quote).join(","))].join("\r\n");
	assert.deepEqual(await json(text), { rows: 2, added: 0, changed: 0, same: 2, dry_run: false });
	assert.deepEqual(await list(), first);
});

test("passwords are taken, kept where the column is empty, and shown nowhere", async () => {
	const { stdout, stderr } = await importText("user,jid,xmpp_password\nann,a@example.org,\"s,1\"\n");
	assert.doesNotMatch(stdout + stderr, /s,1/);
	assert.equal((await json("ann,a@example.org,\"s,1\"")).same, 1);
	assert.equal((await json("ann,a@example.org,")).same, 1);
	assert.equal((await json("ann,a@example.org,other")).changed, 1);
});

test("accounts may change hands within one import", async () => {
	await json("ann,a@example.org\nbob,b@example.org\n");
	assert.equal((await json("ann,b@example.org\nbob,a@example.org\n")).changed, 2);
	assert.deepEqual(await rows(), ["login:ann b@example.org", "login:bob a@example.org"]);
});

test("--dry-run says the same and changes nothing", async () => {
	await json("ann,a@example.org\n");
	assert.deepEqual(await json("ann,z@example.org\nbob,b@example.org\n", "--dry-run"),
		{ rows: 2, added: 1, changed: 1, same: 0, dry_run: true });
	assert.deepEqual(await rows(), ["login:ann a@example.org"]);
	const taken = await importText("bob,a@example.org\n", "--dry-run");
	assert.equal(taken.code, 1);
	assert.match(taken.stderr, /map\.csv:1: the account a@example\.org belongs to user "ann" of the provider login/);
});

const refused = [
	["no JID", "ann,a@example.org\nbob,nothing\n", /map\.csv:2: .*JID|map\.csv:2: /],
	["a resource", "ann,a@example.org/phone\n", /map\.csv:1: .*resource/],
	["no user", ",a@example.org\n", /map\.csv:1: the user.s name is empty/],
	["a user twice", "ann,a@example.org\nbob,b@example.org\nann,c@example.org\n", /map\.csv:3: the line has the same user as line 1/],
	["an account twice", "ann,a@example.org\nbob,A@Example.org\n", /map\.csv:2: the line has the same account as line 1/],
	["too few fields", "ann,a@example.org\nbob\n", /map\.csv:2: the line has 1 fields/],
	["too many fields", "ann,a@example.org,pw,more,still\n", /map\.csv:1: the line has 5 fields/],
	["no such provider", "user,jid,source\nann,a@example.org,oracle\n", /map\.csv:2: 'oracle' is not an identity provider/],
	["an open quote", "ann,a@example.org\n\"bob,b@example.org\n", /map\.csv:2: a field has an opening quote, but no closing quote/],
	["a quote inside", "ann,a@example.org\nb\"ob,b@example.org\n", /map\.csv:2: a field has a quote, but does not begin with a quote/],
	["text behind a quote", "\"ann\"x,a@example.org\n", /map\.csv:1: a closing quote must be followed by/],
	["a line break in a name", "\"an\nn\",a@example.org\n", /map\.csv:1: the name has U\+000A, which is a control character/],
	["no UTF-8", Buffer.from("ann,a@example.org\nb\xff,b@example.org\n", "latin1"), /map\.csv:2: the line is not UTF-8/],
	["a NUL", "ann,a@example.org\nb\0b,b@example.org\n", /map\.csv:2: the line has a NUL byte/],
	["an endless field", `ann,${"a".repeat(20000)}@example.org\n`, /map\.csv:1: the line is longer than 16384 bytes/],
	["a long password", `ann,a@example.org,${"x".repeat(1023)}\nbob,b@example.org,${"x".repeat(1024)}\n`, /map\.csv:2: the XMPP password is longer than 1023 bytes/],
	["a long name", `${"a".repeat(256)},a@example.org\n`, /map\.csv:1: the user's name is longer than 255 bytes/],
	["an account of deny_jids", "ann,Root@example.org\n", /map\.csv:1: root@example\.org is in deny_jids/],
];

for (const [name, text, says] of refused)
	test(`${name}: refused with file and line, and nothing is changed`, async () => {
		await json("first,first@example.org\n");
		const { code, stdout, stderr } = await importText(text);
		assert.equal(code, 1);
		assert.match(stderr, says);
		assert.match(stderr, /nothing was changed/);
		assert.equal(stdout, "");
		assert.deepEqual(await rows(), ["login:first first@example.org"]);
	});

test("every fault is told, up to twenty; in JSON the sum", async () => {
	const { code, stdout, stderr } = await importText("x,y\n".repeat(50), "--json");
	assert.equal(code, 1);
	assert.equal(stderr.match(/^map\.csv:\d+: /gm).length, 20);
	assert.match(JSON.parse(stdout).message, /50 lines cannot be imported; nothing was changed/);
});

test("no file; standard input", async () => {
	assert.match((await prebind.ctl(["map", "import", place.path("none.csv")])).stderr, /none\.csv: No such file/);
	const { code, stdout } = await prebind.ctl(["map", "import", "-"], { input: "ann,a@example.org\n" });
	assert.equal(code, 0);
	assert.match(stdout, /^1 rows: 1 added/);
});

test("a hundred thousand rows: one transaction, soon", { skip: onPostgresql && "each row is a question to the server" }, async () => {
	const text = Array.from({ length: 100000 }, (_, i) => `user${i},u${i}@example.org\n`).join("");
	const started = Date.now();
	assert.equal((await json(text)).added, 100000);
	assert.ok(Date.now() - started < 60000);
});
