// Elements with data-prebind-chat in the site's page open a conversation with a user. This module draws a dot
// beside each element whose user is online. Presence is known only for contacts, and only during a session.
import { h } from "./dom.js";
import { TEXT } from "./texts.js";

const SELECTOR = "[data-prebind-chat]";
const DOT = "data-prebind-dot";
const COLOURS = /** @type {Record<string, string>} */ ({ online: "#1a7f37", away: "#9a6700", xa: "#9a6700", dnd: "#b42318" });
const SHOWN = ["away", "xa", "dnd"];

/**
 * Sets each style by script. A page's Content-Security-Policy can forbid style attributes, but not styles set in this way.
 * @param {HTMLElement} dot @param {string} colour
 */
function style(dot, colour) {
	const values = { display: "inline-block", width: "0.6em", height: "0.6em", "margin-inline-start": "0.35em", "border-radius": "50%", background: colour };
	for (const [key, value] of Object.entries(values)) dot.style.setProperty(key, value);
}

/** @param {Element} element @param {"online" | "away" | "xa" | "dnd" | ""} show "" if not online or not known */
function drawDot(element, show) {
	const before = /** @type {HTMLElement | null} */ (element.querySelector(`[${DOT}]`));
	if ((before?.getAttribute(DOT) ?? "") === show) return;
	before?.remove();
	if (!show) return;
	const dot = h("span", { [DOT]: show, role: "img", "aria-label": TEXT[show], title: TEXT[show] });
	style(dot, COLOURS[show]);
	element.append(dot);
}

/**
 * Keeps the dots up to date, also for elements that are added later.
 * @param {{chat: import("./prebind.js").Prebind, ui: import("./ui.js").ChatUi}} panel
 */
export function drawDots({ chat, ui }) {
	let asked = false;
	const drawAll = () => {
		asked = false;
		for (const element of document.querySelectorAll(SELECTOR)) {
			const show = ui.showOfUser(element.getAttribute("data-prebind-chat") ?? "");
			drawDot(element, show === "chat" || show === "" ? "online" : /** @type {any} */ (SHOWN.find((each) => each === show) ?? ""));
		}
	};
	const draw = () => {
		if (!asked) requestAnimationFrame(drawAll);
		asked = true;
	};
	for (const type of ["presence", "roster", "ready", "lost", "people"]) chat.addEventListener(type, draw);
	new MutationObserver(draw).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-prebind-chat"] });
	draw();
}
