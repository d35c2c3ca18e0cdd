// A real Django site behind lighttpd, its sessions in SQLite: log in there, open the chat page, be recognised, talk.
import assert from "node:assert/strict";
import fs from "node:fs";
import { after, before, test } from "node:test";
import { startChat } from "../lib/chat.mjs";
import { hiddenFields, httpRequest, NAVIGATION, Visitor } from "../lib/http.mjs";
import { Place } from "../lib/place.mjs";
import { assertTheyTalk, openChat, siteVisitor } from "../lib/site.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { accepts, freePorts, until } from "../lib/wait.mjs";

const PYTHON = "/usr/bin/python3"; // the one that Debian's python3-django belongs to
const SECRET_KEY = "only for this test: fifty characters or so, and a '\"";
const USERS = { alice: "correct horse", bob: "battery staple" };
const PASSWORDS = "passwords.example.org"; // a site with our form and Django's passwords
const hasDjango = fs.existsSync("/usr/lib/python3/dist-packages/django");

let place, chat;

/** A whole site in one file: Django's own log-in and log-out, and a page that fills the session. */
const settings = (database) => `
SECRET_KEY = ${JSON.stringify(SECRET_KEY)}
DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
	"django.contrib.auth.middleware.AuthenticationMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ${JSON.stringify(database)}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "urls"
USE_TZ = True
LOGIN_REDIRECT_URL = "/accounts/me"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {
	"registration/login.html": "<form method=post>{% csrf_token %}{{ form }}</form>"})]}}]
`;
const URLS = `
from django.contrib.auth import views
from django.http import HttpResponse
from django.urls import path

def me(request):
	return HttpResponse(request.user.username or "nobody")

def fill(request):
	request.session["cart"] = [{"article": "a thing, and what it is for", "count": i} for i in range(100)]
	return HttpResponse("full")

urlpatterns = [path("accounts/login/", views.LoginView.as_view()), path("accounts/logout/", views.LogoutView.as_view(next_page="/accounts/me")),
	path("accounts/me", me), path("accounts/fill", fill)]
`;

/** Runs manage.py's commands, or a few lines in its shell. */
async function manage(args, input) {
	const env = { DJANGO_SETTINGS_MODULE: "settings", PYTHONPATH: place.path("shop"), PYTHONDONTWRITEBYTECODE: "1" };
	const { code, stdout, stderr } = await place.run([PYTHON, "-m", "django", ...args], { env, input });
	assert.equal(code, 0, stderr);
	return stdout;
}

async function startDjango(port) {
	const database = `${place.folder("shop")}/db.sqlite3`;
	place.write("shop/settings.py", settings(database));
	place.write("shop/urls.py", URLS);
	await manage(["migrate", "--verbosity", "0"]);
	const users = Object.entries(USERS).map(([name, password]) => `User.objects.create_user(${JSON.stringify(name)}, None, ${JSON.stringify(password)})`);
	await manage(["shell"], ["from django.contrib.auth.models import User", ...users,
		'User.objects.filter(username="bob").update(first_name="Bob", last_name="Builder")', ""].join("\n"));
	const env = { DJANGO_SETTINGS_MODULE: "settings", PYTHONPATH: place.path("shop"), PYTHONDONTWRITEBYTECODE: "1" };
	await place.startUntil("django", [PYTHON, "-m", "django", "runserver", "--noreload", `127.0.0.1:${port}`], () => accepts(port), { env });
	return database;
}

const skip = !hasDjango && "needs python3-django";
const database = () => place.path("shop", "db.sqlite3");

before(async () => {
	if (skip)
		return;
	place = new Place();
	const [port] = await freePorts(1);
	await startDjango(port);
	const proxy = `$HTTP["url"] =~ "^/accounts/" { proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${port}))) }\n`;
	chat = await startChat(place, {
		users: USERS,
		web: { snippets: [proxy] },
		sites: { passwords: { identity: "login", hosts: PASSWORDS, site_database: database(),
			login_query: place.copy("sql/sites/django-login.sql", "sql/django-login.sql"), database: `${place.folder("data")}/passwords.db` } },
		site: {
			hosts: "127.0.0.1",
			identity: "site_session",
			login_url: "/accounts/login/?next=/chat/",
			site_database: database(),
			site_cookie: "sessionid",
			site_result: "django",
			site_query: place.copy("sql/sites/django.sql", "sql/django.sql"),
			site_profile_query: place.copy("sql/sites/django-user.sql", "sql/django-user.sql"),
			// as after a change, with the site's key among SECRET_KEY_FALLBACKS
			site_secret_file: place.write("etc/django.secret", `the key that comes\n${SECRET_KEY}\n`),
		},
	});
});
after(() => place?.close({ logs: true }));

async function logIn(name) {
	const visitor = siteVisitor(chat);
	const way = await visitor.get("/chat/");
	assert.equal(way.status, 303);
	const form = await visitor.get(way.headers.location);
	const answer = await visitor.post(way.headers.location, { ...hiddenFields(form.body), username: name, password: USERS[name] });
	assert.equal(answer.status, 302, answer.body);
	assert.equal(answer.headers.location, "/chat/");
	return visitor;
}

test("log in to Django, be recognised in the chat, talk", { skip }, async () => {
	const [alice, bob] = [await openChat(await logIn("alice")), await openChat(await logIn("bob"))];
	assert.equal(alice.me, "alice");
	assert.equal(bob.me, "Bob Builder");
	assert.match(alice.session.jid, /^alice@example\.org\/web-/);
	assert.doesNotMatch(alice.body, /logout/);
	await assertTheyTalk(chat, alice.session, bob.session);
});

test("a large session, which Django compresses", { skip }, async () => {
	const visitor = await logIn("alice");
	assert.equal((await visitor.get("/accounts/fill")).body, "full");
	assert.equal((await openChat(visitor)).me, "alice");
});

test("a session without a user, one that is unknown, none", { skip }, async () => {
	const visitor = siteVisitor(chat);
	await visitor.get("/accounts/fill");
	assert.ok(visitor.jar.cookies.get("sessionid"));
	assert.equal((await openChat(visitor)).status, 303);
	visitor.jar.cookies.set("sessionid", "0123456789abcdefghijklmnopqrstuv");
	assert.equal((await openChat(visitor)).status, 303);
	visitor.jar.cookies.delete("sessionid");
	assert.equal((await openChat(visitor)).status, 303);
});

test("log out of Django: nobody in the chat", { skip }, async () => {
	const visitor = await logIn("alice");
	const cookie = visitor.jar.cookies.get("sessionid");
	await visitor.get("/accounts/logout/");
	visitor.jar.cookies.set("sessionid", cookie);
	assert.equal((await openChat(visitor)).status, 303);
});

test("a session that is over by its expire_date", { skip }, async () => {
	const visitor = await logIn("alice");
	await runSql(place, database(), "UPDATE django_session SET expire_date = '2020-01-01 00:00:00.000000'");
	assert.equal((await openChat(visitor)).status, 303);
});

test("a session that was tampered with is refused, and said so", { skip }, async () => {
	const visitor = await logIn("alice");
	const sid = visitor.jar.cookies.get("sessionid");
	await runSql(place, database(), `UPDATE django_session SET session_data = substr(session_data, 1, 20)
		|| CASE substr(session_data, 21, 1) WHEN 'x' THEN 'y' ELSE 'x' END || substr(session_data, 22) WHERE session_key = '${sid}'`);
	const page = await openChat(visitor);
	assert.equal(page.status, 401, "a page that says so, and no redirect");
	assert.match(page.body, /<code>sessionid<\/code>/);
	await until("the log to say so", () => /identity_refused.*the signature of session_data is wrong/.test(chat.prebind.child.stderr));
});

test("Django's passwords at our own form: django-login.sql", { skip }, async () => {
	await chat.prebind.ctlOk(["--site", "passwords", "migrate"]);
	const visitor = () => new Visitor((request) => httpRequest({ port: chat.webPort, ...request, headers: { ...request.headers, Host: PASSWORDS } }));
	const bob = visitor();
	assert.equal((await bob.login("bob", `${USERS.bob}x`, "/chat/login")).status, 401);
	assert.equal((await bob.login("bob", USERS.bob, "/chat/login")).status, 303);
	// the page as somebody's link shows it: who it is for, without a session at the XMPP server
	const look = () => bob.get("/chat/", { ...NAVIGATION, "Sec-Fetch-Site": "cross-site" });
	assert.match((await look()).body, /<span id="me">Bob Builder</);
	await manage(["shell"], 'from django.contrib.auth.models import User; User.objects.filter(username="bob").update(is_active=False)\n');
	assert.equal((await look()).status, 303);
	assert.equal((await visitor().login("bob", USERS.bob, "/chat/login")).status, 401);
	await manage(["shell"], 'from django.contrib.auth.models import User; User.objects.filter(username="bob").update(is_active=True)\n');
});

test("another password, or a user who was switched off: the old sessions are over", { skip }, async () => {
	const visitor = await logIn("alice");
	assert.equal((await openChat(visitor)).me, "alice");
	await manage(["shell"], 'from django.contrib.auth.models import User; User.objects.filter(username="alice").update(is_active=False)\n');
	assert.equal((await openChat(visitor)).status, 303);
	await manage(["shell"], 'from django.contrib.auth.models import User; User.objects.filter(username="alice").update(is_active=True)\n');
	assert.equal((await openChat(visitor)).me, "alice");
	await manage(["shell"], 'from django.contrib.auth.models import User; u = User.objects.get(username="alice"); u.set_password("another"); u.save()\n');
	assert.equal((await openChat(visitor)).status, 303);
	assert.equal((await visitor.get("/accounts/me")).body, "nobody"); // as Django sees it
});

test("prebindctl check finds everything in order", { skip }, async () => {
	await runSql(place, database(), "DELETE FROM django_session"); // a test above has broken one
	await logIn("bob");
	const { code, stdout } = await chat.prebind.ctl(["--site", "default", "check", "--deep"]);
	assert.equal(code, 0, stdout);
	assert.match(stdout, /site_session: the cookie sessionid is looked up in .*db\.sqlite3 with the query in .*django\.sql/);
	assert.match(stdout, /; the newest 1 session can be read/);
});

/** A session as Django with these settings stores it, in place of all others; its cookie. */
async function onlySession(settingsOfIt, engine = "db") {
	const lines = ["from django.test.utils import override_settings", "from django.contrib.sessions.models import Session", "from importlib import import_module",
		"Session.objects.all().delete()", `store = import_module("django.contrib.sessions.backends.${engine}").SessionStore`,
		`with override_settings(${settingsOfIt}):`, "\ts = store()", '\ts["_auth_user_id"] = "1"; s["_auth_user_hash"] = "x"', "\ts.save()", "\tprint(s.session_key)", "", ""];
	return (await manage(["shell"], lines.join("\n"))).trim();
}

for (const [what, settingsOfIt, engine, status, says] of [
	["another key", 'SECRET_KEY="another"', "db", "FAIL", /the signature of session_data is wrong.*site_secret_file/],
	["a pickle", 'SESSION_SERIALIZER="django.contrib.sessions.serializers.PickleSerializer"', "db", "FAIL", /pickle.*SESSION_SERIALIZER/],
	["JSON", "", "db", "ok", /the newest 1 session can be read/],
	["the engine cached_db", "", "cached_db", "ok", /the newest 1 session can be read/],
	["the engine file", 'SESSION_FILE_PATH="/tmp"', "file", "ok", /contains no current session.*SESSION_ENGINE/],
	["the engine cache", "", "cache", "ok", /contains no current session.*SESSION_ENGINE/],
])
	test(`prebindctl check says what Django has left: ${what}`, { skip }, async () => {
		const sid = await onlySession(settingsOfIt, engine);
		if (engine === "file")
			fs.unlinkSync(`/tmp/sessionid${sid}`);
		const { stdout } = await chat.prebind.ctl(["--site", "default", "check"]);
		const line = stdout.split("\n").find((text) => text.includes("site_session: "));
		assert.ok(line.startsWith(status), stdout);
		assert.match(line, says);
	});

test("the engine signed_cookies: the page refuses, and the log names it", { skip }, async () => {
	const visitor = siteVisitor(chat);
	visitor.jar.cookies.set("sessionid", await onlySession("", "signed_cookies"));
	assert.equal((await openChat(visitor)).status, 401);
	await until("the log to say so", () => /identity_refused.*signed_cookies\) instead of a session id; set SESSION_ENGINE/.test(chat.prebind.child.stderr));
});
