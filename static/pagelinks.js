// Lets elements of the site's own pages open something in the chat. An attribute marks these
// elements. They can be added at any time, and work with a mouse and by keyboard.

const NATIVE = "a[href], button, input, select, textarea, summary"; // these work by keyboard without our help

/**
 * Makes an element usable by keyboard.
 * @param {Element} element
 */
function makeUsable(element) {
	if (element.matches(NATIVE)) return;
	if (!element.hasAttribute("role")) element.setAttribute("role", "button");
	if (!element.hasAttribute("tabindex")) element.setAttribute("tabindex", "0");
}

/**
 * Calls `use` when somebody clicks an element with the attribute, or uses it by keyboard.
 * @param {string} attribute @param {(element: HTMLElement, event: Event) => void} use
 */
export function onPageLinks(attribute, use) {
	const selector = `[${attribute}]`;
	const found = (/** @type {Event} */ { target }) => (target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(selector)) : null);
	const look = () => document.querySelectorAll(selector).forEach(makeUsable);
	document.addEventListener("click", (event) => {
		const element = found(event);
		const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.defaultPrevented;
		if (element && plain) use(element, event);
	});
	document.addEventListener("keydown", (event) => {
		const element = found(event);
		if (!element || element.matches(NATIVE) || !["Enter", " "].includes(event.key)) return;
		event.preventDefault();
		use(element, event);
	});
	look();
	new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: [attribute] });
}
