/*
 * Starts a site in PHP (php-fpm) that has the chat on /chat, behind Apache and lighttpd at the same
 * time: both web servers lead to the same PHP and the same program. Tigase is a peer.
 */
import fs from "node:fs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";
import { apacheFastcgi } from "./apache.mjs";
import { httpRequest, Visitor } from "./http.mjs";
import { lighttpdFastcgi } from "./lighttpd.mjs";
import { Prebind } from "./prebind.mjs";
import { accepts, freePorts } from "./wait.mjs";

const FPM = "/usr/sbin/php-fpm8.2";
export const WEB_SERVERS = ["apache", "lighttpd"];

/** False, or why a test cannot run here: the program's folder is missing. */
export const skipWithout = (folder) => !(fs.existsSync(folder) && fs.existsSync(FPM)) && `needs ${folder} and php8.2-fpm`;

async function startPhp(place, { env = {}, php = {} }) {
	const socket = `${place.folder("php")}/fpm.sock`;
	const conf = place.write("etc/php-fpm.conf", ["[global]", `error_log = ${place.path("php", "fpm.log")}`, "daemonize = no",
		"[www]", `listen = ${socket}`, "pm = static", "pm.max_children = 4", "catch_workers_output = yes",
		...Object.entries({ ...env }).map(([name, value]) => `env[${name}] = "${value}"`),
		...Object.entries({ "session.save_path": place.folder("php/sessions"), ...php }).map(([name, value]) => `php_value[${name}] = "${value}"`), ""].join("\n"));
	await place.startUntil("php-fpm", [FPM, "--nodaemonize", "--fpm-config", conf], () => accepts(socket));
	return socket;
}

const apacheText = ({ mount, folder }, socket) => `Alias ${mount} "${folder}"
<Directory "${folder}">
    Require all granted
    DirectoryIndex index.php
</Directory>
<FilesMatch "\\.php$">
    SetHandler "proxy:unix:${socket}|fcgi://localhost/"
</FilesMatch>
`;

const lighttpdText = ({ mount, folder }, socket) => `alias.url += ("${mount}/" => "${folder}/")
index-file.names = ("index.php")
$HTTP["url"] !~ "^/chat($|/)" { fastcgi.server = (".php" => (("socket" => "${socket}"))) }
`;

export class PhpSite {
	/**
	 * Starts the parts that need no keys of prebind: PHP, and free ports.
	 * @param {import('./place.mjs').Place} place
	 * @param {{ mount: string, folder: string, env?: Record<string, string>, php?: Record<string, string> }} software
	 *   folder: its PHP files, shown at mount; env, php: environment and settings of PHP
	 */
	static async start(place, software) {
		const site = Object.assign(new PhpSite(), { place, software });
		const [apache, lighttpd] = await freePorts(2);
		site.ports = { apache, lighttpd };
		site.socket = await startPhp(place, software);
		return site;
	}

	/** Starts the program with these keys, and the web servers. */
	async openChat(keys) {
		const peer = await startTigasePeer({ place: this.place });
		this.prebind = new Prebind(this.place, { site: { ...peer.site(this.place), hosts: "127.0.0.1", base_path: "/chat", jid: "{user|safe}@example.test", ...keys } });
		await this.prebind.prepare();
		await this.prebind.start();
		const common = { socket: this.prebind.socket, boshPort: 1 };
		await apacheFastcgi(this.place, { ...common, port: this.ports.apache, snippets: [apacheText(this.software, this.socket)], modules: ["proxy_fcgi"] });
		await lighttpdFastcgi(this.place, { ...common, port: this.ports.lighttpd, snippets: [lighttpdText(this.software, this.socket)] });
	}

	/** A browser at one of the web servers. */
	visitor(web) {
		return new Visitor(({ headers, ...request }) => httpRequest({ port: this.ports[web], ...request, headers: { "User-Agent": "a browser", ...headers } }));
	}
}
