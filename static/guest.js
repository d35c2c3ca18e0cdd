// A guest is a visitor who is not logged in. A guest says a name first, and only then there is a
// session: a page that nobody uses, or that a crawler reads, makes none.
import { askWho } from "./bind.js";
import { h } from "./dom.js";
import { cleanText } from "./stanza.js";

/** @typedef {{user: string, site: import("./bind.js").SiteInfo, name: string}} Begun name: as it was typed */

/** Takes the form away. The keyboard goes on with what was behind it. @param {HTMLFormElement} form */
function leave(form) {
	const whole = form.closest("main") ?? form;
	let next = /** @type {HTMLElement | null} */ (whole.nextElementSibling);
	while (next?.hidden) next = /** @type {HTMLElement | null} */ (next.nextElementSibling);
	whole.remove();
	if (next?.localName === "main") next = /** @type {HTMLElement | null} */ (next.firstElementChild); // main has no box
	if (!next) return;
	next.tabIndex = -1;
	next.focus();
}

/**
 * Waits until the guest has said a name, and removes the form. A name that the server refuses can be
 * typed again.
 * @param {typeof import("./texts.js").TEXT} TEXT
 * @param {HTMLFormElement} form with one field, one button and a place for errors
 * @param {() => import("./bind.js").How} how
 * @returns {Promise<Begun>}
 */
export function guestBegins(TEXT, form, how) {
	/** @param {string} selector @returns {any} */
	const part = (selector) => form.querySelector(selector);
	return new Promise((resolve) => {
		form.addEventListener("submit", async (event) => {
			event.preventDefault();
			const name = cleanText(part("input").value).replace(/\s+/g, " ").trim();
			if (name === "") return;
			part("[type=submit]").disabled = true;
			const answer = await askWho(how(), name);
			part("[type=submit]").disabled = false;
			if (answer.kind === "user" && !answer.site.guest) {
				location.reload(); // has logged in elsewhere
			} else if (answer.kind === "user") {
				leave(form);
				resolve({ ...answer, name });
			} else {
				part("[role=alert]").textContent = answer.kind === "refused" ? TEXT.guestRefused : TEXT.guestLater;
			}
		});
	});
}

/**
 * The button with which a guest ends the visit on a page of the site. The page is loaded again, where another visit can begin.
 * @param {typeof import("./texts.js").TEXT} TEXT
 * @param {string} base where prebind is mounted
 * @param {import("./prebind.js").Prebind} chat
 * @param {typeof import("./logout.js").logoutToken} logoutToken the panel's own, as only one copy of parse.js can make the policy
 */
export function visitEnd(TEXT, base, chat, logoutToken) {
	const button = /** @type {HTMLButtonElement} */ (h("button", { class: "quiet", type: "button" }, TEXT.endVisit));
	button.addEventListener("click", async () => {
		button.disabled = true;
		const [token] = await Promise.all([logoutToken(base).catch(() => ""), chat.logout()]);
		const body = new URLSearchParams({ token });
		if (token) await fetch(`${base}/logout`, { method: "POST", body, redirect: "manual" }).catch(() => {});
		location.reload();
	});
	return h("div", { class: "end-visit" }, button);
}
