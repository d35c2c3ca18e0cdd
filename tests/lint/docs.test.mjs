// Every configuration key and every route is in the manual, and the manual names none that does not exist.
import assert from "node:assert/strict";
import { test } from "node:test";
import { find, none, read } from "./repository.mjs";

const CONFIGURATION = "docs/configuration.md";
const ROUTES = "docs/routes.md";

/** The keys of the table, in its order. */
function confKeys() {
	const keys = [...read("cgi/conf/keys.c").matchAll(/^\t?\s*\{(?:SERVER|SITE|SITE_MS)\((\w+)\)/gm)].map(([, name]) => name);
	assert.ok(keys.length > 20, "cgi/conf/keys.c no longer looks as this test reads it");
	return keys;
}

/** path to methods */
function routes() {
	const rows = [...read("cgi/page/routes.c").matchAll(/\.path = "([^"]+)",\s*\.methods = ([^,]+),/g)]
		.map(([, path, methods]) => [path, methods.match(/HTTP_\w+/g).map((name) => name.slice(5))]);
	assert.ok(rows.length >= 5, "cgi/page/routes.c no longer looks as this test reads it");
	return rows;
}

/** What stands in `backquotes` at the beginning of a table row, a list item or a heading. */
function terms(file) {
	return new Set([...read(file).matchAll(/^(?:\| *|[*-] +|#+ +)((?:`[^`]+`(?:, )?)+)/gm)]
		.flatMap(([, list]) => [...list.matchAll(/`([^`]+)`/g)].map(([, term]) => term)));
}

test(`every key is in ${CONFIGURATION}`, () => {
	const documented = terms(CONFIGURATION);
	none(confKeys().filter((key) => !documented.has(key)), "not documented:");
});

test(`${CONFIGURATION} invents no key`, () => {
	const keys = new Set(confKeys());
	const invented = [...terms(CONFIGURATION)].filter((term) => /^[a-z]+(_[a-z]+)+$/.test(term) && !keys.has(term));
	none(invented, "no such key:");
});

test(`every route is in ${ROUTES}, with its methods`, () => {
	const lines = read(ROUTES).split("\n");
	const findings = routes().flatMap(([path, methods]) => {
		const line = lines.find((text) => /^(\||#|[*-] )/.test(text) && text.includes(`\`${path}\``));
		if (!line)
			return [`${path}: not there`];
		return methods.filter((method) => !line.includes(method)).map((method) => `${path}: ${method} is missing beside it`);
	});
	none(findings, "not documented:");
});

test("links between the documents lead somewhere", () => {
	const findings = [];
	for (const file of [...find("docs", /\.md$/), "README.md"]) {
		for (const [, link] of read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
			const target = link.startsWith("/") ? link.slice(1) : new URL(link, `file:///${file}`).pathname.slice(1);
			try {
				read(target);
			} catch (error) {
				if (error.code !== "EISDIR")
					findings.push(`${file}: ${link}`);
			}
		}
	}
	none(findings, "dead links:");
});

test("the web servers that we configure have more patience than a request may take", () => {
	const [, limit] = /^#define REQUEST_MS (\d+)$/m.exec(read("cgi/serve/server.h"));
	const waits = {
		"apache/prebind.conf": [/^ProxyPassMatch .*fcgi:.* timeout=(\d+)/gm, 1],
		"apache/prebind-fcgid.conf": [/^FcgidCmdOptions .* IOTimeout (\d+)/gm, 1],
		"lighttpd/prebind.conf": [/"(?:read|write)-timeout" => (\d+)/g, 2],
		"lighttpd/prebind-spawn.conf": [/"(?:read|write)-timeout" => (\d+)/g, 2],
		"lighttpd/prebind-cgi.conf": [/"(?:read|write)-timeout" => (\d+)/g, 2],
		"nginx/prebind.conf": [/^\s*fastcgi_(?:read|send)_timeout (\d+)s;/gm, 2],
	};
	for (const [file, [pattern, count]] of Object.entries(waits)) {
		const seconds = [...read(file).matchAll(pattern)].map(([, number]) => Number(number));
		assert.equal(seconds.length, count, file);
		none(seconds.filter((wait) => wait * 1000 <= Number(limit)).map((wait) => `${file}: ${wait} s`), "too short:");
	}
});
