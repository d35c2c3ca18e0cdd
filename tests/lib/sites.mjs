/*
 * A crowd of sites in one program, each with a database of its own.
 */
import fs from "node:fs";
import { Prebind } from "./prebind.mjs";
import { copyDatabase } from "./sqlite.mjs";

/** The Host of the i-th of them. */
export const hostOf = (i) => `site-${i}.example.org`;

/** The keys of the i-th site. */
export const keysOf = (place, i) => ({ hosts: hostOf(i), database: place.path(`data/site-${i}.db`) });

/** For copyDatabase: the databases of so many. */
export const copiesFor = (place, count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, keysOf(place, i).database]));

/**
 * A program with n sites whose databases are there. All are copies of one: so all have its users.
 * @param {import('./place.mjs').Place} place
 * @param {{ count: number, server?: object, site: object, users?: Record<string, string> }} options
 *   site: keys of every one of them
 */
export async function manySites(place, { count, server, site, users }) {
	const sites = Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, { ...site, ...keysOf(place, i) }]));
	const prebind = new Prebind(place, { server, site: { ...site, hosts: "first.example.org" }, sites });
	await prebind.prepare(users);
	await copyDatabase(place, prebind.database, copiesFor(place, count));
	return prebind;
}

/** How many descriptors a process has open, by what they are: names of files. */
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
