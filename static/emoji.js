// The emoji that a user can put into a message.
import { h } from "./dom.js";

const EMOJI = "🙂 😀 😂 😉 😍 😎 🤔 😢 😮 😡 👍 👎 👏 🙏 💪 👋 ❤️ 🎉 🔥 ✅ ❌ ☕ 🌹 🚀".split(" ");

/**
 * Fills the emoji list. Does nothing if the site's own template has no such list.
 * @param {any} list @param {(emoji: string) => void} insert
 */
export function fillEmoji(list, insert) {
	if (!list) return;
	for (const emoji of EMOJI) {
		const button = h("button", { type: "button", class: "quiet" }, emoji);
		button.addEventListener("click", () => {
			list.hidePopover?.();
			insert(emoji);
		});
		list.append(button);
	}
}
