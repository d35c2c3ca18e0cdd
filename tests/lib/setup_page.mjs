/*
 * An operator at the page /setup of the kit for shared hosting: reads its form, changes fields, and
 * sends it. Works without script, as the page does.
 */
import fs from "node:fs";
import path from "node:path";
import { cgiParams, parseAnswer } from "./cgi.mjs";
import { FORM } from "./http.mjs";
import { Place } from "./place.mjs";
import { build } from "./prebind.mjs";

export const SECRET = "setup-secret.txt";
const TLS = { HTTPS: "on", SERVER_PORT: "443" };

/** A kit as it is unpacked: the private folder, and the page's folder in the site's. */
export function unpackKit(t) {
	const place = new Place();
	t.after(() => place.close());
	fs.chmodSync(place.dir, 0o711);
	const kit = { place, folder: place.folder("prebind-private", 0o755), page: place.folder("web/chat", 0o755) };
	for (const name of ["etc", "data"])
		place.folder(`prebind-private/${name}`);
	for (const name of ["templates", "sql", "apache"])
		place.copy(name, path.join("prebind-private", name));
	for (const name of ["prosody.md", "ejabberd.md", "tigase.md", "own-server.md"])
		place.copy(path.join("docs", name), path.join("prebind-private/docs", name));
	place.copy("apache/htaccess", "web/chat/.htaccess");
	kit.program = place.copy(path.join(build, "prebindctl"), "bin/prebindctl");
	kit.conf = place.path("prebind-private/etc/prebind.conf");
	kit.env = { PREBIND_KIT: kit.folder, PREBIND_KIT_PAGE: kit.page, PREBIND_DATADIR: kit.folder, PREBIND_CONF: kit.conf };
	kit.send = async ({ params = {}, ...request }) => {
		const { stdout, stderr } = await place.run([kit.program, "setup", "--page"], {
			env: { ...kit.env, ...cgiParams({ ...request, params: { ...TLS, ...params } }) }, input: request.body ?? "",
		});
		return { ...parseAnswer(stdout), stderr };
	};
	kit.secret = () => fs.readFileSync(place.path("prebind-private", SECRET), "utf8").trim();
	return kit;
}

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
const plain = (text) => text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]);

/** The fields of the page's form and their values, as a browser would send them. */
export function formFields(body) {
	const fields = {};
	for (const [tag] of body.matchAll(/<input [^>]*>/gs))
		fields[/name="([^"]*)"/.exec(tag)[1]] = plain(/value="([^"]*)"/.exec(tag)?.[1] ?? "");
	for (const [, name, options] of body.matchAll(/<select [^>]*name="(\w+)"[^>]*>(.*?)<\/select>/gs))
		fields[name] = /value="([^"]*)" selected/.exec(options)?.[1] ?? /value="([^"]*)"/.exec(options)[1];
	for (const [, name, text] of body.matchAll(/<textarea [^>]*name="(\w+)"[^>]*>(.*?)<\/textarea>/gs))
		fields[name] = plain(text).trim();
	return fields;
}

/** The lines below a heading: "found", "plan" or "report". */
export const lines = (body, heading) => plain(new RegExp(`<pre [^>]*aria-labelledby="${heading}">(.*?)</pre>`, "s").exec(body)?.[1] ?? "");

/** The fields of the form as it is opened, in their order. */
export const FIELDS = ["secret", "shown", "site", "url", "domain", "xmpp", "tigase_password", "jid", "first_user", "first_password", "login", "auth", "more"];

export class Operator {
	/** @param {(request: object) => Promise<import('./http.mjs').Answer>} send a request below the mount point */
	constructor(send) {
		this.send = send;
		this.forms = 0; // sent so far
	}

	async open() {
		this.page = await this.send({ path: "/setup" });
		return this.page;
	}

	/** The page of this kit, with the form sent once. Without a button it is what the Enter key does: nothing is written. */
	static async fill(kit, changes, button, send = kit.send) {
		const operator = new Operator(send);
		await operator.open();
		await operator.submit({ secret: kit.secret(), ...changes }, button);
		return operator;
	}

	/** Changes fields of the form and sends it with one of its buttons. */
	async submit(changes, button) {
		const fields = { ...formFields(this.page.body), ...changes, ...(button ? { do: button } : {}) };
		this.forms++;
		this.page = await this.send({
			method: "POST", path: "/setup", body: new URLSearchParams(fields).toString(), headers: { ...FORM, "Content-Type": "application/x-www-form-urlencoded" },
		});
		return this.page;
	}
}
