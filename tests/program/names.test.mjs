// Names beyond ASCII and names that nobody can see: who is found, who is refused, and which JIDs they have.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Extauth } from "../lib/extauth.mjs";
import { makeToken, newKey } from "../lib/login_token.mjs";
import { Place } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const DOMAIN = "example.test";
const PASSWORD = "correct horse";
const HASH = "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
const SITE_PASSWORD = "correct horse battery staple";
const { key, text } = newKey();
let place, prebind;

const SITES = { // [site NAME] and its rule
	default: "{user|lower}", safe: "{user|safe}", around: "pre-{user|lower}.x", plain: "{user}",
	folding: "{user|lower}", exact: "{user|lower}", unfindable: "{user|lower}",
};
const QUERIES = { folding: "fold(name) = fold(:user)", exact: "name = :user", unfindable: "name = :user" };
const NAMES = { default: ["Łukasz", "ÅSA", "Дмитрий", "alice"], safe: ["Bob", "straße", "😀", "alice", "Łukasz"], around: ["Łukasz"], plain: ["alice"] };

const ctl = (site, args, input) => prebind.ctl(["--site", site, ...args], { input });
const add = (site, name) => ctl(site, ["user", "add", name, "--password-stdin"], `${PASSWORD}\n`);

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const members = place.path("members.db");
	await runSql(place, members, `CREATE TABLE member (name TEXT, password TEXT);
		INSERT INTO member VALUES ('Łukasz', '${HASH}'), ('Łukasz Żak', '${HASH}'), ('ŁUKASZ ŻAK-OLD', '${HASH}'), ('McŻak', '${HASH}');`);
	const site = (name) => peer.site(place, {
		hosts: `${name}.test`, jid: `${SITES[name]}@${DOMAIN}`, database: place.path("data", `${name}.db`), bosh_token_key_file: place.write("bosh.key", text),
		...(QUERIES[name] ? { site_database: members,
			login_query: place.write(`${name}.sql`, `SELECT name AS user, password AS password_hash FROM member WHERE ${QUERIES[name]};\n`) } : {}),
	});
	place.folder("data");
	prebind = new Prebind(place, { site: site("default"), sites: Object.fromEntries(Object.keys(SITES).slice(1).map((name) => [name, site(name)])) });
	for (const name of Object.keys(SITES)) {
		assert.equal((await ctl(name, ["migrate"])).code, 0);
		for (const user of NAMES[name] ?? [])
			assert.equal((await add(name, user)).code, 0, user);
	}
});
after(() => place.close({ logs: true }));

/** Asks prebind-extauth of that site. */
async function ask(site, questions) {
	const extauth = new Extauth(place, prebind.conf, ["--site", site]);
	const answers = [];
	for (const question of questions)
		answers.push(await extauth.ask(question));
	await extauth.end();
	return answers;
}

const all = (localpart, password = PASSWORD) => [`auth:${localpart}:${DOMAIN}:${password}`,
	`auth:${localpart}:${DOMAIN}:${makeToken(key, { user: localpart, host: DOMAIN })}`, `isuser:${localpart}:${DOMAIN}`];

for (const [site, localpart] of [["default", "łukasz"], ["default", "ŁUKASZ"], ["default", "åsa"], ["default", "дмитрий"], ["default", "alice"],
	["safe", "\\u42;ob"], ["safe", "stra\\udf;e"], ["safe", "\\u1f600;"], ["safe", "alice"], ["safe", "\\u141;ukasz"], ["around", "pre-łukasz.x"]])
	test(`prebind-extauth, ${SITES[site]}: ${localpart} by password, token and isuser`, async () => {
		// a token is for the account as the server prepares it
		const questions = all(localpart);
		questions[1] = all(localpart.toLowerCase())[1];
		assert.deepEqual(await ask(site, questions), [true, true, true]);
	});

for (const [site, localpart] of [["default", "zoë"], ["safe", "bob"], ["safe", "strasse"], ["around", "łukasz"], ["around", "pre-.x"], ["around", "pre-zoë.x"]])
	test(`prebind-extauth, ${SITES[site]}: ${localpart} is nobody's`, async () => {
		assert.deepEqual(await ask(site, all(localpart)), [false, false, false]);
	});

test("a disabled user is known, and no token helps; a deleted one neither", async () => {
	for (const name of ["Ążur", "Ółę"])
		assert.equal((await add("default", name)).code, 0);
	await prebind.ctlOk(["--site", "default", "user", "disable", "Ążur"]);
	await prebind.ctlOk(["--site", "default", "user", "delete", "Ółę"]);
	assert.deepEqual(await ask("default", all("ążur")), [false, false, true]);
	assert.deepEqual(await ask("default", all("ółę")), [false, false, false]);
});

test("the site's own table: with fold() every spelling is found, without it the usual ones", async () => {
	const isuser = (localpart) => `isuser:${localpart}:${DOMAIN}`;
	const asked = ["łukasz", "łukasz\\20żak", "łukasz\\20żak-old", "mcżak", "nobody"].map(isuser);
	assert.deepEqual(await ask("folding", asked), [true, true, true, true, false]);
	assert.deepEqual(await ask("exact", asked), [true, true, true, false, false]);
});

test("a token is not refused for a user of the site's whom the query cannot find by the account", async () => {
	assert.deepEqual((await ask("unfindable", all("mcżak", SITE_PASSWORD))).slice(1), [true, false]);
});

test("with {user|lower} a second user of the same account is refused", async () => {
	for (const name of ["łukasz", "ŁUKASZ", "Alice"]) {
		const { code, stderr } = await add("default", name);
		assert.equal(code, 1, name);
		assert.match(stderr, /there is already a site user "(Łukasz|alice)", and the two names look the same or give the same account/);
	}
	assert.equal((await add("safe", "ALICE")).code, 0, "another account there");
});

const UNSEEN = { "al\u202eice": "U+202E RIGHT-TO-LEFT OVERRIDE", "bob\u200b": "U+200B ZERO WIDTH SPACE", "al\u00adice": "U+00AD SOFT HYPHEN",
	"\ufeffalice": "U+FEFF", "al\u2028ice": "U+2028 LINE SEPARATOR", "al\ue000ice": "U+E000", "alice\u{e0061}": "U+E0061 TAG LATIN SMALL LETTER A" };

for (const [name, says] of Object.entries(UNSEEN))
	test(`a name with ${says} is refused wherever it is given`, async () => {
		const csv = place.write("map.csv", `user,jid\n${name},x@${DOMAIN}\n`);
		for (const run of [await add("plain", name), await ctl("plain", ["map", "set", name, `x@${DOMAIN}`]),
			await ctl("plain", ["map", "set", name, `x@${DOMAIN}`, "--source", "remote_user"]), await ctl("plain", ["map", "import", csv]),
			await ctl("plain", ["gateway", "add", name, "--domains", DOMAIN])]) {
			assert.equal(run.code, 1);
			assert.ok(run.stderr.includes(says), run.stderr);
		}
		// and the rule names it too, of the site's own names
		const { stderr } = await ctl("plain", ["prebind", "--user", name, "--source", "remote_user"]);
		assert.ok(stderr.includes(says) || /writing directions|not allowed in this part/.test(stderr), stderr);
	});

test("composed and decomposed are one user, and one row", async () => {
	assert.equal((await add("plain", "caf\u00e9")).code, 0);
	assert.match((await add("plain", "cafe\u0301")).stderr, /there is already a site user/);
	assert.equal((await ctl("plain", ["map", "set", "cafe\u0301", `coffee@${DOMAIN}`])).code, 0);
	assert.match((await ctl("plain", ["map", "list"])).stdout, new RegExp(`^login:caf\u00e9 coffee@${DOMAIN}$`, "m"));
	for (const verb of ["disable", "enable", "delete"])
		assert.equal((await ctl("plain", ["user", verb, "cafe\u0301"])).code, 0, verb);
	assert.doesNotMatch((await ctl("plain", ["map", "list"])).stdout, /coffee/);
});

test("check lists the names from before, and not without end", async () => {
	assert.doesNotMatch((await ctl("plain", ["check"])).stdout, /names/);
	await runSql(place, place.path("data", "plain.db"), Array.from({ length: 30 }, (_, i) =>
		`INSERT INTO site_user (name, folded, created) VALUES ('bob' || char(8203) || '${i}', 'x', 1);`).join("\n"));
	const { code, stdout } = await ctl("plain", ["check"]);
	assert.equal(code, 1);
	const [line] = stdout.split("\n").filter((each) => /names:/.test(each));
	assert.match(line, /30 names would be refused today/);
	assert.ok(line.includes("user $'bob\\u200b0': the name has U+200B ZERO WIDTH SPACE"), line);
	assert.ok(line.length < 700, line);
	await runSql(place, place.path("data", "plain.db"), `DELETE FROM site_user WHERE name LIKE 'bob%' AND name NOT LIKE '%0';
		INSERT INTO jid_map (source, user, localpart, domain) VALUES ('token', 'o''neil\\' || char(8203) || '😀', 'oneil', '${DOMAIN}');`);
	assert.match((await ctl("plain", ["check"])).stdout, /names: 4 names .*in the JID map \$'o\\'neil\\\\\\u200b\\U0001f600': the name has U\+200B/);
	await prebind.ctlOk(["--site", "plain", "map", "delete", "o'neil\\\u200b😀", "--source", "token"]);
	await prebind.ctlOk(["--site", "plain", "user", "delete", "bob\u200b0"]);
});
