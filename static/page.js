// The chat page: the user interface in the whole window, with log-out. chat.js is
// this module with all that it imports (bundle.mjs).
import { drawAvatar } from "./avatar.js";
import { siteOfPage } from "./bind.js";
import { logoutToken } from "./logout.js";
import { connect } from "./prebind.js";
import { loadMore, TEXT } from "./texts.js";
import { ChatUi } from "./ui.js";

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

// The tag is `async`, so that the style sheet does not delay the script. Therefore the script can
// run before the rest of the page is parsed.
if (document.readyState === "loading")
	await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));

const base = document.body.dataset.base ?? "";
const site = siteOfPage(document);
const begun = byId("guest-form") ? letGuestBegin() : undefined;
const name = site.guest ? site.name : (byId("me")?.textContent ?? "");
const chat = connect({ base, begun, guest: site.guest !== "", name, upload: site.upload });
const ui = new ChatUi({
	root: document,
	frame: document.body,
	chat,
	narrow: () => matchMedia("(max-width: 44rem)").matches,
	shown: () => document.visibilityState === "visible",
	onUnread: (unread) => (document.title = unread > 0 ? `(${unread}) ${TEXT.title}` : TEXT.title),
	history: true,
	base,
	site,
	address: pageBefore,
});

/** The URL of the site's page from which the user came here; "" if there is none. */
function pageBefore() {
	const { referrer } = document;
	const own = new URL(`${base}/`, location.href).href;
	return referrer.startsWith(`${location.origin}/`) && !referrer.startsWith(own) ? referrer : "";
}

async function letGuestBegin() {
	const how = () => ({ url: `${base}/prebind.json`, page: location.href, fetch: window.fetch.bind(window), now: Date.now });
	const { guestBegins } = await loadMore();
	const guest = await guestBegins(TEXT, byId("guest-form"), how);
	Object.assign(site, guest.site);
	byId("me").textContent = guest.name;
	drawAvatar(byId("me-avatar"), guest.name);
	byId("logout").hidden = false;
	return guest;
}

/** Puts a new token into the log-out form, because the old one might have expired. */
async function refreshToken() {
	byId("logout").elements.token.value = await logoutToken(base);
}

/** @param {SubmitEvent} event */
async function onLogout(event) {
	event.preventDefault();
	const form = byId("logout");
	form.querySelector("button").disabled = true;
	await Promise.allSettled([refreshToken(), chat.logout()]);
	if (form.elements.token.value) form.submit();
	else location.assign(`${base}/`);
}

chat.addEventListener("ready", () => performance.mark("prebind-ready"));
// reloads the page, so that nothing of the previous user remains in it
chat.addEventListener("other-user", () => location.reload());
drawAvatar(byId("me-avatar"), byId("me").textContent ?? "");
byId("logout")?.addEventListener("submit", onLogout);
window.addEventListener("popstate", () => ui.close());
document.addEventListener("visibilitychange", () => ui.seen());
window.addEventListener("load", () => ui.shown()); // the style sheet is loaded now, so the sizes are known
