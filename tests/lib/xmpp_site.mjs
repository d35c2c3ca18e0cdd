/*
 * Starts a site in front of a real Prosody or ejabberd, with any of the ways to log in there
 * (bosh_auth). The server uses the snippet of its document, and the program uses the keys that the
 * document names. The users are each other's contacts. There is no web server; requests go to the
 * program's FastCGI socket.
 */
import { randomBytes } from "node:crypto";
import { emptyArchive as emptyEjabberd, makeContacts, startEjabberd } from "./ejabberd.mjs";
import { extauthProgram } from "./extauth.mjs";
import { httpRequest, Visitor } from "./http.mjs";
import { jwkText, newKey } from "./login_token.mjs";
import { Prebind } from "./prebind.mjs";
import { emptyArchive as emptyProsody, startProsody } from "./prosody.mjs";
import { freePorts } from "./wait.mjs";

export const DOMAIN = "example.org";

/** The documented ways, as options of startSite. */
export const WAYS = {
	"Prosody, password by SCRAM": { server: "prosody", way: "password" },
	"Prosody, password by PLAIN": { server: "prosody", way: "password", site: { bosh_mechanisms: "PLAIN" } },
	"Prosody, token": { server: "prosody", way: "token" },
	"ejabberd, password by SCRAM": { server: "ejabberd", way: "password" },
	"ejabberd, password by PLAIN": { server: "ejabberd", way: "password", site: { bosh_mechanisms: "PLAIN" } },
	"ejabberd, jwt": { server: "ejabberd", way: "jwt" },
	"ejabberd, oauth": { server: "ejabberd", way: "oauth" },
	"ejabberd, token by extauth": { server: "ejabberd", way: "token" },
};

/**
 * Makes passwords for the XMPP accounts, which differ from the site's. Ways without such accounts
 * ignore them.
 */
function newPasswords(names) {
	return Object.fromEntries(names.map((name) => [name, randomBytes(18).toString("base64url")]));
}

/** The keys of prebind.conf for a way, as in the server's document. */
function siteKeys(place, { way, port, key, boshHost = "127.0.0.1" }) {
	const keyFile = () => place.write("etc/bosh.key", key.text);
	return {
		jid: `{user}@${DOMAIN}`,
		backend: "bosh",
		bosh_service: `http://${boshHost}:${port}/http-bind`,
		bosh_auth: way,
		bosh_token_key_file: way === "token" ? keyFile() : undefined,
		bosh_jwt_key_file: way === "jwt" ? keyFile() : undefined,
		bosh_oauth_url: way === "oauth" ? `http://127.0.0.1:${port}/api/oauth_issue_token` : undefined,
	};
}

function prosodyStarter(place, site, { more = "", bosh, debian, env, contacts, strangers }) {
	const snippets = {
		password: { snippet: ["password", {}] },
		token: {
			snippet: ["token", { "/etc/prosody/prebind.key": place.write("server.key", site.key.text) }],
			modules: place.copy("prosody", "modules"),
		},
	};
	return () => startProsody(place, { domain: DOMAIN, port: site.port, users: site.accounts, env, more, bosh, debian, contacts, strangers, ...snippets[site.way] });
}

function ejabberdStarter(place, site, { more = "", bosh = {}, also = {}, debian, env, contacts = true, strangers = [] }) {
	const snippets = {
		password: () => ({ password: {} }),
		jwt: () => ({ jwt: { "/etc/ejabberd/prebind.jwk": place.write("prebind.jwk", jwkText(site.key.key)) } }),
		oauth: () => ({ oauth: {} }),
		token: () => ({
			extauth: { "/usr/local/bin/prebind-extauth": extauthProgram(place), "/etc/prebind/prebind.conf": site.prebind.conf },
		}),
	};
	const hasAccounts = ["password", "oauth"].includes(site.way);
	let users = hasAccounts ? site.accounts : {};
	return async () => {
		const child = await startEjabberd(place, { domain: DOMAIN, port: site.port, snippets: { ...snippets[site.way](), bosh, ...also }, users, more, debian, env });
		if (contacts)
			await makeContacts(site.port, DOMAIN, Object.keys(site.accounts).filter((name) => !strangers.includes(name)));
		users = {}; // from now on they are in ejabberd's database
		return child;
	};
}

export class Site {
	/** Makes a visitor who has not logged in. host: the Host of the requests. */
	visitor(host) {
		return new Visitor((request) => this.prebind.request({ ...request, params: host ? { HTTP_HOST: host } : {} }));
	}

	/** Makes a visitor and logs them in. */
	async enter(user) {
		const visitor = this.visitor();
		const answer = await visitor.login(user, this.users[user]);
		if (answer.status !== 303)
			throw new Error(`${user} cannot log in: ${answer.status} ${answer.body}`);
		return visitor;
	}

	async restartXmpp() {
		await this.xmpp.stop();
		this.xmpp = await this.startXmpp();
	}

	/** The XMPP server forgets what it has archived. */
	async emptyArchive() {
		if (this.server === "prosody")
			emptyProsody(this.prebind.place, DOMAIN);
		else
			await emptyEjabberd(this.port, DOMAIN, Object.keys(this.accounts));
	}
}

/**
 * @param {import('./place.mjs').Place} place
 * @param {{ server: string, way: string, site?: object, users?: Record<string, string>, more?: string,
 *           bosh?: Record<string, string>, also?: Record<string, Record<string, string>>, debian?: boolean,
 *           env?: Record<string, string>, strangers?: string[], beside?: Site, contacts?: boolean, boshHost?: string }} options
 *   users: site user to site password; strangers: those who are nobody's contacts; more: further configuration of the XMPP server; bosh:
 *   replacements in its document's snippet "bosh"; also: more snippets of ejabberd's document, with the
 *   replacements in them; debian: start from Debian's file; env: the XMPP
 *   server's environment; contacts: false: none is another's contact; beside: a site whose XMPP server this site shares;
 *   boshHost: where the program calls the XMPP server, by default 127.0.0.1
 * @returns {Promise<Site>}
 */
export async function startSite(place, { server, way, site = {}, users = { alice: "alice's site password", bob: "bob's site password" },
	more, bosh, also, debian, env, beside, contacts, strangers, boshHost }) {
	const made = Object.assign(new Site(), { server, way, users, boshHost, key: beside?.key ?? newKey() });
	made.port = beside?.port ?? (await freePorts(1))[0];
	made.accounts = beside?.accounts ?? newPasswords(Object.keys(users));
	made.prebind = new Prebind(place, { site: { ...siteKeys(place, made), ...site } });
	await made.prebind.prepare(users);
	for (const [name, password] of Object.entries(way === "password" ? made.accounts : {}))
		await made.prebind.ctlOk(["map", "set", name, `${name}@${DOMAIN}`, "--xmpp-password-stdin"], { input: `${password}\n` });
	if (!beside) {
		made.startXmpp = (server === "prosody" ? prosodyStarter : ejabberdStarter)(place, made, { more, bosh, also, debian, env, contacts, strangers });
		made.xmpp = await made.startXmpp();
	}
	await made.prebind.start();
	return made;
}

/**
 * Sends one body on a session as a browser would, on its own connection. Increases the session's
 * rid.
 * @param {number} port
 * @param {{ sid: string, rid: string }} session
 */
export async function goOn(port, session, payload, attributes = "") {
	const answer = await httpRequest({
		port,
		path: "/http-bind",
		method: "POST",
		headers: { "Content-Type": "text/xml; charset=utf-8" },
		body: `<body rid='${session.rid}' sid='${session.sid}' ${attributes} xmlns='http://jabber.org/protocol/httpbind'>${payload}</body>`,
	});
	session.rid = String(Number(session.rid) + 1);
	return answer;
}

const PING = `<iq xmlns='jabber:client' type='get' id='ping-1' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`;
const ROSTER = "<iq xmlns='jabber:client' type='get' id='roster-1'><query xmlns='jabber:iq:roster'/></iq>";

/** Asks for the roster; returns the body that contains the answer. */
export async function askRoster(port, session) {
	let { body } = await goOn(port, session, ROSTER);
	for (let polls = 0; !/id=['"]roster-1/.test(body) && !/terminate/.test(body) && polls < 3; polls++)
		({ body } = await goOn(port, session, ""));
	return body;
}

const PRESENCE = "<presence xmlns='jabber:client'><priority>-1</priority></presence>";

/** Sends stanzas, and returns everything that the server says up to its answer to a ping behind them. */
export async function say(port, session, stanzas) {
	let text = "";
	let payload = stanzas + PING;
	do {
		const { body } = await goOn(port, session, payload);
		text += body;
		payload = "";
	} while (!/id=['"]ping-1/.test(text) && !/terminate/.test(text));
	return text;
}

/** Returns what the server says to the session's first presence: the presence of the contacts. */
export const whoIsOnline = (port, session) => say(port, session, ROSTER + PRESENCE);

/**
 * Returns the session's full JID from the server itself: its answer to a ping is addressed to it.
 */
export async function whose(port, session) {
	let { body } = await goOn(port, session, PING);
	for (let polls = 0; !/id=['"]ping-1/.test(body) && !/terminate/.test(body) && polls < 3; polls++)
		({ body } = await goOn(port, session, ""));
	const iq = /<iq\b[^>]*id=['"]ping-1[^>]*>/.exec(body)?.[0] ?? "";
	return /\bto=['"]([^'"]*)/.exec(iq)?.[1];
}

export const endSession = (port, session) => goOn(port, session, "", "type='terminate'").catch(() => {});
