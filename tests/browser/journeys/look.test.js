// How it looks and reaches with phones that have results: sizes of type, headings that stay, menus
// that close, the keyboard's way to what is done with many phones.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { holdToWidth } from '../harness/axe.js';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { awaitEnd, button, confirm, field, isAt, signIn } from '../harness/steps.js';

/** More steps than this to what can be done with a page of phones are no way for a person. */
const MOST_TABS = 40;
/** A tick, the phone, and the job of its last result. */
const STOPS_OF_A_ROW = 3;
/** As high as that, the bar takes a tenth of a narrow screen. */
const MOST_OF_A_BAR = 84;
/** A line of buttons and what is around it. */
const MOST_OF_A_LOW_BAR = 60;
const MANY_COLUMNS = 'extension,model,site,address,state,ready,firmware,result,tags,mac';

describe('phones that have results', { timeout: 300_000 }, () => {
  let browser, server;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 60 })]);
    const page = await openPage(browser, server);
    await signIn(page, server);
    await readSettings(page);
    await finish(page);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('has the five sizes of type', async () => {
    const page = await laptop(browser, server);
    await page.goto('/phones');
    const size = (selector) => page.locator(selector).first().evaluate((one) => getComputedStyle(one).fontSize);
    assert.equal(await size('body'), '14px');
    assert.equal(await size('h1'), '28px');
    assert.equal(await size('.brand'), '16px');
    assert.equal(await size('thead th'), '13px');
    await page.goto('/run?filter=site:hamburg&action=Reboot');
    assert.equal(await size('.hint'), '13px');
    await button(page, 'Review').click();
    await isAt(page, /^Review: /);
    assert.equal(await size('.review-sentence'), '20px');
    await finish(page);
  });

  for (const locale of ['en-GB', 'de-DE']) {
    it(`is no wider than a laptop, ${locale}`, async () => {
      const page = await laptop(browser, server, { locale });
      for (const path of ['/phones?q=site:hamburg', `/phones?cols=${MANY_COLUMNS}`, '/jobs', '/audit']) {
        await page.goto(path);
        await holdToWidth(page);
      }
      await finish(page);
    });
  }

  it('stays where it was drawn when the scripts come', async () => {
    const page = await laptop(browser, server);
    for (const path of ['/phones', `/phones?cols=${MANY_COLUMNS}`, '/groups', '/jobs', '/audit']) {
      await scriptsCameLate(page, path);
      assert.deepEqual(await page.evaluate(movedSince), [], path);
    }
    await finish(page);
  });

  it('keeps the heading of a long table in sight', async () => {
    const page = await laptop(browser, server);
    await page.goto('/audit');
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight / 2));
    const heading = page.getByRole('columnheader', { name: 'Who', exact: true });
    const below = (await page.locator('header.top').boundingBox()).height;
    await inSight(page, heading);
    assert.ok(Math.abs((await heading.boundingBox()).y - below) < 3);
    await finish(page);
  });

  it('keeps heading and names of a wide table in sight', async () => {
    const page = await laptop(browser, server);
    await page.goto(`/phones?cols=${MANY_COLUMNS}`);
    const table = page.getByRole('region', { name: /table$/ });
    await table.evaluate((one) => one.scrollTo(one.scrollWidth, one.scrollHeight / 2));
    const [edge, heading] = await Promise.all([table.boundingBox(), page.locator('thead th').nth(1).boundingBox()]);
    assert.ok(Math.abs(heading.y - edge.y) < 3, 'the heading stays');
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    const [top, below] = await Promise.all([page.locator('header.top').boundingBox(), page.locator('thead th').nth(1).boundingBox()]);
    assert.ok(below.y > top.height - 1, 'nor does it leave with the page');
    const rows = await page.locator('tbody th').evaluateAll((names) => names.map((one) => one.getBoundingClientRect().left));
    assert.ok(rows.every((left) => Math.abs(left - edge.x) < 3), 'the names stay');
    await finish(page);
  });

  it('is a few steps of the keyboard from what can be done', async () => {
    for (const scripts of [true, false]) {
      const page = await laptop(browser, server, { scripts });
      await page.goto('/phones?q=site:hamburg');
      const stops = await page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.querySelectorAll('a, input').length));
      assert.ok(stops.length > 10 && Math.max(...stops) === STOPS_OF_A_ROW, stops.join(' '));
      await tabTo(page, 'Skip to what can be done with the phones');
      await page.keyboard.press('Enter');
      await tabTo(page, 'Run command…');
      await finish(page);
    }
  });

  it('has a key for what can be done', async () => {
    const page = await laptop(browser, server);
    await page.goto('/phones?q=site:hamburg');
    await page.keyboard.press('b');
    assert.equal(await page.evaluate(() => document.activeElement.closest('.bulk') !== null), true);
    await finish(page);
  });

  it('opens one menu at a time, and closes it with Escape and beside it', async () => {
    const page = await laptop(browser, server);
    await page.goto('/phones');
    const open = page.locator('details.pop[open]');
    const opened = async (word) => (await open.locator('summary').allInnerTexts()).join() === word;
    const press = (word) => page.locator('summary', { hasText: word }).click();
    await press('Views');
    await press('Columns');
    assert.ok(await opened('Columns'));
    await page.keyboard.press('Escape');
    assert.equal(await open.count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement.localName), 'summary');
    await press('Views');
    await page.getByRole('heading', { level: 1 }).click();
    assert.equal(await open.count(), 0);
    await finish(page);
  });

  it('finds sites and commands in the palette, and does nothing unasked', async () => {
    const page = await laptop(browser, server);
    await page.goto('/phones');
    let downloads = 0;
    page.on('download', () => { downloads += 1; });
    await page.keyboard.press('Control+k');
    const options = page.getByRole('option');
    const words = await options.allInnerTexts();
    assert.ok(words.some((word) => word.startsWith('Limits')), 'the places of an administrator');
    await page.keyboard.press('Enter');
    await isAt(page, 'Overview');
    assert.equal(downloads, 0);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('hamburg');
    await page.getByRole('option', { name: /site Hamburg/ }).waitFor();
    assert.match(await page.getByRole('option').first().innerText(), /site Hamburg/, 'the place stands before phones');
    await page.getByRole('combobox').fill('restart');
    await page.getByRole('option', { name: /^Restart the phone/ }).click();
    await isAt(page, 'Run a command');
    assert.ok(await page.getByRole('radio', { name: /^Restart the phone/ }).isChecked());
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('sign out');
    await page.getByRole('option', { name: /^Sign out/ }).click();
    await isAt(page, 'Sign in');
    await finish(page);
  });

  it('draws the code for the app so that the field is in sight', async () => {
    const page = await laptop(browser, server);
    await page.goto('/account/second-factor');
    await button(page, 'Set it up').click();
    const picture = page.getByRole('img', { name: 'The secret as a picture for the app' });
    await picture.waitFor();
    assert.ok((await picture.boundingBox()).width <= 240);
    await finish(page);
  });

  it('is as wide as a narrow screen where times tell another zone', async () => {
    for (const scripts of [true, false]) {
      const page = await openPage(browser, server, { width: 320, scripts, zone: 'Asia/Kathmandu' });
      await signIn(page, server);
      await page.goto('/audit');
      await holdToWidth(page);
      await finish(page);
    }
  });

  it('wraps a name without spaces on a narrow screen', async () => {
    const page = await openPage(browser, server, { width: 360 });
    await signIn(page, server);
    await page.goto('/phones/new');
    await field(page, 'MAC address').fill('00:15:65:ee:00:03');
    const name = 'Besprechungsraum'.repeat(6);
    await page.locator('[name="label"]').fill(name);
    await page.locator('main form button[type=submit]').last().click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    for (const path of ['/phones?q=mac:001565ee0003', '/phones/00:15:65:ee:00:03/delete']) {
      await page.goto(path);
      await page.getByText(name).first().waitFor();
      await holdToWidth(page);
    }
    await finish(page);
  });

  it('wraps a name without spaces on every page that tells it', async () => {
    const page = await openPage(browser, server);
    await signIn(page, server);
    await page.goto('/phones/new');
    await field(page, 'MAC address').fill('00:15:65:ee:00:04');
    const name = 'Konferenzsaal'.repeat(15);
    await page.locator('[name="label"]').fill(name);
    await page.locator('main form button[type=submit]').last().click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    for (const width of [320, 900, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      for (const path of ['/', '/audit', '/phones/00:15:65:ee:00:04', '/phones/00:15:65:ee:00:04/delete']) {
        await page.goto(path);
        await page.getByText(name).first().waitFor();
        await holdToWidth(page);
      }
    }
    await finish(page);
  });

  it('keeps the bar of ticks in sight on a low window, in one line', async () => {
    const page = await openPage(browser, server, { width: 640 });
    await signIn(page, server);
    await page.setViewportSize({ width: 640, height: 400 });
    await page.goto('/phones');
    await page.locator('[data-row]').nth(3).scrollIntoViewIfNeeded();
    await inSight(page, button(page, 'Run command…'));
    const { height } = await page.locator('.bulk').boundingBox();
    assert.ok(height <= MOST_OF_A_LOW_BAR, `${height} high`);
    await finish(page);
  });

  it('keeps the menu of columns within a low window', async () => {
    const page = await laptop(browser, server);
    await page.goto('/phones?q=-tag:nobody');
    await page.locator('summary', { hasText: 'Columns' }).click();
    const menu = await page.locator('.pop[open] .pop-body').boundingBox();
    assert.ok(menu.y + menu.height <= 768, `ends at ${menu.y + menu.height}`);
    await finish(page);
  });

  it('shows where one is on a narrow screen, and keeps the bar of ticks to two lines', async () => {
    for (const scripts of [true, false]) {
      const page = await openPage(browser, server, { width: 320, scripts });
      await signIn(page, server);
      await page.goto('/admin/settings');
      await inSight(page, page.locator('.side [aria-current]'));
      await page.goto('/phones');
      await page.getByRole('checkbox', { name: /^Select (?!all)/ }).first().check();
      const bar = page.locator('.bulk');
      assert.ok((await bar.boundingBox()).height <= MOST_OF_A_BAR, `${(await bar.boundingBox()).height} high`);
      await inSight(page, button(page, 'Run command…'));
      for (const one of [/^Ticked here/, /^All \d+ matching/]) await inSight(page, page.getByRole('radio', { name: one }));
      for (let step = 0; step < 40; step += 1) {
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate(isBehindTheBar), false);
      }
      assert.equal(await button(page, 'Edit…').isVisible(), false);
      await bar.locator('summary', { hasText: 'More…' }).click();
      await inSight(page, page.getByRole('radio', { name: /^All \d+ matching/ }));
      await button(page, 'Edit…').click();
      await isAt(page, 'Edit 1 phone');
      await finish(page);
    }
  });
});

/** Runs in the page: whether one cannot see what has the focus, for the bar. */
function isBehindTheBar() {
  const [one, bar] = [document.activeElement, document.querySelector('.bulk')];
  return !bar.contains(one) && one.getBoundingClientRect().bottom > bar.getBoundingClientRect().top + 1;
}

/** A laptop as most have it. */
async function laptop(browser, server, look = {}) {
  const page = await openPage(browser, server, { width: 1366, ...look });
  await page.setViewportSize({ width: 1366, height: 768 });
  await page.goto('/sign-in');
  await page.locator('[name=username]').fill(server.user);
  await page.locator('[name=password]').fill(server.password);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === '/');
  return page;
}

/** Opens a page where the scripts that it is drawn without come when it is drawn, as over a slow line. */
async function scriptsCameLate(page, path) {
  let release;
  const drawn = new Promise((done) => { release = done; });
  const isLate = /\/(select|copy|islands|job)\.[^/]*js/;
  await page.route(isLate, async (route) => {
    await drawn;
    await route.continue();
  });
  await page.goto(path, { waitUntil: 'commit' });
  await page.locator('#page-end').waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  release();
  await page.waitForLoadState();
  await page.unroute(isLate);
}

/** Runs in the page: what moved on it so far. */
function movedSince() {
  return new Promise((told) => {
    const moved = [];
    const watcher = new PerformanceObserver((list) => moved.push(...list.getEntries()));
    watcher.observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => told(
      moved.flatMap((entry) => entry.sources.map(({ node }) => `${node?.nodeName}.${node?.className}`)),
    ))));
  });
}

/** Gives the phones of a site a last result. */
async function readSettings(page) {
  await page.goto('/run?filter=site:hamburg&action=phonecfg');
  await page.getByRole('radio', { name: /^Read the phone/ }).check();
  await field(page, 'Reason').fill('to have results');
  await button(page, 'Review').click();
  await isAt(page, /^Review: /);
  await confirm(page);
  await page.locator('.form-end button:not([name=back])').click();
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
  await awaitEnd(page, true);
}

/** Goes on with Tab until the focus is on what has this name. */
async function tabTo(page, name) {
  for (let step = 0; step < MOST_TABS; step += 1) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => document.activeElement.innerText?.trim());
    if (here === name) return;
  }
  assert.fail(`${MOST_TABS} times Tab and not at ${name}`);
}

async function inSight(page, what) {
  const [box, size] = [await what.boundingBox(), page.viewportSize()];
  assert.ok(box && box.x >= 0 && box.x + box.width <= size.width && box.y >= 0 && box.y + box.height <= size.height, JSON.stringify(box));
}
