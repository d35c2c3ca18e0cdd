// The examples for provider site_http (docs/examples/whoami*), each in a real site: log in there, be recognised in the chat; log
// out there, be nobody; and while the site is slow or down, a 503 and nobody else.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { httpRequest, NAVIGATION, Visitor } from "../lib/http.mjs";
import { freeze } from "../lib/children.mjs";
import { Place, top } from "../lib/place.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { accepts, freePorts, until } from "../lib/wait.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const PHP = "/usr/bin/php8.2";
const PYTHON = "/usr/bin/python3"; // the one that Debian's packages belong to
const php = (site) => ({ port, file }) => [PHP, "-d", `session.save_path=${path.dirname(file)}/sessions`, "-S", `127.0.0.1:${port}`, `${file}/${site}`];

/** @type {Record<string, { example: string, needs: string, command: Function, cookies: string, shown?: string, keeps?: boolean }>} */
const SITES = {
	php: { example: "whoami.php", needs: PHP, command: php("plain.php"), cookies: "PHPSESSID", shown: "Alice of PHP" },
	symfony: { example: "whoami_symfony.php", needs: "/usr/share/php/Symfony/Component/Security/Http/autoload.php", command: php("symfony.php"),
		cookies: "SYMFONY", shown: "alice" },
	laravel: { example: "whoami_laravel.php", needs: "/usr/share/php/Illuminate/Config/autoload.php", command: php("laravel.php"),
		cookies: "laravel_session", shown: "Alice of Laravel" },
	express: { example: "whoami.mjs", needs: path.join(top, "node_modules/express-session"), command: ({ file }) => [process.execPath, `${file}/express.mjs`],
		cookies: "connect.sid", shown: "Alice of Express" },
	flask: { example: "whoami_flask.py", needs: "/usr/lib/python3/dist-packages/flask", command: ({ file }) => [PYTHON, `${file}/flask_site.py`],
		cookies: "session", shown: "Alice of Flask" },
	django: { example: "whoami_django.py", needs: "/usr/lib/python3/dist-packages/django", command: ({ file }) => [PYTHON, `${file}/django_site.py`],
		cookies: "sessionid", shown: "Alice of Django" },
	rack: { example: "whoami.rb", needs: "/usr/bin/rackup", command: ({ port, file }) => ["/usr/bin/rackup", "-s", "webrick", "-o", "127.0.0.1", "-p", `${port}`, `${file}/rack.ru`],
		cookies: "rack.session", shown: "Alice of Rack" },
};
const skip = (name) => !fs.existsSync(SITES[name].needs) && `needs ${SITES[name].needs}`;
const host = (name) => `${name}.example.org`;

let place, prebind;
const running = {}; // by name: its port and its process

before(async () => {
	place = new Place();
	const peer = await startTigasePeer({ place });
	const names = Object.keys(SITES).filter((name) => !skip(name));
	const ports = await freePorts(names.length);
	const sites = {};
	for (const [i, name] of names.entries()) {
		running[name] = { port: ports[i] };
		sites[name] = { ...peer.site(place), hosts: host(name), identity: "site_http", site_http_cookies: SITES[name].cookies, site_http_cache: "0",
			site_http_url: `http://127.0.0.1:${ports[i]}/whoami`, jid: "{user}@example.test", timeout: "2s" };
	}
	prebind = new Prebind(place, { site: { ...peer.site(place), hosts: "example.org" }, sites });
	await prebind.prepare();
	await prebind.start();
	await Promise.all(names.map(start));
});
after(() => place.close({ logs: true }));

/** Starts the site, with its own folder and the example as it is in the manual. */
async function start(name) {
	const { port } = running[name];
	const folder = place.folder(`${name}/sessions`);
	const env = { PORT: `${port}`, SESSIONS: folder, EXAMPLE: place.copy(`docs/examples/${SITES[name].example}`, `${name}/${SITES[name].example}`),
		PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" };
	const file = place.copy("tests/servers/sites", `${name}/site`);
	if (name === "express") // a module is found from its file's folder upwards
		fs.existsSync(place.path(name, "node_modules")) || fs.symlinkSync(path.join(top, "node_modules"), place.path(name, "node_modules"));
	running[name].child = await place.startUntil(name, SITES[name].command({ port, file }), () => accepts(port), { env });
}

function siteVisitor(name) {
	return new Visitor((request) => httpRequest({ port: running[name].port, ...request, headers: { ...request.headers, Host: host(name) } }));
}

/** What the chat says to a browser with these cookies; NOISE is a cookie of another program. */
async function chat(name, cookies) {
	const page = await prebind.request({ path: "/", params: { HTTP_HOST: host(name) },
		headers: { ...NAVIGATION, "Sec-Fetch-Site": "cross-site", Cookie: `noise=1; ${cookies}` } });
	return { status: page.status, me: /<span id="me">([^<]*)</.exec(page.body)?.[1] ?? null };
}

async function logIn(name) {
	const visitor = siteVisitor(name);
	const answer = await visitor.get("/login?user=alice");
	assert.equal(answer.status, 200, answer.body);
	return visitor;
}
const cookiesOf = (visitor) => visitor.jar.headers.Cookie ?? "";

for (const [name, { example, cookies, shown }] of Object.entries(SITES)) {
	test(`${name}: docs/examples/${example}: recognised, and out after the log-out`, { skip: skip(name) }, async () => {
		const visitor = await logIn(name);
		assert.ok(visitor.jar.cookies.has(cookies), cookiesOf(visitor));
		assert.deepEqual(await chat(name, cookiesOf(visitor)), { status: 200, me: shown });
		await visitor.get("/logout");
		assert.deepEqual(await chat(name, cookiesOf(visitor)), { status: 401, me: null });
	});

	test(`${name}: without a login, with a cookie that is not the site's, and check`, { skip: skip(name) }, async () => {
		for (const value of ["", "x", "0123456789abcdef0123456789abcdef", "s%3Ax.y"])
			assert.deepEqual(await chat(name, `${cookies}=${value}`), { status: 401, me: null }, value);
		const { stdout } = await prebind.ctl(["--site", name, "check"]);
		assert.match(stdout, /^ok .*site_http: .*a test without a cookie correctly finds no user at \S+;/m);
	});

	test(`${name}: slow: 503 in time; down: 503; up again: recognised`, { skip: skip(name) }, async () => {
		const visitor = await logIn(name);
		await freeze([running[name].child.pid]);
		try {
			assert.deepEqual(await chat(name, cookiesOf(visitor)), { status: 503, me: null });
		} finally {
			running[name].child.process.kill("SIGCONT");
		}
		await until("the site to answer again", async () => (await chat(name, cookiesOf(visitor))).me === shown);
		await running[name].child.stop("SIGKILL");
		await until("its port to be closed", async () => !(await accepts(running[name].port)));
		assert.deepEqual(await chat(name, cookiesOf(visitor)), { status: 503, me: null });
	});
}
