// A real PHP site behind lighttpd, with PHP's own sessions: log in there, open the chat page, be recognised, talk. And
// what PHP writes in each of its formats.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { startChat } from "../lib/chat.mjs";
import { httpRequest, NAVIGATION } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { assertTheyTalk, openChat, siteVisitor } from "../lib/site.mjs";

const CGI = "/usr/bin/php-cgi";
const CLI = "/usr/bin/php";
const USERS = { alice: "correct horse", bob: "battery staple" };
const FORMATS = ["php", "php_serialize", "php_binary"];
const SID = "abcdefghij0123456789ABCDEF";
const skip = !(fs.existsSync(CGI) && fs.existsSync(CLI)) && "needs php8.2-cgi and php8.2-cli";

let place, chat;

const LOGIN = `<?php
class Person { public $name; public $shown; private $secret = "x"; protected $also = 1; }
session_start();
if ($_SERVER["REQUEST_METHOD"] === "POST") {
	$users = json_decode(file_get_contents(__DIR__ . "/../etc/users.json"), true);
	if (($users[$_POST["user"]] ?? null) !== $_POST["password"]) { http_response_code(403); exit; }
	session_regenerate_id(true);
	$person = new Person;
	$person->name = $_POST["user"];
	$person->shown = ucfirst($_POST["user"]) . " of PHP";
	$_SESSION["user"] = isset($_POST["object"]) ? $person : (array)["name" => $person->name, "shown" => $person->shown];
	$_SESSION["cart"] = [1.5, true, null, ["a|b" => "c;d"]];
	header("Location: /chat/");
	http_response_code(303);
	exit;
}
echo "<form method=post></form>";
`;
const LOGOUT = `<?php session_start(); if (isset($_GET["softly"])) $_SESSION["user"] = null; else session_destroy(); echo "bye";`;
const SLOW = `<?php session_start(); echo file_get_contents("http://127.0.0.1:" . $_SERVER["SERVER_PORT"] . "/chat/", false, stream_context_create(
	["http" => ["header" => "Cookie: PHPSESSID=" . session_id() . "\\r\\nSec-Fetch-Site: cross-site\\r\\n", "timeout" => 5]]));`;

/** Whatever PHP can put into a session, with the user among it. */
const EVERYTHING = `<?php
enum Suit: string { case Hearts = "h"; case Clubs = "c"; }
class Plain { public $a = 1; protected $b = [2]; private $c = "\\0"; }
class Packed { public function __serialize(): array { return ["x" => [1, 2], 5 => "y"]; } public function __unserialize(array $d): void {} }
session_id($argv[1]);
session_start();
$_SESSION["csrf"] = bin2hex(random_bytes(16)) . '|";}';
$_SESSION["numbers"] = [0, -1, PHP_INT_MAX, PHP_INT_MIN, 0.1, 1e300, -1.5e-10, NAN, INF, -INF];
$_SESSION["texts"] = ["", "ö€😀", str_repeat("x", 10000), "a\\0b", "s:5:\\"alice\\";", 7 => "seven", "nested" => ["deep" => ["er" => null]]];
$plain = new Plain;
$_SESSION["objects"] = [$plain, $plain, new stdClass, new ArrayObject([1, 2]), new Packed, Suit::Hearts, new DateTimeImmutable("2026-11-22")];
$shared = ["shared"];
$_SESSION["references"] = [&$shared, &$shared];
$_SESSION["user"] = ["id" => 17, "name" => $argv[2], "roles" => ["a", "b"], "shown" => "Zoë"];
$_SESSION["last"] = true;
session_write_close();
`;

before(async () => {
	if (skip)
		return;
	place = new Place();
	place.write("etc/users.json", JSON.stringify(USERS));
	place.folder("htdocs", 0o755);
	for (const [name, text] of Object.entries({ login: LOGIN, logout: LOGOUT, slow: SLOW }))
		place.write(`htdocs/${name}.php`, text, 0o644);
	const sessions = place.folder("sessions");
	const ini = place.write("etc/php.ini", `session.save_path = "${sessions}"\nsession.use_strict_mode = 1\nsession.cookie_httponly = 1\ncgi.fix_pathinfo = 1\n`);
	const snippet = `$HTTP["url"] =~ "\\.php$" { fastcgi.server = ("" => (("socket" => "${place.path("php.sock")}",
		"bin-path" => "${CGI} -c ${ini}", "max-procs" => 1, "bin-environment" => ("PHP_FCGI_CHILDREN" => "2")))) }\n`;
	const keys = { identity: "php_session", php_session_user: "user.name", php_session_display: "user.shown", php_session_path: sessions };
	const formatSite = (format) => ({ ...keys, hosts: `${format.replace("_", "-")}.example.org`, php_session_format: format,
		php_session_path: place.folder(`sessions-${format}`) });
	chat = await startChat(place, {
		users: USERS,
		web: { snippets: [snippet] },
		site: { ...keys, login_url: "/login.php", hosts: "127.0.0.1" },
		sites: Object.fromEntries([...FORMATS.map((format) => [format, formatSite(format)]),
			["levels", { ...formatSite("php"), hosts: "levels.example.org", php_session_path: `2;${place.folder("sessions-levels")}` }]]),
	});
});
after(() => place?.close({ logs: true }));

async function logIn(name, more = {}) {
	const visitor = siteVisitor(chat);
	const way = await visitor.get("/chat/");
	assert.equal(way.headers.location, "/login.php");
	await visitor.get("/login.php");
	const answer = await visitor.post("/login.php", { user: name, password: USERS[name], ...more });
	assert.equal(answer.status, 303, answer.body);
	return visitor;
}

test("log in to PHP, be recognised in the chat, talk", { skip }, async () => {
	const [alice, bob] = [await openChat(await logIn("alice")), await openChat(await logIn("bob", { object: "yes" }))];
	assert.equal(alice.me, "Alice of PHP");
	assert.equal(bob.me, "Bob of PHP"); // the public property of an object
	assert.match(alice.session.jid, /^alice@example\.org\/web-/);
	await assertTheyTalk(chat, alice.session, bob.session);
});

test("before the log-in, and with a session that PHP does not know", { skip }, async () => {
	const visitor = siteVisitor(chat);
	await visitor.get("/login.php");
	assert.ok(visitor.jar.cookies.get("PHPSESSID"));
	assert.equal((await openChat(visitor)).headers.location, "/login.php");
	visitor.jar.cookies.set("PHPSESSID", SID);
	assert.equal((await openChat(visitor)).status, 303);
});

for (const [how, path] of [["the session is gone", "/logout.php"], ["the user is null", "/logout.php?softly"]])
	test(`log out of PHP, ${how}: nobody in the chat`, { skip }, async () => {
		const visitor = await logIn("alice");
		const cookie = visitor.jar.cookies.get("PHPSESSID");
		assert.equal((await openChat(visitor)).me, "Alice of PHP");
		await visitor.get(path);
		visitor.jar.cookies.set("PHPSESSID", cookie);
		assert.equal((await openChat(visitor)).status, 303);
	});

test("a PHP script that holds its session and asks us for the page gets it", { skip }, async () => {
	const visitor = await logIn("alice");
	const page = await visitor.get("/slow.php");
	assert.match(page.body, /<span id="me">Alice of PHP</);
});

/** The page of one of the other sites; asked with their Host. */
async function pageOf(host) {
	const answer = await httpRequest({ port: chat.webPort, path: "/chat/",
		headers: { ...NAVIGATION, "Sec-Fetch-Site": "cross-site", Host: host, Cookie: `PHPSESSID=${SID}` } });
	return /<span id="me">([^<]*)</.exec(answer.body)?.[1] ?? `${answer.status}`;
}

async function write(folder, settings, script, ...args) {
	const options = Object.entries({ save_path: folder, use_cookies: 0, use_only_cookies: 0, cache_limiter: "", ...settings })
		.flatMap(([key, value]) => ["-d", `session.${key}="${value}"`]);
	const { code, stdout, stderr } = await place.run([CLI, "-n", ...options, place.write("etc/write.php", script), ...args]);
	assert.equal(code, 0, stdout + stderr);
}

for (const format of FORMATS)
	test(`everything that PHP can write, as ${format}`, { skip }, async () => {
		const host = `${format.replace("_", "-")}.example.org`;
		await write(place.path(`sessions-${format}`), { serialize_handler: format }, EVERYTHING, SID, "alice");
		assert.equal(await pageOf(host), "Zoë");
		await write(place.path(`sessions-${format}`), { serialize_handler: format }, EVERYTHING, SID, "anonymous");
		assert.equal(await pageOf(host), "401");
	});

test("nested levels, as PHP makes them", { skip }, async () => {
	place.folder(`sessions-levels/${SID[0]}/${SID[1]}`);
	await write(`2;${place.path("sessions-levels")}`, {}, EVERYTHING, SID, "alice");
	assert.ok(fs.existsSync(place.path("sessions-levels", SID[0], SID[1], `sess_${SID}`)));
	assert.equal(await pageOf("levels.example.org"), "Zoë");
});

test("prebindctl check finds everything in order", { skip }, async () => {
	const { code, stdout } = await chat.prebind.ctl(["--site", "default", "check", "--deep"]);
	assert.equal(code, 0, stdout);
	assert.match(stdout, /php_session: .* have a user at the path user\.name, and 0 are refused/);
});
