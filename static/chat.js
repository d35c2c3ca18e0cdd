// The chat page: the user interface in the whole window, with the log-out and the notifications.
import { drawAvatar } from "./contacts.js";
import { connect } from "./prebind.js";
import { TEXT } from "./texts.js";
import { ChatUi } from "./ui.js";

const FRESH_TOKEN_MS = 3_000;

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

const base = document.body.dataset.base ?? "";
const chat = connect({ base });
const ui = new ChatUi({
	root: document,
	frame: document.body,
	chat,
	narrow: () => matchMedia("(max-width: 44rem)").matches,
	shown: () => document.visibilityState === "visible",
	onUnread: (unread) => (document.title = unread > 0 ? `(${unread}) ${TEXT.title}` : TEXT.title),
	history: true,
});

/**
 * The form's token may have expired with the page, or the login itself: both are asked for again. A page that is not
 * ours in answer, the login form for one, means that there is nothing left to log out of.
 */
async function refreshToken() {
	const request = { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(FRESH_TOKEN_MS) };
	const answer = await fetch(`${base}/`, request);
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	const fresh = page.querySelector("#logout [name=token]");
	if (answer.ok) byId("logout").elements.token.value = fresh?.getAttribute("value") ?? "";
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

/** Asked for by a button, and only as long as there is something to ask. */
function offerNotifications() {
	const button = byId("notify");
	if (!button || globalThis.Notification?.permission !== "default") return;
	button.hidden = false;
	button.addEventListener("click", async () => {
		await Notification.requestPermission();
		button.hidden = true;
	});
}

chat.addEventListener("ready", () => performance.mark("prebind-ready"));
chat.addEventListener("other-user", () => location.reload()); // nothing of the former one remains
drawAvatar(byId("me-avatar"), byId("me").textContent ?? "");
offerNotifications();
byId("logout")?.addEventListener("submit", onLogout);
window.addEventListener("popstate", () => ui.close());
document.addEventListener("visibilitychange", () => ui.seen());
