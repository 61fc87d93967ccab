// Accessibility: axe finds nothing on any page.

import assert from 'node:assert/strict';
import { AxeBuilder } from '@axe-core/playwright';

/** WCAG 2.2 A and AA, and what axe calls best practice. Needs a page with scripts on. */
export async function holdToAxe(page) {
  // Pages have no frames; without this each look at one opens another page, which takes as long as the look.
  const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode(true).analyze();
  const told = violations.map(
    ({ id, help, nodes }) => `${id}: ${help} — ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`,
  );
  assert.deepEqual(told, [], `axe on ${page.url()}`);
}

/** On a narrow screen nothing makes the whole page scroll sideways. */
export async function holdToWidth(page) {
  const [wide, seen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  assert.ok(wide <= seen, `${page.url()} is ${wide} wide where ${seen} are seen`);
}
