/*
 * Checks a page by axe-core's rules for WCAG 2.2 AA and for good practice. The page must be opened
 * with bypassCSP, because axe is put into it.
 */
import fs from "node:fs";
import path from "node:path";
import { top } from "./place.mjs";

const AXE = fs.readFileSync(path.join(top, "node_modules/axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * Ends the animations that end by themselves. A message that fades in has too little contrast until
 * then.
 */
const endAnimations = () => document.getAnimations()
	.filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
	.forEach((animation) => animation.finish());

/**
 * Returns what axe finds wrong, one line for each fault.
 * @param {import('playwright-core').Page} page
 * @param {string} where the beginning of the lines
 * @param {object} [context] the context of axe.run: what it checks, and what not
 */
export async function violations(page, where, context) {
	await page.evaluate(AXE);
	await page.evaluate(endAnimations);
	const { violations: found } = await page.evaluate(([on, tags]) => window.axe.run(on ?? document, { runOnly: tags }), [context, TAGS]);
	return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${where}: ${id}: ${target}: ${failureSummary}`));
}
