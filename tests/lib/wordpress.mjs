/*
 * Installs Debian's WordPress in a place: a copy of its files, a database of its own, PHP behind a
 * FastCGI socket, which a web server needs. WordPress's own installer fills the tables.
 */
import assert from "node:assert/strict";
import { formText } from "./http.mjs";
import { accepts } from "./wait.mjs";

const SOURCE = "/usr/share/wordpress";
const PASSWORD = "admin's pass phrase";
const KEYS = ["AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"];

// Debian's package has no theme.
const THEME = { "style.css": "/* Theme Name: Test */", "index.php": `<!doctype html><html <?php language_attributes(); ?>><head><title>Site</title>
<link rel="icon" href="data:,"><?php wp_head(); ?></head><body><h1>Hello</h1><p id="who"><?php echo esc_html(wp_get_current_user()->user_login); ?></p><?php wp_footer(); ?></body></html>` };

export class Wordpress {
	host = "127.0.0.1"; // that WordPress sees where no web server calls it

	/**
	 * Makes the files and the database, and starts PHP.
	 * @param {import('./place.mjs').Place} place
	 * @param {import('./mariadb.mjs').Mariadb} mariadb
	 */
	static async start(place, mariadb) {
		const made = Object.assign(new Wordpress(), { place, mariadb, socket: place.path("php.sock"), root: place.folder("htdocs", 0o755) });
		// its scripts and pictures are most of its bytes, and no test needs them
		const copied = await place.run(["sh", "-c", `tar -C ${SOURCE} -ch --exclude=./wp-content --exclude='*.js' --exclude='*.png' --exclude='*.svg' . | tar -x -C ${made.root}`]);
		assert.equal(copied.code, 0, copied.stderr);
		for (const [name, text] of Object.entries(THEME))
			made.write(`wp-content/themes/test/${name}`, text);
		made.config = made.write("wp-config.php", made.configText(), 0o640);
		await mariadb.sql("CREATE DATABASE wordpress CHARACTER SET utf8mb4; CREATE USER wordpress@localhost IDENTIFIED BY 'secret'; GRANT ALL ON wordpress.* TO wordpress@localhost");
		await place.startUntil("php-cgi", ["php-cgi", "-b", made.socket], () => accepts(made.socket),
			{ env: { PHP_FCGI_CHILDREN: "3", PHP_FCGI_MAX_REQUESTS: "0" } });
		return made;
	}

	/** Writes a file of the site. */
	write(name, text, mode = 0o644) {
		return this.place.write(`htdocs/${name}`, text, mode);
	}

	/** As wp-config-sample.php; nothing asks the network. */
	configText() {
		const defined = { DB_NAME: "wordpress", DB_USER: "wordpress", DB_PASSWORD: "secret", DB_HOST: `localhost:${this.mariadb.socket}`, DB_CHARSET: "utf8mb4", DB_COLLATE: "",
			WP_DEFAULT_THEME: "test", ...Object.fromEntries(KEYS.map((name) => [name, `${name}: 'quoted' \\ "x" ${"$"}y |{`])) };
		const quoted = (text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
		return `<?php\n${Object.entries(defined).map(([name, value]) => `define( '${name}', ${quoted(value)} );\n`).join("")}
foreach (['DISABLE_WP_CRON', 'WP_HTTP_BLOCK_EXTERNAL', 'AUTOMATIC_UPDATER_DISABLED'] as $name) define($name, true);
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
`;
	}

	/**
	 * WordPress's own installer. It would send the administrator a mail.
	 * @param {string} address of the site
	 */
	install(address) {
		return this.php(`define('WP_INSTALLING', true); function wp_mail() { return true; } require '${this.root}/wp-load.php';
			require ABSPATH . 'wp-admin/includes/upgrade.php'; wp_install('Site', 'admin', 'admin@example.org', false, '', ${JSON.stringify(PASSWORD)});
			foreach (['siteurl', 'home'] as $name) update_option($name, '${address}');`);
	}

	/**
	 * Makes a network of the installed site, with a second site at /second/, as WordPress's page "Network Setup" does. That page
	 * refuses a port other than 80, which the functions behind it do not.
	 * @param {string} host of the site, with its port
	 */
	async makeNetwork(host) {
		await this.php(`require '${this.root}/wp-load.php'; require ABSPATH . 'wp-admin/includes/upgrade.php';
			foreach ($wpdb->tables('ms_global') as $table => $name) $wpdb->$table = $name;
			install_network(); $made = populate_network(1, '${host}', 'admin@example.org', 'Sites', '/', false);
			if (is_wp_error($made)) exit($made->get_error_message());`);
		const defined = { MULTISITE: "true", SUBDOMAIN_INSTALL: "false", DOMAIN_CURRENT_SITE: `'${host}'`, PATH_CURRENT_SITE: "'/'", SITE_ID_CURRENT_SITE: "1", BLOG_ID_CURRENT_SITE: "1" };
		this.write("wp-config.php", this.configText().replace("<?php", `<?php\n${Object.entries(defined).map(([name, value]) => `define('${name}', ${value});`).join("\n")}`), 0o640);
		this.host = host;
		await this.php(`require '${this.root}/wp-load.php'; $id = wpmu_create_blog('${host}', '/second/', 'Second', 1);
			if (is_wp_error($id)) exit($id->get_error_message());
			$wpdb->update($wpdb->blogs, ['domain' => '${host}'], ['blog_id' => $id]); // its colon is lost
			foreach (['siteurl', 'home'] as $name) update_blog_option($id, $name, 'http://${host}/second');`);
	}

	/** Runs PHP in WordPress; returns what it prints. */
	async php(code) {
		const { code: exit, stdout, stderr } = await this.place.run(["php", "-r", `$_SERVER["HTTP_HOST"] = "${this.host}"; ${code}`]);
		assert.equal(exit, 0, stdout + stderr);
		return stdout;
	}

	/**
	 * The passwords get slashes, as from a form.
	 * @param {Record<string, string>} users name to password
	 */
	addUsers(users) {
		const values = Buffer.from(JSON.stringify(users)).toString("base64");
		return this.php(`require '${this.root}/wp-load.php'; foreach (json_decode(base64_decode('${values}'), true) as $name => $password)
			{ $id = wp_insert_user(['user_login' => $name, 'user_pass' => wp_slash($password), 'user_email' => md5($name) . '@example.org', 'display_name' => "$name of WordPress"]);
			if (is_wp_error($id)) exit($id->get_error_message()); }`);
	}
}

/** What Apache needs in its main file. */
export const apachePart = (site) => `<Directory "${site.root}">
    Require all granted
    DirectoryIndex index.php
    <FilesMatch "\\.php$">
        SetHandler "proxy:unix:${site.socket}|fcgi://localhost/"
    </FilesMatch>
</Directory>
ProxyFCGIBackendType GENERIC`;

/** What a network in folders needs besides, from WordPress's document. */
export const NETWORK_RULES = `RewriteEngine On
RewriteRule "^/([_0-9a-zA-Z-]+)/(wp-(content|admin|includes).*|.*\\.php)$" "/$2"`;

/** What lighttpd needs. */
export const lighttpdPart = (site) => `index-file.names = ("index.php")
$HTTP["url"] =~ "\\.php($|/)|/$" { fastcgi.server = (".php" => (("socket" => "${site.socket}"))) }`;

// ---- what a user does at the site, with the forms of its pages ----

export async function logIn(visitor, user, password, at = "") {
	const answer = await visitor.post(`${at}/wp-login.php`, { log: user, pwd: password, "wp-submit": "Log In" });
	assert.equal(answer.status, 302, answer.body);
	return answer;
}

export async function logOut(visitor, at = "") {
	const asked = await visitor.get(`${at}/wp-login.php?action=logout`);
	const link = /href="[^"]*?((?:\/second)?\/wp-login\.php\?action=logout[^"]*_wpnonce=[^"]*)"/.exec(asked.body)?.[1];
	assert.ok(link, asked.body);
	const answer = await visitor.get(link.replaceAll("&#038;", "&").replaceAll("&amp;", "&"));
	assert.equal(answer.status, 302, answer.body);
}

/** With the form of the user's profile. */
export async function changePassword(visitor, password, at = "") {
	const page = await visitor.get(`${at}/wp-admin/profile.php`);
	assert.equal(page.status, 200, page.body);
	const fields = Object.fromEntries([...page.body.matchAll(/<input\b[^>]*>/g)].map(([tag]) => [/\bname="([^"]*)"/.exec(tag)?.[1], /\bvalue="([^"]*)"/.exec(tag)?.[1] ?? ""])
		.filter(([name]) => ["_wpnonce", "_wp_http_referer", "from", "checkuser_id", "nickname", "email", "user_id", "action"].includes(name)));
	const answer = await visitor.request("POST", `${at}/wp-admin/profile.php`, { headers: { "Content-Type": "application/x-www-form-urlencoded" },
		body: formText({ ...fields, action: "update", pass1: password, pass2: password }) });
	assert.equal(answer.status, 302, answer.body.slice(-2000));
}
