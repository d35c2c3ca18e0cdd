/*
 * An operator at the page /setup of the kit for shared hosting: reads its form, changes fields, and
 * sends it. Works without script, as the page does.
 */
import { FORM } from "./http.mjs";

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
