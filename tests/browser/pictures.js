// Makes small pictures for review out of the screenshots: WebP, scaled, nothing but pages.
//
// Chromium does the work, because it is there: no image library, no upload, no network.

import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './harness/browser.js';

const FROM = process.env.CARILLON_SCREENSHOTS ?? fileURLToPath(new URL('../../target/screenshots', import.meta.url));
const TO = fileURLToPath(new URL('../../docs/screens', import.meta.url));
/** All pictures together; the folder is part of every clone. */
const MOST_BYTES = 6_000_000;
/** Widths of the pictures by the width of the page, and how much of a long page is shown. */
const SIZES = { 1440: { width: 960, height: 1400 }, 360: { width: 360, height: 1500 } };
const QUALITY = 0.43;

const browser = await launch();
const page = await browser.newPage();
await rm(TO, { recursive: true, force: true });
await mkdir(TO, { recursive: true });
let sum = 0;
for (const name of (await readdir(FROM)).filter((one) => one.endsWith('.png')).sort()) {
  const size = SIZES[name.match(/-(\d+)-(?:light|dark)\.png$/)?.[1]];
  if (!size) continue;
  const source = (await readFile(join(FROM, name))).toString('base64');
  const webp = await page.evaluate(shrink, { source, ...size, quality: QUALITY });
  const file = join(TO, name.replace(/png$/, 'webp'));
  await writeFile(file, Buffer.from(webp, 'base64'));
  sum += (await stat(file)).size;
}
await browser.close();
console.log(`${TO}: ${sum} of ${MOST_BYTES} bytes`);
if (sum > MOST_BYTES) process.exitCode = 1;

/** Runs in the browser. */
async function shrink({ source, width, height, quality }) {
  const image = new Image();
  image.src = `data:image/png;base64,${source}`;
  await image.decode();
  const scale = width / image.naturalWidth;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = Math.min(height, Math.round(image.naturalHeight * scale));
  const pen = canvas.getContext('2d');
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(image, 0, 0, width, Math.round(image.naturalHeight * scale));
  return canvas.toDataURL('image/webp', quality).split(',')[1];
}
