/*
 * Runs prebindctl setup, as an operator does after the installation.
 */
import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { SERVICE } from "./check.mjs";
import { Place } from "./place.mjs";
import { build } from "./prebind.mjs";

const ROOT = process.getuid() === 0;

/** Copies what `make install` puts into the shared folder. */
function share(place) {
	for (const name of ["static", "templates", "apache", "lighttpd", "nginx", "sql"])
		place.copy(name, path.join("share", name));
	for (const name of ["prosody.md", "ejabberd.md", "tigase.md", "own-server.md"])
		place.copy(path.join("docs", name), path.join("share/docs", name));
	fs.chmodSync(place.path("share"), 0o755);
	return place.path("share");
}

/** A place for an installation. answers: those of a usual one, with the XMPP server on that port. */
export function setupPlace(t, xmppPort) {
	const place = new Place();
	t.after(() => place.close());
	fs.chmodSync(place.dir, 0o711);
	place.program = place.copy(path.join(build, "prebindctl"), "bin/prebindctl");
	place.conf = place.path("etc/prebind.conf");
	place.answers = {
		site: "-", login: "login", domain: "example.org", xmpp: `http://127.0.0.1:${xmppPort}/http-bind`, web: "lighttpd",
		url: "http://127.0.0.1/chat/", allow_http: "on", ...(ROOT ? { user: SERVICE } : {}),
		share: share(place), database: place.path("data/prebind.db"), listen: place.path("run/prebind.sock"),
		web_file: place.path("etc/lighttpd.conf"), xmpp_file: place.path("etc/prosody.cfg.lua"),
	};
	return place;
}

/**
 * A place of a file's tests that are not root's business: the programs run as the place's user. Each test begins with an empty
 * folder, `home`; the shared files are copied once.
 */
export function ordinaryPlace() {
	const place = new Place();
	place.program = place.copy(path.join(build, "prebindctl"), "bin/prebindctl");
	const shared = share(place);
	let tests = 0;
	return {
		place,
		/** Returns what setup is run with: the folder, its configuration, and the usual answers. */
		fresh() {
			const name = `home${++tests}`;
			const home = place.folder(name, 0o755);
			const at = (...names) => path.join(home, ...names);
			return {
				place, name, home, at, conf: at("etc/prebind.conf"), program: place.program,
				answers: {
					site: "-", login: "login", domain: "example.org", xmpp: "http://127.0.0.1:1/http-bind", web: "lighttpd", jid: "{user}@example.org",
					auth: "password", url: "http://127.0.0.1/chat/", allow_http: "on", share: shared, database: at("data/prebind.db"),
					listen: at("run/prebind.sock"), web_file: at("etc/web.conf"), xmpp_file: at("etc/xmpp.conf"),
				},
			};
		},
	};
}

/** The answers as operands. Those with the value undefined are left out. */
export const operands = (answers) => Object.entries(answers).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}`);

/** Runs setup in a folder of ordinaryPlace(), with the answers as operands. */
export const ordinarySetup = ({ place, program, conf }, answers, args = [], options = {}) =>
	place.run([program, "-c", conf, "setup", ...operands(answers), ...args], options);

/** Runs setup as our own user. */
export function setup(place, answers, args = []) {
	const file = path.join(place.dir, "answers");
	fs.writeFileSync(file, `# answers\n${Object.entries(answers).map(([name, value]) => `${name} = ${value}\n`).join("")}`, { mode: 0o600 });
	return new Promise((resolve) => {
		execFile(place.program, ["-c", place.conf, "setup", "--answers", file, ...args], (error, stdout, stderr) =>
			resolve({ code: error ? error.code : 0, stdout, stderr }));
	});
}

/** The states of the files, by name: { "prebind.conf": "write" }. */
export const planOf = (stdout) => Object.fromEntries([...stdout.matchAll(/^ {2}(\w+) +(\/\S+) {2}\(/gm)].map(([, state, file]) => [path.basename(file), state]));
