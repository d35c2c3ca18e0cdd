// Tells prebind who is logged in on this site: provider `token`, token_format = hmac.
// A site needs only the function. To test the function, run this command, which prints a token:
//   node token.mjs KEY_FILE AUDIENCE USER
import { Buffer } from "node:buffer";
import { createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Returns a token that says that the user is logged in. The token is valid for `seconds`.
 * @param {string} keyFile a file with prebind's key in its first line
 * @param {string} audience
 * @param {string} user
 */
export function chatToken(keyFile, audience, user, seconds = 3600) {
	const [kid, key] = readFileSync(keyFile, "ascii").split("\n")[0].trim().split(":");
	const now = Math.floor(Date.now() / 1000);
	const claims = { user, iat: now, exp: now + seconds, aud: audience, jti: randomUUID() };
	const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
	const mac = createHmac("sha256", Buffer.from(key, "base64url")).update(`prebind-sso-v1\0${kid}${payload}`).digest("base64url");
	return `v1.${kid}.${payload}.${mac}`;
}

// In Express, make this call in every answer to a user who is logged in, and call response.clearCookie when a user logs out:
//   response.cookie("chat_token", chatToken("/srv/site/chat.key", "www.example.org", user),
//     { path: "/chat", secure: true, httpOnly: true, sameSite: "lax" });

if (process.argv[1] === fileURLToPath(import.meta.url))
	process.stdout.write(`${chatToken(process.argv[2], process.argv[3], process.argv[4])}\n`);
