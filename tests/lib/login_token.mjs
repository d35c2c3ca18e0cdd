/*
 * The one-time token and the JWT (docs/bosh.md), made once more and independently of the program: what is accepted
 * must not depend on whose code made it. The vectors are those of tests/unit/login_token_test.c and jwt_test.c.
 */
import { createHmac, randomBytes } from "node:crypto";

export const now = () => Math.floor(Date.now() / 1000);

/** A key, and its text as a key file has it. */
export function newKey() {
	const key = randomBytes(32);
	return { key, text: `${key.toString("base64url")}\n` };
}

const mac = (key, text) => createHmac("sha256", key).update(text).digest("base64url");

/**
 * @param {Buffer} key
 * @param {{ user: string, host: string, expiry?: number, nonce?: string }} token expiry: in a minute
 */
export function makeToken(key, { user, host, expiry = now() + 60, nonce = randomBytes(16).toString("base64url") }) {
	return `${expiry}:${nonce}:${mac(key, `${user}|${host}|${expiry}|${nonce}`)}`;
}

/** The key as a JWK: what ejabberd's jwt_key file holds. */
export function jwkText(key) {
	return `${JSON.stringify({ kty: "oct", k: key.toString("base64url") })}\n`;
}

/** @param {Buffer} key @param {object} claims */
export function makeJwt(key, claims) {
	const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
	return `${text}.${mac(key, text)}`;
}
