/*
 * axe-core's rules for what a page shows: WCAG 2.2 AA and what its authors hold for good practice. A page that is looked
 * at has to be opened with bypassCSP, as axe is put into it.
 */
import fs from "node:fs";
import path from "node:path";
import { top } from "./place.mjs";

const AXE = fs.readFileSync(path.join(top, "node_modules/axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * What axe finds wrong, a line each.
 * @param {import('playwright-core').Page} page
 * @param {string} where for the lines
 * @param {object} [context] as axe.run takes it: what is looked at, and what is not
 */
export async function violations(page, where, context) {
	await page.evaluate(AXE);
	const { violations: found } = await page.evaluate(([on, tags]) => window.axe.run(on ?? document, { runOnly: tags }), [context, TAGS]);
	return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${where}: ${id}: ${target}: ${failureSummary}`));
}
