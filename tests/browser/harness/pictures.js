// Screenshots for people who review: every page, light and dark, wide and narrow.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER =
  process.env.CARILLON_SCREENSHOTS ?? fileURLToPath(new URL('../../../target/screenshots', import.meta.url));

/** The looks that a page is drawn in. */
export const LOOKS = [
  { width: 1440, scheme: 'light' },
  { width: 1440, scheme: 'dark' },
  { width: 360, scheme: 'light' },
  { width: 360, scheme: 'dark' },
];

/**
 * Draws the page into `NAME-WIDTH-SCHEME.png`. A busy browser now and then says that it cannot
 * capture anything, and can when it is asked again: that tells nothing of the page.
 */
export async function draw(page, name, { width, scheme }) {
  await mkdir(FOLDER, { recursive: true });
  const picture = { path: join(FOLDER, `${name}-${width}-${scheme}.png`), fullPage: true };
  await page.screenshot(picture).catch(() => page.screenshot(picture));
}
