// Makes the files that browsers load: chat.js for the chat page, embed.js and embed-panel.js for the
// site's other pages, and chat-more.js for features that few visits need. Each file is a bundle of one module
// (page.js, launcher.js, panel.js, more.js) and all modules that it imports, so that one request fetches them. `make
// vendor` runs this script. The modules remain the source code. Without esbuild in node_modules each file
// only imports its module. The chat then works too, but with more requests.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const PANEL = "embed-panel.js";
const MORE = "chat-more.js";
const BANNER = "// Made by `make vendor`; the sources are beside this file. It can contain Strophe.js: see vendor/strophe.LICENSE.txt.\n";

/** The content of each file if esbuild is not installed: the file only imports its module. A site's own build can use the modules too. */
const PLAIN = {
	"chat.js": 'import "./page.js";\n',
	"embed.js": 'export * from "./launcher.js";\n',
	[PANEL]: 'export * from "./panel.js";\n',
	[MORE]: 'export * from "./more.js";\n',
};

const write = (/** @type {string} */ name, /** @type {string} */ text) => fs.writeFileSync(path.join(here, name), text);
const read = (/** @type {string} */ name) => fs.readFileSync(path.join(here, name), "utf8");

const digestOf = (/** @type {string} */ text) => createHash("sha256").update(text).digest("hex").slice(0, 12);

async function findEsbuild() {
	try {
		return await import("esbuild");
	} catch {
		return null;
	}
}

const STROPHE = "../node_modules/strophe.js/src/index.ts";
// The files of Strophe.js for other transports and for logins are left out, because the browser only continues BOSH
// sessions that are already logged in.
const UNUSED = /^\.\/(sasl-|transports\/(worker-)?websocket|stream-management)/;
const UNUSED_NAMES = ["SessionStorageBackend", "MemoryStorageBackend", "StreamManagementMirror", "isCountableStanza", "toStanzaView"];
const EMPTY = `export default class {};\n${UNUSED_NAMES.map((name) => `export class ${name} {};`).join("\n")}`;
// Functions in the remaining files of Strophe.js. Only a login, or HTML in a message, would call them.
/** @type {Record<string, string[]>} */
const NEVER_CALLED = {
	"connection.ts": [
		"bind", "restore", "authenticate", "registerSASLMechanisms", "registerSASLMechanism", "sortMechanismsByPriority", "_attemptSASLAuth",
		"_attemptLegacyAuth", "_onLegacyAuthIQResult", "_sasl_challenge_cb", "_sasl_success_cb", "_sasl_failure_cb", "_auth2_cb", "_connect_cb",
		"_onStreamFeaturesAfterSASL", "_registerSMHandlers", "_onStreamResumed", "_onStreamResumptionFailed", "_proceedToBind",
		"_onResourceBindResultIQ", "_establishSession", "_onSessionResultIQ", "_onSessionReady",
	],
	"bosh.ts": ["_connect", "_connect_cb", "_no_auth_received", "_restore", "_cacheSession"],
	"utils.ts": ["createHtml", "createFromHtmlElement", "addCookies"],
};

/**
 * Removes the bodies of the named functions and methods from a module.
 * @param {string} text the module's source @param {string[]} names
 */
function hollow(text, names) {
	return names.reduce((left, name) => {
		const whole = new RegExp(`^((?: {4})?)((?:export )?(?:async )?(?:function )?)${name}\\([^]*?\\n\\1\\}\\n`, "m");
		if (!whole.test(left)) throw new Error(`Strophe.js has no function ${name} any more: look through NEVER_CALLED in bundle.mjs`);
		return left.replace(whole, `$1$2${name}() {}\n`);
	}, text);
}

/** @param {string} file */
function readModule(file) {
	const text = fs.readFileSync(file, "utf8");
	const unused = file.includes("strophe.js") ? NEVER_CALLED[path.basename(file)] : undefined;
	return unused ? hollow(text, unused) : text.replace("import(VENDOR)", `import("${STROPHE}")`);
}

/**
 * Adds two things to the bundle that its modules do not import: Strophe.js without its unused parts,
 * and the text of the style sheets.
 * @param {typeof import("esbuild")} esbuild @returns {import("esbuild").Plugin}
 */
const parts = (esbuild) => ({
	name: "parts",
	setup({ onLoad, onResolve }) {
		onResolve({ filter: UNUSED }, ({ importer, path: name }) =>
			importer.includes("strophe.js") ? { path: name, namespace: "unused" } : undefined);
		onLoad({ filter: /./, namespace: "unused" }, () => ({ contents: EMPTY }));
		onLoad({ filter: /[/\\]styles\.js$/ }, async () => {
			const minified = ["chat.css", "embed.css"].map((name) => esbuild.transform(read(name), { loader: "css", minify: true }));
			const texts = (await Promise.all(minified)).map(({ code }) => code);
			return { contents: `export const styleTexts = async () => ${JSON.stringify(texts)};` };
		});
		onLoad({ filter: /\.[jt]s$/ }, ({ path: file }) => ({ contents: readModule(file), loader: file.endsWith(".ts") ? "ts" : "js" }));
	},
});

/**
 * @param {typeof import("esbuild")} esbuild @param {string} name @param {string} source
 * @param {import("esbuild").Plugin[]} [plugins]
 */
async function bundle(esbuild, name, source, plugins = []) {
	const { outputFiles } = await esbuild.build({
		absWorkingDir: here,
		entryPoints: [source],
		outfile: path.join(here, name),
		bundle: true,
		format: "esm",
		target: "es2022",
		minify: true,
		sourcemap: true,
		banner: { js: BANNER.trim() },
		write: false,
		logLevel: "warning",
		plugins: [...plugins, parts(esbuild)],
	});
	for (const { path: file, text } of outputFiles) write(path.basename(file), text);
	return read(name);
}

/**
 * For bundles that another bundle loads later: replaces the URLs in late.js with those of the bundles. Each URL has a digest
 * of the content. So a browser never combines a new file with an old one from its cache.
 * @param {string} more the URL of the bundle of more.js
 * @param {string} [panel] the URL of the bundle of panel.js; missing for a bundle that does not load that one
 * @returns {import("esbuild").Plugin}
 */
const loadedLater = (more, panel = `./${PANEL}`) => ({
	name: "loaded later",
	setup({ onLoad, onResolve }) {
		const contents = read("late.js").replaceAll('"./more.js"', `"${more}"`).replaceAll('"./panel.js"', `"${panel}"`);
		onLoad({ filter: /[/\\]late\.js$/ }, () => ({ contents }));
		onResolve({ filter: /^\.\/(chat-more|embed-panel)\.js/ }, ({ path: url }) => ({ path: url, external: true }));
	},
});

/** @param {string} name the file's name @param {string} text the file's content */
const urlOf = (name, text) => `./${name}?v=${digestOf(text)}`;

/** Keeps the texts of each language except English in a separate file, because a page needs only one language. */
const languagesApart = {
	name: "languages apart",
	setup({ onLoad }) {
		const texts = fs.readdirSync(path.join(here, "lang")).map((name) => read(`lang/${name}`));
		const digest = digestOf(texts.join());
		const apart = `import(["./lang/", language, ".js?v=${digest}"].join(""))`; // esbuild does not bundle a computed path
		onLoad({ filter: /[/\\]texts\.js$/ }, () => ({ contents: read("texts.js").replace("import(`./lang/${language}.js`)", apart) }));
	},
};

const esbuild = await findEsbuild();
if (esbuild) {
	const more = urlOf(MORE, await bundle(esbuild, MORE, "more.js"));
	await bundle(esbuild, "chat.js", "page.js", [loadedLater(more), languagesApart]);
	const panel = urlOf(PANEL, await bundle(esbuild, PANEL, "panel.js", [loadedLater(more)]));
	await bundle(esbuild, "embed.js", "launcher.js", [loadedLater(more, panel)]);
} else {
	console.error("esbuild is not in node_modules (npm ci): the pages load each module with a request of its own");
	for (const [name, text] of Object.entries(PLAIN)) write(name, text);
}
