/*
 * Makes the one-time token and the JWT (docs/bosh.md) independently of the program, so that tests
 * can show that servers accept both. The vectors are those of tests/unit/login_token_test.c and
 * jwt_test.c.
 */
import { createHmac, randomBytes } from "node:crypto";

export const now = () => Math.floor(Date.now() / 1000);

/** Makes a key. text: the content of its key file. */
export function newKey() {
	const key = randomBytes(32);
	return { key, text: `${key.toString("base64url")}\n` };
}

const mac = (key, text) => createHmac("sha256", key).update(text).digest("base64url");

/**
 * @param {Buffer} key
 * @param {{ user: string, host: string, expiry?: number, nonce?: string }} token the default for expiry is in a minute
 */
export function makeToken(key, { user, host, expiry = now() + 60, nonce = randomBytes(16).toString("base64url") }) {
	return `${expiry}:${nonce}:${mac(key, `${user}|${host}|${expiry}|${nonce}`)}`;
}

/** The key as a JWK: the content of ejabberd's jwt_key file. */
export function jwkText(key) {
	return `${JSON.stringify({ kty: "oct", k: key.toString("base64url") })}\n`;
}

/** @param {Buffer} key @param {object} claims */
export function makeJwt(key, claims) {
	const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
	return `${text}.${mac(key, text)}`;
}
