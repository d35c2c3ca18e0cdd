// The chat panel on the site's other pages. It builds the elements of the user interface into a
// shadow tree, and starts the session. launcher.js loads this module when it is needed.
import { h, icon } from "./dom.js";
import { logoutToken } from "./logout.js";
import { connect } from "./prebind.js";
import { loadMore, TEXT } from "./texts.js";
import { ChatUi } from "./ui.js";

const ICONS = {
	bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
	back: "M15 4 7 12l8 8",
	close: "M6 6l12 12M18 6 6 18",
	send: "M4 12 3 4l18 8-18 8 1-8h8",
	smile: "M8.5 14a4.5 4.5 0 0 0 7 0M9 9.5v.5M15 9.5v.5M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
};

/** @param {string} id @param {...(Node | string)} inner */
function template(id, ...inner) {
	const el = /** @type {HTMLTemplateElement} */ (h("template", { id }));
	el.content.append(...inner);
	return el;
}

const hidden = (/** @type {string} */ text, attributes = {}) => h("span", { class: "visually-hidden", ...attributes }, text);

function banner() {
	return h(
		"div",
		{ class: "banner", id: "banner", hidden: true },
		h("p", {}, h("span", { id: "banner-text", role: "status" }), " ", h("span", { id: "banner-count" })),
		h("button", { class: "quiet", id: "banner-retry", type: "button", hidden: true }, TEXT.tryNow),
		h("a", { class: "button", id: "banner-login", hidden: true }, TEXT.logInAgain),
	);
}

function side() {
	const field = { id: "address", type: "text", inputmode: "email", autocomplete: "off", autocapitalize: "none" };
	const filter = { id: "filter", class: "filter", type: "search", autocomplete: "off" };
	return h(
		"nav",
		{ class: "side", "aria-label": TEXT.contacts },
		h("ul", { id: "requests", class: "requests", "aria-label": TEXT.requests }),
		h("input", { ...filter, "aria-label": TEXT.findContact, placeholder: TEXT.findContact, "aria-controls": "contacts", hidden: true }),
		h("p", { id: "no-match", class: "no-match", role: "status" }),
		h("ul", { id: "contacts", class: "contacts", "aria-label": TEXT.contacts }),
		h("p", { id: "no-contacts", class: "empty", hidden: true }, TEXT.nobodyYet),
		h(
			"form",
			{ id: "start", class: "start", novalidate: true },
			h("label", { class: "visually-hidden", for: "address" }, TEXT.address),
			h("input", { ...field, placeholder: "name@example.org", "aria-describedby": "address-error" }),
			h("button", { class: "quiet", type: "submit" }, TEXT.writeTo),
			h("p", { id: "address-error", class: "field-error", role: "alert" }),
		),
	);
}

function peer() {
	return h(
		"header",
		{ class: "peer" },
		h("button", { class: "quiet back", id: "back", type: "button", "aria-label": TEXT.back }, icon(ICONS.back)),
		h("span", { class: "avatar", id: "peer-avatar", "aria-hidden": "true" }),
		h(
			"div",
			{ class: "who" },
			h("h2", { class: "name", id: "peer-name" }),
			h("p", { class: "presence", id: "peer-presence" }),
		),
	);
}

function composer() {
	const field = { id: "compose", rows: "1", maxlength: "8000", enterkeyhint: "send", autocomplete: "off" };
	return h(
		"form",
		{ class: "composer", id: "composer" },
		h("label", { class: "visually-hidden", for: "compose" }, TEXT.message),
		h("textarea", { ...field, placeholder: TEXT.writeMessage, "aria-describedby": "compose-hint" }),
		h("p", { class: "visually-hidden", id: "compose-hint" }, TEXT.enterSends),
		h(
			"button",
			{ class: "quiet", id: "emoji", type: "button", "aria-label": TEXT.emoji, popovertarget: "emoji-list" },
			icon(ICONS.smile),
		),
		h("div", { class: "emoji-list", id: "emoji-list", role: "group", "aria-label": TEXT.emoji, popover: "" }),
		h("button", { id: "send", type: "submit", "aria-label": TEXT.send }, icon(ICONS.send)),
	);
}

function talk() {
	const conversation = { class: "conversation", id: "conversation", "aria-labelledby": "peer-name", hidden: true };
	const logs = { class: "logs", id: "logs", tabindex: "0", role: "group", "aria-label": TEXT.messages };
	return h(
		"div",
		{ class: "talk", id: "talk" },
		h("div", { class: "nobody", id: "nobody" }, h("p", {}, TEXT.chooseContact)),
		h("section", conversation, peer(), h("div", logs), composer()),
	);
}

/** Builds the form that a guest sees first. It has the same elements as the chat page's template. */
function guestForm() {
	const field = { id: "guest-name", type: "text", maxlength: "40", autocomplete: "nickname", required: true };
	return /** @type {HTMLFormElement} */ (
		h(
			"form",
			{ class: "guest-form", id: "guest-form" },
			h("p", {}, TEXT.guestIntro),
			h("label", { for: "guest-name" }, TEXT.guestName),
			h("input", { ...field, "aria-describedby": "guest-error" }),
			h("p", { id: "guest-error", class: "field-error", role: "alert" }),
			h("button", { type: "submit" }, TEXT.guestStart),
		)
	);
}

/** @param {HTMLElement} head of the panel @param {string} base @param {import("./bind.js").SiteInfo} site */
async function letGuestBegin(head, base, site) {
	const form = guestForm();
	head.after(form);
	const how = () => ({ url: `${base}/prebind.json`, page: location.href, fetch: window.fetch.bind(window), now: Date.now });
	const { guestBegins } = await loadMore();
	const guest = await guestBegins(TEXT, form, how);
	Object.assign(site, guest.site);
	return guest;
}

/** @param {HTMLElement} frame @param {string} base @param {import("./prebind.js").Prebind} chat */
async function letGuestEnd(frame, base, chat) {
	const { visitEnd } = await loadMore();
	frame.querySelector(".side")?.append(visitEnd(TEXT, base, chat, logoutToken));
}

function templates() {
	const unread = h(
		"span",
		{ class: "unread", hidden: true },
		h("span", { class: "count" }),
		hidden(` ${TEXT.unreadWord}`),
	);
	const who = h("span", { class: "who" }, h("span", { class: "name" }), h("span", { class: "presence" }), h("span", { class: "last", dir: "auto" }));
	const end = h("span", { class: "end" }, h("time"), unread);
	const avatar = h("span", { class: "avatar", "aria-hidden": "true" });
	const contact = h("li", {}, h("button", { type: "button", class: "contact" }, avatar, who, end));
	const request = h(
		"li",
		{ class: "request" },
		h("p", {}, h("strong", { class: "name" }), ` ${TEXT.wantsPresence}`),
		h("button", { type: "button", class: "accept" }, TEXT.accept),
		h("button", { type: "button", class: "quiet deny" }, TEXT.decline),
	);
	const message = h(
		"div",
		{ class: "message" },
		hidden("", { class: "visually-hidden author" }),
		h("p", { class: "text" }),
		h("p", { class: "meta" }, h("time")),
	);
	return [
		template("contact-template", contact),
		template("request-template", request),
		template("message-template", message),
	];
}

/**
 * Builds the panel, which is hidden at first, and starts the session.
 * @param {{root: ShadowRoot, base: string, user: string, ahead?: Promise<import("./bind.js").BindAnswer>,
 *   site?: import("./bind.js").SiteInfo,
 *   onUnread: (unread: number) => void, onWanted: () => void, onClose: () => void}} parts
 *   ahead: as in the options of connect(); onWanted: as in the parts of ChatUi
 */
export function openPanel({ root, base, user, ahead, site, onUnread, onWanted, onClose }) {
	const close = h("button", { class: "quiet close", type: "button", "aria-label": TEXT.closeChat }, icon(ICONS.close));
	close.addEventListener("click", onClose);
	const bell = h("button", { class: "quiet bell", id: "notify", type: "button", "aria-label": TEXT.notify }, icon(ICONS.bell));
	const head = h("header", { class: "top" }, h("h2", { class: "name", id: "title" }, TEXT.title), bell, close);
	const frame = h(
		"div",
		{ class: "chat panel", id: "panel", role: "dialog", "aria-labelledby": "title", hidden: true },
		head,
		banner(),
		side(),
		talk(),
		h("p", { class: "visually-hidden", id: "announcer", role: "status" }),
		...templates(),
	);
	root.append(frame);
	frame.addEventListener("keydown", (event) => {
		if (event.key === "Escape" && !event.isComposing) onClose();
	});
	const guest = site?.guest ?? "";
	frame.classList.toggle("guest", guest !== "");
	const begun = site && guest === "new" ? letGuestBegin(head, base, site) : undefined;
	const chat = connect({ base, user, ahead, begun, name: site?.name, guest: guest !== "", upload: site?.upload });
	const shown = () => !frame.hidden && document.visibilityState === "visible";
	const address = () => location.href.split("#")[0];
	const ui = new ChatUi({ root, frame, chat, narrow: () => true, shown, onUnread, onWanted, base, site, address });
	if (guest) letGuestEnd(frame, base, chat).catch(() => {}); // errors are ignored; the visit also ends when the browser is closed
	document.addEventListener("visibilitychange", () => ui.seen());
	return { chat, frame, ui };
}
