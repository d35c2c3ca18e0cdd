/*
 * What people do with Converse.js (client = converse); people.mjs has the same for our own user
 * interface.
 */
import { DOMAIN } from "./chat.mjs";

export const contactLink = (page, name) => page.locator("converse-rosterview, #conversejs").getByText(name, { exact: true }).first();

/** Waits until that contact is online. */
export const sees = (page, user) =>
	page.locator(`[data-jid="${user}@${DOMAIN}"] converse-icon[color*="chat-status-online"]`).first().waitFor();

/** Sends a message in the open conversation. */
export async function say(page, text) {
	const field = page.locator("textarea.chat-textarea:visible");
	await field.fill(text);
	await field.press("Enter");
}

export const hears = (page, text, options) => page.locator("converse-chat-message-body", { hasText: text }).waitFor(options);
