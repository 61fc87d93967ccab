// What people do on the pages, by the words that they read there.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

/** The field with this label; what stands behind the label (“required”) does not count. */
export function field(page, label) {
  return page.getByLabel(new RegExp(`^${label}( ?required)?$`));
}

export function button(page, name) {
  return page.getByRole('button', { name });
}

export function link(page, name) {
  return page.getByRole('link', { name });
}

/** The page says this, as its heading and as its title. */
export async function isAt(page, heading) {
  const h1 = page.getByRole('heading', { level: 1, name: heading });
  await h1.waitFor();
  const text = (await h1.innerText()).trim();
  assert.equal(await page.title(), text, 'the title is the heading');
}

export async function signIn(page, { user, password }) {
  await page.goto('/sign-in');
  await field(page, 'Name').fill(user);
  await field(page, 'Password').fill(password);
  await button(page, 'Sign in').click();
  await isAt(page, 'Overview');
}

/** The code that an authenticator app with this secret shows now (RFC 6238). */
export function appCode(secret) {
  const bits = [...secret.replaceAll(' ', '')]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac('sha1', key).update(step).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** Sets up a second factor, as the first administrator must; answers the recovery codes. */
export async function setUpApp(page) {
  await isAt(page, 'Second factor');
  await button(page, 'Set it up').click();
  await page.getByRole('img', { name: 'The secret as a picture for the app' }).waitFor();
  const secret = await page.locator('[data-copy]').first().innerText();
  await field(page, 'Code that the app shows').fill(appCode(secret));
  await button(page, 'Turn it on').click();
  await page.getByText('These are your recovery codes').waitFor();
  return (await page.locator('[data-copy]').first().innerText()).trim().split(/\s+/);
}

export async function signOut(page) {
  await page.locator('summary', { hasText: /\S/ }).and(page.locator('header summary')).click();
  await button(page, 'Sign out').click();
  await isAt(page, 'Sign in');
}

/** Uploads a phone list up to its review. */
export async function upload(page, name, csv) {
  await page.goto('/phones/import');
  await page
    .getByLabel('File')
    .setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(csv, 'utf8') });
  await button(page, 'Review').click();
  await isAt(page, 'Review the import');
}

/** The number on one of the review's tiles. */
export async function tile(page, word) {
  const item = page.locator('.tiles li', { hasText: word });
  return Number((await item.locator('.tile-number').innerText()).replaceAll(',', ''));
}

/** The number behind one of the result's words. */
export async function result(page, word) {
  const term = page.locator('dt', { hasText: new RegExp(`^${word}$`) });
  return Number((await term.locator('xpath=following-sibling::dd').innerText()).replaceAll(',', ''));
}

/** Fills the phone list's filter and has the page of what it finds. */
export async function filter(page, text) {
  await page.goto('/phones');
  await page.getByRole('searchbox', { name: 'Filter', exact: true }).fill(text);
  await button(page, 'Filter').first().click();
  await page.waitForURL((url) => url.searchParams.get('q') === text, { waitUntil: 'domcontentloaded' });
}

/**
 * The numbers of a job's summary at one moment: { Waiting: 3, …, 'All phones': 40 }. A page that
 * is only just arriving may have some of them, or none: then the moment has not come yet.
 */
export async function score(page) {
  const plain = (word) => word.replace(/[^A-Za-z ]/g, '').trim();
  for (;;) {
    await page.locator('.score .score-sum .score-number').waitFor();
    const words = await page.locator('.score .score-item').evaluateAll((items) =>
      items.map((item) => [
        item.querySelector('.score-word').textContent,
        item.querySelector('.score-number').textContent,
      ]),
    );
    const counts = Object.fromEntries(
      words.map(([word, count]) => [plain(word), Number(count.replaceAll(',', ''))]),
    );
    if ('All phones' in counts) return counts;
  }
}

/** Loads a page anew by its own link, and has all of it. */
async function refresh(page) {
  await Promise.all([page.waitForEvent('domcontentloaded'), link(page, 'Refresh').click()]);
}

/** The states add up to the phones of the job. */
export function addsUp(counts) {
  const { 'All phones': total, ...states } = counts;
  const sum = Object.values(states).reduce((a, b) => a + b, 0);
  assert.equal(sum, total, JSON.stringify(counts));
}

/**
 * Watches a job until it has ended: by its feed where scripts run, by the refresh link where not.
 * Its numbers add up whenever one looks.
 */
export async function awaitEnd(page, scripts, { withinMs = 150_000 } = {}) {
  const ended = page.locator('.job-summary .badge.big', { hasNotText: /Running|Stopping|Paused/ });
  const deadline = Date.now() + withinMs;
  for (;;) {
    addsUp(await score(page));
    if ((await ended.count()) > 0) return;
    assert.ok(Date.now() < deadline, `${page.url()} has not ended`);
    if (scripts) await ended.waitFor({ timeout: 400 }).catch(() => {});
    else await refresh(page);
  }
}

/** Where a number is asked for, it is the one in the question. */
export async function confirm(page) {
  const typed = page.getByLabel(/^Type [\d,]+ to confirm/);
  if ((await typed.count()) === 0) return;
  const question = await page.getByText(/^Type [\d,]+ to confirm/).first().innerText();
  await typed.fill(question.match(/[\d,]+/)[0]);
}
