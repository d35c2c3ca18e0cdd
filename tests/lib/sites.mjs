/*
 * Many sites in one program, each with its own database.
 */
import fs from "node:fs";
import { Prebind } from "./prebind.mjs";
import { copyDatabase } from "./sqlite.mjs";

/** The host of the i-th site. */
export const hostOf = (i) => `site-${i}.example.org`;

/** The keys of the i-th site. */
export const keysOf = (place, i) => ({ hosts: hostOf(i), database: place.path(`data/site-${i}.db`) });

/** The databases of `count` sites, as copyDatabase takes them. */
export const copiesFor = (place, count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, keysOf(place, i).database]));

/**
 * Makes a program with `count` sites. Their databases are copies of one, so all have the same
 * users.
 * @param {import('./place.mjs').Place} place
 * @param {{ count: number, server?: object, site: object, users?: Record<string, string> }} options
 *   site: keys of every site
 */
export async function manySites(place, { count, server, site, users }) {
	const sites = Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, { ...site, ...keysOf(place, i) }]));
	const prebind = new Prebind(place, { server, site: { ...site, hosts: "first.example.org" }, sites });
	await prebind.prepare(users);
	await copyDatabase(place, prebind.database, copiesFor(place, count));
	return prebind;
}

/** What the open descriptors of a process refer to: names of files. */
export function openFiles(pid) {
	const folder = `/proc/${pid}/fd`;
	return fs.readdirSync(folder).flatMap((fd) => {
		try {
			return [fs.readlinkSync(`${folder}/${fd}`)];
		} catch {
			return []; // closed meanwhile
		}
	});
}
