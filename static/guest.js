// A guest is a visitor who is not logged in. The session begins only after the guest has entered a
// name. So a page that nobody uses, or that a crawler reads, does not open a session.
import { askWho } from "./bind.js";
import { h } from "./dom.js";
import { cleanText } from "./stanza.js";

/** @typedef {{user: string, site: import("./bind.js").SiteInfo, name: string}} Begun name: as it was typed */

/** Removes the form, and moves the keyboard focus to the element after it. @param {HTMLFormElement} form */
function leave(form) {
	const whole = form.closest("main") ?? form;
	let next = /** @type {HTMLElement | null} */ (whole.nextElementSibling);
	while (next?.hidden) next = /** @type {HTMLElement | null} */ (next.nextElementSibling);
	whole.remove();
	// main itself has no box, so it cannot have the focus
	if (next?.localName === "main") next = /** @type {HTMLElement | null} */ (next.firstElementChild);
	if (!next) return;
	next.tabIndex = -1;
	next.focus();
}

/**
 * Waits until the guest has entered a name, and removes the form. If the server refuses the name, the
 * guest can enter another one.
 * @param {typeof import("./texts.js").TEXT} TEXT
 * @param {HTMLFormElement} form has one field, one button and an element with the role `alert` for errors
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
				location.reload(); // the visitor has logged in meanwhile, for example in another tab
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
 * For the chat panel on the site's pages: makes the button with which a guest ends the visit. When the visit has
 * ended, the page is loaded again, so that another visit can begin.
 * @param {typeof import("./texts.js").TEXT} TEXT
 * @param {string} base where prebind is mounted
 * @param {import("./prebind.js").Prebind} chat
 * @param {typeof import("./logout.js").logoutToken} logoutToken the panel's copy of this function, because only one copy of
 *   parse.js can create the policy for trusted types
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
