// The chat page: joins the session (prebind.js), the contacts and the conversation, and says how the connection is.
import { Contacts, drawAvatar } from "./contacts.js";
import { Conversation } from "./conversation.js";
import { connect } from "./prebind.js";
import { bareJid, cleanText } from "./stanza.js";
import { TEXT } from "./texts.js";

const PATIENCE_MS = 800; // a connection that comes sooner needs no words
const ADDRESS = /^[^\s@/"&'<>:]+@[^\s@/]+$/;
const FRESH_TOKEN_MS = 3_000;

/** @typedef {import("./contacts.js").Contact} Contact */

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);

const base = document.body.dataset.base ?? "";
const narrow = matchMedia("(max-width: 44rem)");
const chat = connect({ base });
const contacts = new Contacts({ list: byId("contacts"), template: byId("contact-template"), onOpen: openContact });
const conversation = new Conversation(sendMessage);

// ---- one conversation ----

/** @param {Contact} contact */
function openContact(contact) {
	// On a phone the way back to the list is the browser's too. The entry names nobody.
	if (narrow.matches && !conversation.contact) history.pushState({ conversation: true }, "");
	conversation.open(contact);
	contacts.markOpen(contact);
	document.body.dataset.view = "conversation";
	drawUnread();
	conversation.focus();
}

function closeContact() {
	const jid = conversation.contact?.jid ?? "";
	conversation.open(null);
	contacts.markOpen(null);
	document.body.dataset.view = "list";
	contacts.focus(jid);
}

function goBack() {
	if (history.state?.conversation) history.back();
	else closeContact();
}

/** @param {Contact} contact @param {string} text */
function sendMessage(contact, text) {
	const id = chat.send(contact.lockedTo, text);
	if (id) conversation.add(contact, { direction: "out", text: cleanText(text), time: new Date(), id });
}

/** @param {import("./stanza.js").Message} message */
function onMessage(message) {
	if (message.kind === "error") {
		conversation.markUnsent(message.id, true);
		return;
	}
	const { peer, direction, body, time } = message;
	const contact = contacts.get(peer);
	if (direction === "in") contact.lockedTo = message.from;
	conversation.add(contact, { direction, text: body, time });
	const seen = conversation.contact === contact && document.visibilityState === "visible";
	if (direction === "in" && !seen) {
		contact.unread += 1;
		if (conversation.contact !== contact) byId("announcer").textContent = TEXT.newMessage(contact.name);
	}
	contacts.draw();
	drawUnread();
	drawEmpty();
}

function onVisible() {
	if (document.visibilityState !== "visible" || !conversation.contact) return;
	contacts.markOpen(conversation.contact);
	drawUnread();
}

/** @param {SubmitEvent} event */
function onStart(event) {
	event.preventDefault();
	const field = byId("address");
	const jid = field.value.trim();
	const good = ADDRESS.test(jid);
	byId("address-error").textContent = good ? "" : TEXT.badAddress;
	field.setAttribute("aria-invalid", String(!good));
	if (!good) return;
	field.value = "";
	openContact(contacts.get(jid.toLowerCase()));
	drawEmpty();
}

// ---- the list ----

function drawUnread() {
	document.title = TEXT.title(contacts.unread);
}

function drawEmpty() {
	byId("no-contacts").hidden = contacts.size > 0;
}

/** @param {string} jid somebody not in the roster who asks to see our presence */
function onRequest(jid) {
	const list = byId("requests");
	if (Array.from(list.children).some((item) => item.dataset.request === jid)) return;
	const item = byId("request-template").content.cloneNode(true).firstElementChild;
	item.dataset.request = jid;
	item.querySelector(".name").textContent = jid;
	item.querySelector(".accept").addEventListener("click", () => answerRequest(item, () => chat.accept(jid)));
	item.querySelector(".deny").addEventListener("click", () => answerRequest(item, () => chat.deny(jid)));
	list.append(item);
}

/** @param {HTMLElement} item @param {() => void} answer */
function answerRequest(item, answer) {
	if (chat.state !== "ready") return;
	answer();
	item.remove();
	byId("address").focus();
}

// ---- the connection ----

/** @type {any} */ let countTimer = null;
/** @type {any} */ let patienceTimer = null;

/** @param {string} kind "" for none @param {string} [text] @param {{retry?: boolean, login?: string}} [ways] */
function setBanner(kind, text = "", { retry = false, login = "" } = {}) {
	clearInterval(countTimer);
	clearTimeout(patienceTimer);
	byId("banner").hidden = kind === "";
	byId("banner").dataset.kind = kind;
	byId("banner-text").textContent = text;
	byId("banner-count").textContent = "";
	byId("banner-retry").hidden = !retry;
	byId("banner-login").hidden = login === "";
	if (login) byId("banner-login").href = login;
}

/** The seconds stand outside the live region: they are for the eye. @param {number} ms */
function countDown(ms) {
	const until = Date.now() + ms;
	const draw = () => {
		const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
		byId("banner-count").textContent = TEXT.retryIn(seconds);
	};
	draw();
	countTimer = setInterval(draw, 1000);
}

/** @param {string} state connecting, ready, lost, stopped: also for the style sheet */
function setState(state) {
	document.body.dataset.state = state;
	conversation.setSendable(state === "ready");
	byId("status").disabled = state !== "ready";
	conversation.drawPeer();
}

function onConnecting() {
	const patience = byId("banner").hidden ? PATIENCE_MS : 0;
	setState("connecting");
	clearTimeout(patienceTimer);
	patienceTimer = setTimeout(() => setBanner("wait", TEXT.connecting), patience);
}

/** @param {{reason: string, retryIn: number | null}} detail */
function onLost({ reason, retryIn }) {
	setState("lost");
	if (retryIn === 0) return;
	contacts.forgetPresence();
	conversation.drawPeer();
	setBanner("lost", reason === "conflict" ? TEXT.conflict : TEXT.lost, { retry: true });
	if (retryIn !== null) countDown(retryIn);
}

/** @param {string} code */
function onError(code) {
	setState("stopped");
	const texts = { no_client: TEXT.noClient, no_chat_account: TEXT.noAccount };
	setBanner("lost", /** @type {Record<string, string>} */ (texts)[code] ?? TEXT.refusedSession);
}

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

// ---- start ----

/** @param {string} type @param {(detail: any) => void} run */
const on = (type, run) => chat.addEventListener(type, (event) => run(/** @type {any} */ (event).detail));

on("connecting", onConnecting);
on("ready", () => {
	setBanner("");
	contacts.forgetPresence(); // what was known came with the session before
	setState("ready");
});
on("roster", ({ items, whole }) => {
	contacts.setRoster(items, whole);
	conversation.drawPeer();
	drawEmpty();
});
on("presence", (presence) => {
	if (contacts.setPresence(presence) === conversation.contact) conversation.drawPeer();
});
on("message", onMessage);
on("request", ({ jid }) => onRequest(bareJid(jid)));
on("unsent", ({ ids }) => ids.forEach((/** @type {string} */ id) => conversation.markUnsent(id, false)));
on("lost", onLost);
on("needs-login", ({ url }) => {
	setState("stopped");
	setBanner("login", TEXT.needsLogin, { login: url });
});
on("other-user", () => location.reload()); // nothing of the former one remains
on("error", ({ code }) => onError(code));

drawAvatar(byId("me-avatar"), byId("me").textContent ?? "");
document.body.dataset.view = "list";
conversation.setSendable(false);
byId("status").addEventListener("change", () => chat.setShow(byId("status").value));
byId("start").addEventListener("submit", onStart);
byId("back").addEventListener("click", goBack);
byId("banner-retry").addEventListener("click", () => chat.retry());
byId("logout")?.addEventListener("submit", onLogout);
window.addEventListener("popstate", closeContact);
document.addEventListener("visibilitychange", onVisible);
document.addEventListener("keydown", (event) => {
	if (event.key === "Escape" && conversation.contact && !event.isComposing) goBack();
});
