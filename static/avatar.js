// The avatar of a person: initials on a colour, or the picture that the site has.
import { h } from "./dom.js";

const HUES = 8; // the number of avatar colours in chat.css

/**
 * Draws initials on a colour that depends only on the name. The picture covers the initials as soon as
 * the picture has loaded.
 * @param {Element} avatar @param {string} name @param {string} [picture] the picture's URL; "" if there is none
 */
export function drawAvatar(avatar, name, picture = "") {
	const of = `${name}\n${picture}`;
	if (avatar.getAttribute("data-of") === of) return; // drawing again would fetch the picture again
	avatar.setAttribute("data-of", of);
	const letters = name
		.split(/[\s._@-]+/)
		.filter(Boolean)
		.slice(0, name.includes("@") ? 1 : 2)
		.map((word) => Array.from(word)[0].toLocaleUpperCase());
	const sum = Array.from(name).reduce((hash, c) => (hash * 31 + (c.codePointAt(0) ?? 0)) % 65_521, 7);
	avatar.textContent = letters.join("");
	avatar.setAttribute("data-hue", String(sum % HUES));
	if (!picture) return;
	const image = h("img", { src: picture, alt: "", loading: "lazy", referrerpolicy: "no-referrer" });
	image.addEventListener("error", () => image.remove());
	avatar.append(image);
}
