/*
 * The kind of database that prebind keeps its own data in. Tests name files of SQLite. If
 * PREBIND_TEST_POSTGRESQL is set ("FOLDER PORT" of a server, see postgresql.mjs), each of these
 * files becomes a database of that server, and the helpers of sqlite.mjs find it by the file's path.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import { program } from "./postgresql.mjs";

export const ROLE = "prebind"; // owns the databases
const [folder, port] = (process.env.PREBIND_TEST_POSTGRESQL ?? "").split(" ");
/** @type {Map<string, string>} path to the name of a database */
const databases = new Map();

export const onPostgresql = folder !== "";

const psql = (user, database) => [program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder, "-p", port, "-U", user, "-d", database];

/** The value of `database` for a file of a test. */
export function ownDatabase(file) {
	if (!onPostgresql || file.includes("://"))
		return file;
	if (!databases.has(file)) {
		const name = `t${crypto.randomBytes(8).toString("hex")}`;
		const [command, ...args] = psql("postgres", "postgres");
		execFileSync(command, [...args, "-c", `CREATE DATABASE ${name} OWNER ${ROLE}`]);
		databases.set(file, name);
	}
	return `postgresql://${ROLE}@:${port}/${databases.get(file)}?host=${folder}`;
}

/** True if the file is a database of the server. */
export const isThere = (file) => databases.has(file);

async function run(place, argv, input) {
	const { code, stdout, stderr } = await place.run(argv, { input });
	assert.equal(code, 0, stderr);
	return stdout;
}

/** SQLite's SQL for PostgreSQL: the column `user` is also a word of SQL, and some functions have other names. */
const translated = (sql) => sql
	.replace(/(?<!["\w])user(?!["'\w:])/g, '"user"')
	.replace(/\bchar\(/g, "chr(")
	.replace(/\bhex\((\w+)\)/g, "upper(encode($1, 'hex'))")
	.replace(/\bx'(\w*)'/g, "'\\x$1'");

export const runSql = (place, file, sql) => run(place, [...psql(ROLE, databases.get(file)), "-f", "-"], translated(sql));

/** As askSql of sqlite.mjs; a statement that is no SELECT gives null. */
export async function askSql(place, file, sql, sets) {
	const text = translated(sql).replace(/(?<!:):([a-z]\w*)/g, ":'$1'");
	const rows = [];
	for (const values of sets) {
		const given = Object.entries(values).flatMap(([name, value]) => ["-v", `${name}=${value}`]);
		const query = /^\s*select/i.test(text) ? `SELECT row_to_json(t) FROM (${text}) t LIMIT 1` : text;
		const [line] = (await run(place, [...psql(ROLE, databases.get(file)), ...given, "-f", "-"], `${query};\n`)).split("\n");
		rows.push(line.startsWith("{") ? Object.values(JSON.parse(line))[0] : null);
	}
	return rows;
}

/** As copyDatabase of sqlite.mjs. */
export async function copyDatabase(place, file, copies) {
	const dump = await run(place, [program("pg_dump"), "-h", folder, "-p", port, "-U", ROLE, "--no-owner", "-d", databases.get(file)], "");
	for (const [site, copy] of Object.entries(copies)) {
		ownDatabase(copy);
		await run(place, [...psql(ROLE, databases.get(copy)), "-f", "-"], `DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n${dump}\nUPDATE public.database_site SET site = '${site}';\n`);
	}
}
