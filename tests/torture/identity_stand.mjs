/*
 * Many users at four sites of one program: one with our own logins, three that look visitors up in a database of each
 * kind. A user's name is nobody else's and can be seen in any text.
 */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import net from "node:net";
import { requestBytes } from "../lib/cgi.mjs";
import { FORM, formText, hiddenFields, NAVIGATION, SCRIPT, Visitor } from "../lib/http.mjs";
import { Mariadb } from "../lib/mariadb.mjs";
import { Postgresql } from "../lib/postgresql.mjs";
import { Prebind } from "../lib/prebind.mjs";
import { runSql } from "../lib/sqlite.mjs";
import { startTigasePeer } from "../peers/tigase_peer.mjs";

const ORIGIN = "http://www.example.org";
const AUDIENCE = "www.example.org";
const OWN_COOKIE = "prebind-insecure";
const FORM_TYPE = "application/x-www-form-urlencoded";
const QUERY = "SELECT a.name AS user FROM session s JOIN account a ON a.id = s.account WHERE s.id = :sid AND a.banned = 0";

export const OWN = "own";
const END_REQUEST = 3; // the type of a FastCGI record
const KINDS = ["sqlite", "mariadb", "postgresql"];
const NAMES = /\b(own|sqlite|mariadb|postgresql)\d+x/g;

const ID = /"user":"([\w-]{43})"/;

/** @typedef {{ name: string, site: string, number: number, cookie: string | null, in: boolean | null, changing: boolean, changes: number }} User */

const host = (site) => `${site}.example.org`;
const newSid = () => crypto.randomBytes(24).toString("base64url");

const tables = (users) => `CREATE TABLE account (id int PRIMARY KEY, name varchar(64), banned int NOT NULL DEFAULT 0);
	CREATE TABLE session (id varchar(64) PRIMARY KEY, account int);
	INSERT INTO account (id, name) VALUES ${users.map(({ name, number }) => `(${number}, '${name}')`).join(", ")};
	INSERT INTO session VALUES ${users.map(({ cookie, number }) => `('${cookie}', ${number})`).join(", ")};`;

/** The three databases, each with its users; kind to { key, sql }. */
async function startDatabases(place, usersOf) {
	const file = `${place.folder("site")}/site.db`;
	await runSql(place, file, `PRAGMA journal_mode = WAL; ${tables(usersOf("sqlite"))}`);
	const mariadb = await Mariadb.start(place);
	await mariadb.sql(`CREATE DATABASE site; USE site; ${tables(usersOf("mariadb"))} CREATE USER reader@localhost; GRANT SELECT ON site.* TO reader@localhost`);
	const postgresql = await Postgresql.start(place);
	await postgresql.sql("CREATE DATABASE site; CREATE ROLE reader LOGIN");
	await postgresql.sql(`${tables(usersOf("postgresql"))} GRANT SELECT ON session, account TO reader`, "site");
	return {
		sqlite: { key: file, sql: (text) => runSql(place, file, text) },
		mariadb: { key: mariadb.uri("reader", "site"), sql: (text) => mariadb.sql(text, "site") },
		postgresql: { key: postgresql.uri("reader", "site"), sql: (text) => postgresql.sql(text, "site") },
	};
}

/** Whether the last record is the end of a request: 8 bytes of head, 8 of content. */
const isWhole = (data) => data.length >= 16 && data[data.length - 16] === 1 && data[data.length - 15] === END_REQUEST;

/** Sends bytes on a connection of their own; returns all that comes, null if the answer broke off. */
function exchange(path, bytes) {
	return new Promise((resolve) => {
		const socket = net.connect({ path });
		const chunks = [];
		socket.on("error", () => resolve(null));
		socket.on("data", (chunk) => chunks.push(chunk));
		socket.on("end", () => {
			const data = Buffer.concat(chunks);
			resolve(isWhole(data) ? data.toString("latin1") : null);
		});
		socket.on("close", () => resolve(null));
		socket.write(bytes);
	});
}

export class IdentityStand {
	/** @param {import('../lib/place.mjs').Place} place */
	static async start(place, usersEach) {
		const stand = new IdentityStand(usersEach);
		const usersOf = (site) => stand.users.filter((user) => user.site === site);
		stand.databases = await startDatabases(place, usersOf);
		stand.peer = await startTigasePeer({ place });
		const keys = (site) => ({ ...stand.peer.site(place), hosts: host(site), jid: "{user}@example.test" });
		const query = place.write("etc/query.sql", QUERY, 0o644);
		const token = { identity: "token login", token_origins: ORIGIN, token_audience: AUDIENCE,
			token_key_file: place.write("etc/token.keys", `k1:${stand.key.toString("base64url")}\n`) };
		stand.prebind = new Prebind(place, {
			server: { processes: 2, threads: 8, log: place.path("data", "prebind.log"), log_level: "error" },
			site: { ...keys(OWN), ...token },
			sites: Object.fromEntries(KINDS.map((kind) => [kind, { ...keys(kind), identity: "site_session", site_cookie: "sid",
				site_database: stand.databases[kind].key, site_query: query, database: place.path("data", `${kind}.db`) }])),
		});
		for (const site of ["default", ...KINDS])
			await stand.prebind.ctlOk(["--site", site, "migrate"]);
		await stand.prebind.start();
		for (const user of usersOf(OWN))
			await stand.logIn(user);
		await stand.learnIds();
		return stand;
	}

	constructor(usersEach) {
		this.key = crypto.randomBytes(32);
		/** By what "who" calls a user: the name. @type {Map<string, string>} */
		this.ids = new Map();
		/** @type {User[]} */
		this.users = [OWN, ...KINDS].flatMap((site) => Array.from({ length: usersEach }, (_, number) =>
			({ name: `${site}${number}x`, site, number, cookie: site === OWN ? null : newSid(), in: site !== OWN, changing: false, changes: 0 })));
	}

	/** While nothing else goes on, each user is asked once. */
	async learnIds() {
		for (const user of this.users) {
			const text = await this.ask(user, "who");
			const id = ID.exec(text ?? "")?.[1];
			assert.ok(id, text);
			assert.ok(!this.ids.has(id), `${user.name} and ${this.ids.get(id)} have one id`);
			this.ids.set(id, user.name);
		}
	}

	/** Everybody whom an answer names or means. */
	namesIn(text) {
		const id = ID.exec(text)?.[1];
		const names = new Set(text.match(NAMES) ?? []);
		if (id)
			names.add(this.ids.get(id) ?? `nobody known: ${id}`);
		return [...names];
	}

	visitor(user) {
		const visitor = new Visitor((request) => this.prebind.request({ ...request, params: { HTTP_HOST: host(user.site), SERVER_NAME: host(user.site) } }));
		if (user.cookie)
			visitor.jar.cookies.set(OWN_COOKIE, user.cookie);
		return visitor;
	}

	/** The bytes of a request of this user. way: "page" without a session, "who" and "bind" as JSON. */
	request(user, way) {
		const cookie = `${user.site === OWN ? OWN_COOKIE : "sid"}=${user.cookie ?? "none"}`;
		const params = { HTTP_HOST: host(user.site), SERVER_NAME: host(user.site) };
		if (way === "page")
			return requestBytes({ path: "/", headers: { ...NAVIGATION, "Sec-Fetch-Site": "cross-site", Cookie: cookie }, params });
		return requestBytes({ method: "POST", path: "/prebind.json", headers: { ...SCRIPT, "Content-Type": FORM_TYPE, Cookie: cookie },
			body: way === "who" ? "bind=no" : "", params });
	}

	/** Asks; returns the program's whole answer as text, null if it broke off. */
	ask(user, way) {
		return exchange(this.prebind.socket, this.request(user, way));
	}

	/** A request whose visitor leaves at once. */
	hangUp(user) {
		const socket = net.connect({ path: this.prebind.socket });
		socket.on("error", () => {});
		socket.write(this.request(user, "bind"), () => socket.destroy());
	}

	/** A change of who is in; requests that overlap it may see either. */
	async change(user, isIn, how) {
		user.changing = true;
		user.changes++;
		try {
			if (await how())
				user.in = isIn;
		} catch (error) {
			user.in = null; // its answer was lost: it may have happened, or not
			throw error;
		} finally {
			user.changing = false;
			user.changes++;
		}
	}

	logIn(user) {
		return this.change(user, true, async () => {
			const now = Math.floor(Date.now() / 1000);
			const payload = Buffer.from(JSON.stringify({ user: user.name, iat: now, exp: now + 500, aud: AUDIENCE, jti: crypto.randomUUID() }))
				.toString("base64url");
			const mac = crypto.createHmac("sha256", this.key).update(`prebind-sso-v1\0k1${payload}`).digest("base64url");
			const visitor = this.visitor({ ...user, cookie: null });
			await visitor.post("/login", { sso: `v1.k1.${payload}.${mac}` }, { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate",
				"Sec-Fetch-Dest": "document", Origin: ORIGIN });
			const cookie = visitor.jar.cookies.get(OWN_COOKIE);
			if (cookie)
				user.cookie = cookie;
			return cookie !== undefined;
		});
	}

	/** By the form of the page. The cookie stays, as a thief would keep it. */
	logOut(user) {
		return this.change(user, false, async () => {
			const visitor = this.visitor(user);
			const page = await visitor.get("/", { ...NAVIGATION, "Sec-Fetch-Site": "cross-site" });
			const { status } = await visitor.request("POST", "/logout", { headers: { ...FORM, "Content-Type": FORM_TYPE }, body: formText(hiddenFields(page.body)) });
			return page.status === 200 && status === 303;
		});
	}

	/** The site switches the user off, or on again. */
	async ban(user, banned) {
		await this.change(user, !banned, async () => {
			await this.databases[user.site].sql(`UPDATE account SET banned = ${banned ? 1 : 0} WHERE id = ${user.number};`);
			return true;
		});
	}
}
