// What eslint checks, and with which globals. Formatting is left to .editorconfig.
import js from "@eslint/js";

const names = (list, access = "readonly") =>
	Object.fromEntries(list.split(" ").map((name) => [name, access]));

const COMMON =
	"AbortController AbortSignal Event EventTarget Response TextDecoder TextEncoder URL URLSearchParams " +
	"clearInterval clearTimeout console crypto fetch globalThis performance queueMicrotask setInterval setTimeout";
const BROWSER =
	"BroadcastChannel CSSStyleSheet DOMParser Document Element HTMLElement Intl MessageChannel MutationObserver Node PageTransitionEvent " +
	"AudioContext GainNode XMLHttpRequest Notification OscillatorNode customElements document history indexedDB requestAnimationFrame location matchMedia navigator window XMLSerializer";
const AFTER_NODE_18 = "toSorted toReversed toSpliced fromAsync groupBy withResolvers isSubsetOf symmetricDifference".split(" ");
const NODE = "Buffer process setImmediate";

export default [
	{ ignores: ["build/", "artifacts/", "node_modules/", "static/vendor/", "static/chat.js", "static/chat-more.js", "static/embed.js", "static/embed-panel.js"] },
	js.configs.recommended,
	{
		languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: names(COMMON) },
		linterOptions: { reportUnusedDisableDirectives: "error" },
		rules: {
			eqeqeq: "error",
			"no-console": "error",
			"no-eval": "error",
			"no-implied-eval": "error",
			"no-shadow": "error",
			"no-var": "error",
			"prefer-const": "error",
			"no-restricted-properties": [
				"error",
				{ property: "innerHTML", message: "Text goes in by textContent." },
				{ property: "outerHTML", message: "Text goes in by textContent." },
				{ property: "insertAdjacentHTML", message: "Text goes in by textContent." },
				...AFTER_NODE_18.map((property) => ({ property, message: "Node 18 and older browsers do not have it." })),
			],
		},
	},
	{
		files: ["static/**/*.js"],
		languageOptions: { globals: names(BROWSER) },
		rules: {
			"no-restricted-globals": ["error", "localStorage", "sessionStorage", "name", "event"],
		},
	},
	{
		files: ["tests/**/*.mjs", "static/*.mjs", "*.mjs"],
		languageOptions: { globals: { ...names(NODE), ...names(BROWSER) } },
		rules: { "no-console": "off" },
	},
];
