// Apache as shipped: mod_proxy_fcgi, mod_fcgid, plain CGI, suEXEC, and a folder on shared hosting.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import * as runner from "node:test";
import { docSnippet } from "../lib/docs.mjs";
import { SERVER_KEYS } from "../lib/namespace.mjs";
import { top } from "../lib/place.mjs";
import { build } from "../lib/prebind.mjs";
import { follow, HTPASSWD, installServer, matrix } from "./web_matrix.mjs";

const DOC = "docs/apache.md";
const HOME = "/var/www/you"; // of a customer: Debian's suEXEC runs nothing elsewhere

/** The stanza of docs/identity.md, unchanged. */
async function basic({ ns }) {
	await ns.write("/etc/apache2/users.htpasswd", HTPASSWD, { mode: 0o640, owner: "root:www-data" });
	await ns.write("/etc/apache2/conf-enabled/users.conf", docSnippet("docs/identity.md", "remote_user_apache"));
}

async function installAsWebServer(stand, name) {
	await stand.configure({ user: "www-data" });
	await stand.publish("/var/www/html");
	await follow(stand, DOC, name);
}

/** What suEXEC is for: it is another user's, and the web server cannot read it. */
async function assertPrivate(ns, file) {
	await assert.rejects(ns.sh(`setpriv --reuid=www-data --regid=www-data --clear-groups cat '${file}'`), /Permission denied/);
}

async function installSuexec(stand) {
	await stand.publish("/var/www/html");
	await follow(stand, DOC, "suexec");
	await stand.configure({ etc: "/var/www/prebind/etc", data: "/var/www/prebind/data", user: "prebind" });
	await assertPrivate(stand.ns, "/var/www/prebind/etc/prebind.conf");
}

/** What the host does, and no customer can: the account, its web site, CGI programs run as that account. */
const HOST = `<VirtualHost *:80>
    DocumentRoot ${HOME}/public_html
    SuexecUserGroup you you
    <Directory ${HOME}/public_html>
        AllowOverride All
    </Directory>
</VirtualHost>
`;

async function installHosting(stand) {
	const { ns } = stand;
	await ns.write("/etc/apache2/sites-available/000-default.conf", HOST);
	await ns.sh(`a2enmod -q suexec cgid rewrite headers
		adduser --quiet --system --group --home ${HOME} you
		install -d -o you -g you ${HOME}/public_html`);
	// the customer, in the folder where the program was built
	await ns.sh(`cd ${HOME} && ln -s '${build}' build`);
	await ns.follow(`cd ${HOME}\n${docSnippet(DOC, "hosting")}`);
	await ns.sh(`cd ${HOME} && rm build && chown -R you:you . && chmod 755 .`);
	await stand.configure({ etc: `${HOME}/etc`, data: `${HOME}/data`, user: "you", templates: `${HOME}/prebind/templates` });
	await stand.publish(`${HOME}/public_html`);
	await assertPrivate(ns, `${HOME}/etc/prebind.conf`);
}

async function basicHosting({ ns }) {
	const file = `${HOME}/public_html/.htaccess`;
	fs.appendFileSync(ns.path(file), docSnippet(DOC, "hosting_user"));
	await ns.write(`${HOME}/etc/users.htpasswd`, HTPASSWD, { owner: "you:you" });
	await ns.sh(`chmod 711 ${HOME}/etc`);
}

matrix(runner, [
	{
		name: "mod_proxy_fcgi", server: "apache2", user: "prebind", kept: true, socket: true, keys: SERVER_KEYS, basePath: "/chat", basic,
		async install(stand) {
			await installServer(stand);
			await follow(stand, DOC, "fastcgi");
		},
	},
	{ name: "mod_fcgid", server: "apache2", user: "www-data", kept: true, keys: { threads: 1 }, basic, install: (stand) => installAsWebServer(stand, "fcgid") },
	{ name: "mod_cgid", server: "apache2", user: "www-data", kept: false, basic, install: (stand) => installAsWebServer(stand, "cgi") },
	{ name: "suEXEC", server: "apache2", user: "prebind", kept: false, basic, install: installSuexec },
	{
		name: "shared hosting, .htaccess alone", server: "apache2", user: "you", kept: false, bosh: false, program: "chat", staticFolder: `${HOME}/public_html/chat-static`,
		basic: basicHosting, install: installHosting,
	},
]);

runner.test("long polls have 150 s in every file, and pages 15 s where the program is a server", () => {
	const files = fs.readdirSync(path.join(top, "apache")).filter((name) => name.endsWith(".conf"));
	assert.equal(files.length, 4);
	for (const name of files) {
		const text = fs.readFileSync(path.join(top, "apache", name), "utf8");
		assert.match(text, /^ProxyPass \/http-bind \$\{prebind_bosh\} timeout=150$/m, name);
	}
	assert.match(fs.readFileSync(path.join(top, "apache/prebind.conf"), "utf8"), /disablereuse=on timeout=15$/m);
});
