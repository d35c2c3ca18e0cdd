// Fetches the token that the chat page's log-out form must send.

import { parse } from "./parse.js";

const MAX_MS = 3_000;

/**
 * Fetches a new token, because an old one can have expired. If the answer is a page without the log-out form, such as the login page,
 * nobody is logged in.
 * @param {string} base where prebind is mounted
 * @returns {Promise<string>} "" if nobody is logged in
 */
export async function logoutToken(base) {
	const answer = await fetch(`${base}/`, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(MAX_MS) });
	const page = parse(await answer.text(), "text/html");
	if (!answer.ok) throw new Error(`${base}/: ${answer.status}`);
	return page.querySelector("#logout [name=token]")?.getAttribute("value") ?? "";
}
