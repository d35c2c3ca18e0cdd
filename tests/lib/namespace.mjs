/*
 * A separate system for one web server: Debian as it is installed here. Tests can change everything
 * in it, and the changes do not last. So they can use the paths in the shipped files, the commands
 * in the documents, and port 80.
 *
 * It has a private mount namespace, where /etc, /srv, /usr/local, /var and /run can be written, and a
 * private network with only loopback. Both end with their last process; nothing is written to the
 * machine itself. Root gets overlays. An ordinary user also gets a user namespace with the ids of
 * /etc/subuid, and copies instead of overlays, because root's own files still belong to root there.
 * Relays over UNIX sockets in the place connect the private network with the outside, because a
 * UNIX socket is a file and belongs to no network.
 */
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { httpRequest } from "./http.mjs";
import { relay } from "./namespace_relay.mjs";
import { Child, top } from "./place.mjs";
import { build } from "./prebind.mjs";
import { accepts, until } from "./wait.mjs";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const STUBS = "/run/stubs"; // programs that a document's commands call and a test does not need
const RELAY = fileURLToPath(new URL("namespace_relay.mjs", import.meta.url));

const ROOT = process.getuid() === 0;

/** For `skip` of a test: why a namespace is impossible here, or false. */
export const noNamespace = !ROOT && spawnSync("unshare", ["--user", "--map-root-user", "--map-auto", "true"]).status !== 0
	&& "needs root, or a user with ids in /etc/subuid who may make user namespaces";

/** The [server] keys of a FastCGI server, as the README shows them. */
export const SERVER_KEYS = { listen: "/run/prebind/prebind.sock", user: "prebind", peer_users: "www-data" };

/** Debian's web servers, each with Debian's main configuration. */
const WEB_SERVERS = {
	apache2: {
		argv: ["sh", "-c", "APACHE_CONFDIR=/etc/apache2; . /etc/apache2/envvars; " // as `apache2ctl start`
			+ "install -d -o www-data $APACHE_RUN_DIR/socks $APACHE_LOCK_DIR; exec apache2 -D FOREGROUND"],
		log: "/var/log/apache2/error.log",
	},
	lighttpd: { argv: ["lighttpd", "-D", "-f", "/etc/lighttpd/lighttpd.conf"], log: "/var/log/lighttpd/error.log" },
	nginx: { argv: ["nginx", "-g", "daemon off;"], log: "/var/log/nginx/error.log" },
};

/** A script for root: makes the writable folders of the namespace, in the folder $1. */
const OVERLAYS = `
# What is mounted here stays here. In a chroot / is no mount, but what it lies in is, at the namespace's own root.
mount --make-rprivate / 2>/dev/null || nsenter --mount=/proc/self/ns/mnt mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$1"
for folder in etc usr/local var; do
	mkdir -p "$1/$folder/upper" "$1/$folder/work"
	mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$1/$folder/upper,workdir=$1/$folder/work" "/$folder"
	[ "$(stat -f -c %T "/$folder")" = overlayfs ]
done
rm -rf /etc/prebind /var/lib/prebind # in the overlays alone: of a prebind that is installed on this machine
`;

/** The same script for an ordinary user. */
const COPIES = `
mount -t tmpfs -o mode=755 tmpfs "$1"
copy() { # what may not be read stays behind
	cp -dR --preserve=mode "$@" 2>/dev/null || true
}
mkdir -p "$1/etc" "$1/var/cache" "$1/var/lib" "$1/var/log" "$1/local" "$1/before"
copy /etc/. "$1/etc"
rm -rf "$1/etc/prebind"
copy /var/www "$1/var"
copy /var/cache/lighttpd "$1/var/cache"
copy /var/lib/apache2 /var/lib/nginx "$1/var/lib"
chown -R www-data:www-data "$1/var/cache/lighttpd" "$1/var/lib/apache2/fcgid"
ln -s /run "$1/var/run"
mount --rbind /usr/local "$1/before"
for folder in "$1/before"/*; do
	mkdir "$1/local/\${folder##*/}"
	ln -s "$folder"/* "$1/local/\${folder##*/}/"
done
for folder in share/man share/prebind lib/prebind lib/systemd; do
	rm -f "$1/local/$folder" # where make install writes
done
copy /usr/lib/apache2/suexec-pristine "$1/suexec"
chown root:www-data "$1/suexec"
chmod 4754 "$1/suexec"
mount --bind "$1/suexec" /usr/lib/apache2/suexec-pristine
mount --bind "$1/local" /usr/local
mount --bind "$1/var" /var
mount --bind "$1/etc" /etc
`;

/** The script that sets up the namespace from inside, and then waits until its input ends. */
const SETUP = `
set -eu
${ROOT ? OVERLAYS : COPIES}
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /srv # empty: the sites of this machine stay out of sight, and whole
mkdir /run/lock
mkdir -p "$(readlink -m /dev/shm)" /run/place
mount --rbind "$2" /run/place
mount -t tmpfs -o mode=1777 tmpfs /dev/shm # Apache names what it shares there by paths, which are the same in every namespace
mkdir -p "$2" # the place may lie there
mount --move /run/place "$2"
rmdir /run/place
mount -t tmpfs -o mode=755 tmpfs /var/log
install -d -o www-data -g www-data -m 750 /run/lighttpd
mkdir -m 750 /var/log/apache2 /var/log/lighttpd /var/log/nginx
chown www-data:www-data /var/log/lighttpd
mkdir /run/stubs
for name in sudoedit systemctl apt-get; do
	ln -s /bin/true "/run/stubs/$name"
done
printf '#!/bin/sh\\nexec "$@"\\n' >/run/stubs/sudo
chmod 755 /run/stubs/sudo
ip link set lo up
echo ready
exec cat
`;

export class Namespace {
	/**
	 * @param {import('./place.mjs').Place} place
	 * @param {string} name of a folder in the place
	 */
	constructor(place, name) {
		this.place = place;
		this.name = name;
	}

	/** @returns {Promise<Namespace>} a namespace with the program installed */
	static async open(place, name) {
		const ns = new Namespace(place, name);
		const layers = place.folder(path.join(name, "layers"), 0o755);
		const user = ROOT ? ["--propagation", "unchanged"] : ["--user", "--map-root-user", "--map-auto"];
		const argv = ["unshare", ...user, "--mount", "--net", "--ipc", "--", "sh", "-c", SETUP, "sh", layers, place.dir];
		ns.holder = ns.spawn("namespace", argv, { stdio: ["pipe", "pipe", "pipe"] });
		await until("a namespace", () => ns.holder.stdout.includes("ready"), { seconds: 30, gone: () => ns.holder.gone() });
		// -o: installs the programs as they are; a test builds nothing
		await ns.sh(`cd '${top}' && make -s -o all -o vendor BUILD='${build}' install`);
		return ns;
	}

	spawn(name, argv, { stdio = ["ignore", "pipe", "pipe"], env = {} } = {}) {
		const [program, ...args] = ["setpriv", "--pdeathsig", "TERM", "--", ...argv];
		const child = new Child(name, spawn(program, args, { cwd: "/", env: { PATH, ...env }, stdio: /** @type {any} */ (stdio) }));
		this.place.children.push(child);
		return child;
	}

	/** The path of a file of the namespace, seen from outside. */
	path(file) {
		return `/proc/${this.holder.pid}/root${file}`;
	}

	/** Starts a program inside, as root. */
	start(name, argv, options) {
		return this.spawn(name, ["nsenter", "--target", String(this.holder.pid), ...(ROOT ? [] : ["--user"]),
			"--mount", "--net", "--ipc", "--root", "--wd", "--", ...argv], options);
	}

	/**
	 * Runs a shell script inside, as root, and waits for its end; it must succeed. input: its
	 * standard input
	 */
	async sh(script, input = "") {
		const child = this.start("sh", ["sh", "-euc", script], { stdio: ["pipe", "pipe", "pipe"] });
		child.process.stdin.on("error", () => {}); // it may end without reading
		child.process.stdin.end(input);
		const { code, signal } = await child.end;
		this.place.children.splice(this.place.children.indexOf(child), 1);
		if (code !== 0)
			throw new Error(`${signal ?? code} from ${script}\n${child.log}`);
		return child.stdout;
	}

	/**
	 * The names of the users that the program's processes in this namespace run as, one for each
	 * process.
	 */
	async usersOf(program) {
		const names = await this.sh(`here=$(readlink /proc/self/ns/mnt)
			for status in $(grep -lsx 'Name:.${program}' /proc/[0-9]*/status); do
				[ "$(readlink "\${status%status}ns/mnt")" != "$here" ] ||
					getent passwd "$(awk '/^Uid:/ { print $2 }' "$status")" || true
			done`);
		return names.split("\n").filter(Boolean).map((line) => line.split(":")[0]);
	}

	/**
	 * Runs the commands of a document. Stubs replace the editor, because the shipped values are
	 * correct here; systemd, because the test starts the servers later; and apt-get, because the
	 * packages are installed.
	 * @param {string} commands
	 */
	follow(commands) {
		return this.sh(`PATH=${STUBS}:$PATH\n${commands}`);
	}

	/** Writes a file inside. owner: "user:group". */
	async write(file, content, { mode = 0o644, owner = "root:root" } = {}) {
		const chmod = `chown ${owner} '${file}' && chmod ${mode.toString(8)} '${file}'`;
		await this.sh(`mkdir -p '${path.dirname(file)}' && cat > '${file}' && ${chmod}`, content);
		return file;
	}

	/**
	 * Connects the network with the outside. Each port of `outward` leads from 127.0.0.1 inside to
	 * 127.0.0.1 outside. `this.web` becomes the path of a socket that leads to port 80 inside.
	 * @param {Record<number, number>} outward port inside to port outside
	 */
	async connect(outward) {
		const folder = this.place.folder(this.name);
		const ways = [this.web = path.join(folder, "web.sock"), "80"];
		for (const [inside, outside] of Object.entries(outward)) {
			const socket = path.join(folder, `${inside}.sock`);
			ways.push(inside, socket);
			this.close(await relay(socket, outside));
		}
		await this.until("relay", [process.execPath, RELAY, ...ways], () => accepts(this.web));
	}

	/** Makes a port of 127.0.0.1 outside lead to port 80 inside, for a browser. */
	async expose(port) {
		this.close(await relay(port, this.web));
	}

	/** Closes this relay when the place closes. */
	close(server) {
		this.place.onClose(() => {
			for (const socket of server.sockets)
				socket.destroy();
			return new Promise((resolve) => server.close(resolve));
		});
	}

	/** Starts a program inside and waits until it is ready. */
	async until(name, argv, ready, options) {
		const child = this.start(name, argv, options);
		await until(`${name} to be ready`, ready, { seconds: 30, gone: () => child.gone() });
		return child;
	}

	/** Makes the program's user and its folder in /run, as the README does. */
	makeAccount() {
		return this.sh(`adduser --quiet --system --group --home /var/lib/prebind prebind
			install -d -o prebind -g www-data -m 2750 /run/prebind`);
	}

	/** Starts the program as a FastCGI server, as the README does. */
	startProgram() {
		return this.until("prebind.fcgi", ["/usr/local/lib/prebind/prebind.fcgi"],
			() => this.sh(`test -S ${SERVER_KEYS.listen}`).then(() => true));
	}

	/**
	 * Starts a web server, and waits until it answers.
	 * @param {"apache2" | "lighttpd" | "nginx"} name
	 */
	async startWeb(name) {
		const { argv, log } = WEB_SERVERS[name];
		this.start(log, ["tail", "-q", "-n", "+1", "-F", log]); // place.close() can show it
		return this.until(name, argv, () => httpRequest({ socketPath: this.web, path: "/" }));
	}
}
