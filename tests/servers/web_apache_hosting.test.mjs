// Apache on shared hosting: a folder, .htaccess, and no more.
import assert from "node:assert/strict";
import * as runner from "node:test";
import { docSnippet } from "../lib/docs.mjs";
import { httpRequest, NAVIGATION } from "../lib/http.mjs";
import { noNamespace } from "../lib/namespace.mjs";
import { build } from "../lib/prebind.mjs";
import { matrix } from "./web_matrix.mjs";
import { assertPrivate, HTPASSWD } from "./web_stand.mjs";

const DOC = "docs/apache.md";
const HOME = "/var/www/you"; // of a customer: Debian's suEXEC runs nothing elsewhere

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
	await ns.sh(`cat >> ${file}`, docSnippet(DOC, "hosting_user"));
	await ns.write(`${HOME}/etc/users.htpasswd`, HTPASSWD, { owner: "you:you" });
	await ns.sh(`chmod 711 ${HOME}/etc`);
}

const HOSTING = {
	name: "shared hosting, .htaccess alone", server: "apache2", user: "you", kept: false, bosh: false, program: "chat",
	staticFolder: `${HOME}/public_html/chat-static`, basic: basicHosting, install: installHosting,
};

const standOf = matrix(runner, [HOSTING]);

runner.test("shared hosting, nothing but the web site's folder", { skip: noNamespace }, async () => {
	const { ns } = standOf(HOSTING);
	await ns.sh(`cd ${HOME}/public_html
		install -d -o you -g you cgi etc
		mv chat chat-static cgi/
		cp ../etc/prebind.conf etc/ && chown you:you etc/prebind.conf
		rm .htaccess && cp /usr/local/share/prebind/apache/htaccess cgi/.htaccess
		echo 'Require all denied' > etc/.htaccess`);
	const get = (path) => httpRequest({ socketPath: ns.web, path, headers: { Host: "login-json.example.org", ...NAVIGATION } });
	assert.equal((await get("/cgi/chat/")).headers.location, "/cgi/chat/login?next=%2Fcgi%2Fchat%2F");
	assert.equal((await get("/cgi/chat/static/prebind.js")).headers["cache-control"], "public, max-age=3600");
	assert.equal((await get("/etc/prebind.conf")).status, 403);
	assert.equal((await get("/etc/")).status, 403);
});
