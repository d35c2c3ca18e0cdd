/*
 * An IMAP server with users and one empty mailbox each: as much as a webmail needs to log in.
 */
import net from "node:net";

const MAILBOX = ["* FLAGS (\\Seen)", "* 0 EXISTS", "* 0 RECENT", "* OK [UIDVALIDITY 1] ok", "* OK [UIDNEXT 1] ok"];

/** The untagged lines before the answer to a command. */
const ANSWERS = {
	CAPABILITY: ["* CAPABILITY IMAP4rev1 NAMESPACE"],
	NAMESPACE: ['* NAMESPACE (("" "/")) NIL NIL'],
	LIST: ['* LIST (\\HasNoChildren) "/" INBOX'],
	LSUB: ['* LSUB (\\HasNoChildren) "/" INBOX'],
	SELECT: MAILBOX,
	EXAMINE: MAILBOX,
	STATUS: ["* STATUS INBOX (MESSAGES 0 UNSEEN 0 UIDNEXT 1 UIDVALIDITY 1)"],
	SEARCH: ["* SEARCH"],
	LOGOUT: ["* BYE"],
};

/** LOGIN "name" "password": true if that is a user's password. */
function isUser(users, line) {
	const [name, password] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]).slice(2);
	return users[name] !== undefined && users[name] === password;
}

/** @param {{ place: import('../lib/place.mjs').Place, users: Record<string, string> }} options users: name to password */
export async function startImapPeer({ place, users }) {
	const server = net.createServer((socket) => {
		let rest = "";
		socket.on("error", () => {});
		socket.write("* OK ready\r\n");
		socket.on("data", (chunk) => {
			const lines = (rest + chunk).split("\r\n");
			rest = lines.pop();
			for (const line of lines) {
				const [tag, command = ""] = line.replace(/ UID /i, " ").split(" ");
				const ok = command.toUpperCase() !== "LOGIN" || isUser(users, line);
				socket.write([...(ANSWERS[command.toUpperCase()] ?? []), `${tag} ${ok ? "OK" : "NO"} ${command}`, ""].join("\r\n"));
			}
		});
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
	place.onClose(() => server.close());
	return { port: /** @type {net.AddressInfo} */ (server.address()).port };
}
