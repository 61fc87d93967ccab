// Somebody watches a job: nothing moves under the mouse, updates can be told to stand still, rows
// come when they are asked for, and at the end the page says one thing only.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { holdToAxe, holdToWidth } from '../harness/axe.js';
import { finish, launch, openPage } from '../harness/browser.js';
import { PASSWORD, fill } from '../harness/house.js';
import { draw } from '../harness/pictures.js';
import { startEmpty, startPhones } from '../harness/server.js';
import { addsUp, button, confirm, field, isAt, link, score, signIn } from '../harness/steps.js';

const TITLE = 'Restart · 60 phones';
// Slow enough that one watches: two at a time, each asked twice.
const FLEET = {
  timing: { answer_ms: 600, reboot_min_ms: 500, reboot_max_ms: 1000 },
  sites: [
    {
      name: 'Kiel',
      transport_security: 'plain_http',
      auth: 'basic',
      username: 'admin',
      password: 'kiel-example-4711',
      phones: 60,
      profiles: { 'forbidden-ip': 3, 'not-found': 2, 'server-error': 2, refused: 1 },
    },
  ],
};
const LOOKS = [
  { width: 1280, scheme: 'light' },
  { width: 390, scheme: 'dark' },
];
/** What one aims at above the rows, and what would be pushed by what comes there. */
const ABOVE = [
  '.controls > :not([hidden]) .button', '.job-line', '.score', '.score-item', '.bar.tall', '.switch .button', '.rows-changed', '.causes', '.causes > ul', '.unfold',
  '#phones .section-head', '.tabs',
];
const AIMS = [...ABOVE, '#phones .table', '#phones tbody tr', '#about'];

describe('a job that somebody watches', { timeout: 300_000 }, () => {
  let browser, server, phones, elsewhere, job, bad, counts, outcome;
  const people = {};
  const open = async (user, options) => {
    const page = await openPage(browser, server, options);
    await page.context().addInitScript(remember);
    await signIn(page, { user, password: PASSWORD });
    return page;
  };
  before(async () => {
    [browser, server, phones] = await Promise.all([launch(), startEmpty(['--allow-loopback']), startPhones(FLEET)]);
    await fill(server, phones, FLEET, { 'o.operator': 'operator', 'c.colleague': 'operator' });
    people.wide = await open('o.operator', LOOKS[0]);
    people.narrow = await open('o.operator', LOOKS[1]);
    people.quiet = await open('o.operator', { zone: 'Asia/Kolkata' });
    elsewhere = await people.wide.context().newPage();
    await elsewhere.goto(`${server.url}/`);
    people.colleague = await open('c.colleague');
    people.plain = await openPage(browser, server, { scripts: false });
    await signIn(people.plain, { user: 'c.colleague', password: PASSWORD });
    job = await restartEverything(people.wide);
    await Promise.all(['narrow', 'quiet', 'colleague', 'plain'].map((who) => people[who].goto(job)));
  });
  after(async () => {
    await browser?.close();
    await Promise.all([server?.stop(), phones?.stop()]);
  });

  it('is the same page without scripts', async () => {
    const page = people.plain;
    addsUp(await score(page));
    await link(page, 'Refresh').waitFor();
    await link(page, 'Stop…').waitFor();
    assert.equal(await button(page, /updates|Tell me/).count(), 0);
    assert.equal(await page.locator('[aria-disabled]').count(), 0);
    assert.equal(await page.getByText('All causes').isVisible(), false);
  });

  it('moves nothing while numbers and causes come', async () => {
    const pages = [people.wide, people.narrow];
    for (const page of pages) await button(page, 'Pause updates').waitFor();
    const [boxes, counts, causes] = [await all(pages, (page) => aims(page)), await all(pages, score), await all(pages, countOfCauses)];
    const rows = await all(pages, rowsOf);
    for (const [index, page] of pages.entries()) {
      await page.locator('.causes .cause').nth(causes[index]).waitFor();
      await changed(page).waitFor();
      addsUp(await score(page));
      assert.notDeepEqual(await score(page), counts[index], 'the numbers go on');
      assert.deepEqual(await aims(page), boxes[index], `nothing moved, ${page.viewportSize().width} wide`);
      assert.deepEqual(await page.evaluate(() => globalThis.shifts), [], 'the browser saw nothing move');
      assert.deepEqual(await rowsOf(page), rows[index], 'no row is exchanged by itself');
      assert.equal(await page.getByText('All causes').isVisible(), true);
      assert.ok(await titlesInSight(page) >= Math.min(3, await countOfCauses(page)), 'a line for each of the first causes');
      assert.equal(await isStepInSight(page), true, 'what to do about the first cause, while it runs');
      await draw(page, 'job-live-running', LOOKS[index]);
      await holdToWidth(page);
    }
    await holdToAxe(people.wide);
  });

  it('has its numbers in even rows, and cuts no cause in two', async () => {
    const page = people.wide;
    assert.deepEqual(await rowsOfScore(page), [4, 4]);
    assert.deepEqual(await cutCauses(page), []);
    const { width, height } = page.viewportSize();
    await page.setViewportSize({ width: 1440, height });
    assert.deepEqual(await rowsOfScore(page), [8]);
    assert.deepEqual(await cutCauses(page), []);
    await page.setViewportSize({ width, height });
  });

  it('shows the rows as they are when somebody asks', async () => {
    const page = people.wide;
    const [rows, boxes] = [await rowsOf(page), await aims(page, ABOVE)];
    await page.evaluate(() => { globalThis.stayed = true; });
    const told = Number.parseInt(await changed(page).innerText(), 10);
    await changed(page).click();
    await page.waitForFunction((before) => document.querySelector('#phones tbody').innerText !== before, rows);
    assert.ok(Number.parseInt(await page.locator('.rows-changed').textContent(), 10) < told, 'counted from here');
    assert.equal(await page.evaluate(() => globalThis.stayed), true, 'the page was not left');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'phones-heading');
    assert.deepEqual(await aims(page, ABOVE), boxes, 'nothing above the rows moved');
  });

  it('stands still while somebody asks for quiet, and goes on', async () => {
    const page = people.quiet;
    await button(page, 'Pause updates').click();
    const [still, others] = [await score(page), await score(people.narrow)];
    const asOf = await page.locator('.job-foot .moment').innerText();
    await moreThan(people.narrow, ended(others) + 2);
    assert.deepEqual(await score(page), still);
    assert.equal(await page.locator('.job-foot .moment').innerText(), asOf);
    await button(page, 'Resume updates').click();
    assert.ok(ended(await score(page)) > ended(still), 'the newest is there at once');
  });

  it('says all times in the zone of whoever reads', async () => {
    const page = people.quiet;
    const foot = page.locator('.job-foot .moment');
    assert.match(await foot.innerText(), /^As of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\+5:30$/);
    const before = await foot.innerText();
    await page.waitForFunction((old) => document.querySelector('.job-foot .moment').innerText !== old, before);
    assert.match(await foot.innerText(), /GMT\+5:30$/);
    assert.match(await foot.getAttribute('title'), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    assert.doesNotMatch(await page.locator('main').innerText(), / UTC/);
    const log = await page.context().newPage();
    await log.goto('/audit');
    const time = log.locator('.audit tbody time').first();
    assert.match(await time.innerText(), /GMT\+5:30$/);
    assert.match(await time.getAttribute('title'), /\(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC · /);
    await log.close();
    await button(page, 'Pause updates').click();
  });

  it('tells whoever asks of a colleague’s job', async () => {
    const page = people.colleague;
    await button(page, 'Tell me when it ends').click();
    await button(page, 'You will be told').waitFor();
    await page.goto('/');
  });

  it('says so where the browser allows no notices', async () => {
    const page = await open('c.colleague');
    await page.goto(job);
    await page.evaluate(() => { globalThis.Notification.permission = 'denied'; });
    await button(page, 'Tell me when it ends').click();
    await button(page, 'The browser does not allow it').waitFor();
    await finish(page);
  });

  it('contradicts itself nowhere when it has ended', async () => {
    const pages = [people.wide, people.narrow];
    const [boxes, name] = [await all(pages, (page) => aims(page, ABOVE)), '#phones tbody tr:nth-child(9) .row-name'];
    for (const page of pages) await page.locator(name).focus();
    const focused = await all(pages, focusedAt);
    for (const [index, page] of pages.entries()) {
      await page.locator('.job-summary[data-brought]').waitFor({ timeout: 120_000 });
      bad = await problems(page);
      counts = await ends(page);
      assert.ok(bad > 0);
      const result = await page.locator('.job-summary .badge.big').innerText();
      outcome = `Finished with ${bad} problems${await untried(page)}`;
      assert.equal(result.trim(), outcome);
      assert.equal(await page.title(), `${outcome} · ${TITLE}`);
      const said = await page.locator('main').innerText();
      assert.doesNotMatch(said, /Running|Sending|Verifying|left\b|Pause updates|changed: show|Tell me/);
      assert.match(said, /took \d+ s/);
      assert.equal(await link(page, /job running/).count(), 0);
      for (const old of [button(page, 'Pause'), link(page, 'Stop…')]) {
        assert.equal(await old.getAttribute('aria-disabled'), 'true');
      }
      await button(page, 'Run again…').waitFor();
      await link(page, 'Try again…').waitFor();
      await button(page, 'Review the retry').waitFor();
      await page.locator('.causes .next-step').first().waitFor();
      assert.deepEqual(await aims(page, ABOVE), boxes[index], `nothing moved, ${page.viewportSize().width} wide`);
      const [[href, top], [before, was]] = [await focusedAt(page), focused[index]];
      assert.equal(href, before, 'the focus stays');
      assert.ok(Math.abs(top - was) <= 1, `it stays where it is on the screen: ${top} instead of ${was}`);
      await draw(page, 'job-live-ended', LOOKS[index]);
      await holdToWidth(page);
    }
    await holdToAxe(people.wide);
  });

  it('says at the end what a fresh page says', async () => {
    const page = people.wide;
    for (const old of [button(page, 'Pause'), link(page, 'Stop…')]) await old.click({ force: true });
    assert.equal(new URL(page.url()).pathname, job, 'what is greyed does nothing');
    const parts = ['.causes', '#phones', '#retry', '#about'];
    const brought = await all(parts, (part) => saidIn(page, part));
    await page.reload();
    assert.deepEqual(brought, await all(parts, (part) => saidIn(page, part)));
    assert.equal(await page.title(), TITLE);
  });

  it('leaves alone whoever asked for quiet, and says that it has ended', async () => {
    const page = people.quiet;
    const show = link(page, 'It has ended: show the whole result');
    await show.waitFor();
    assert.match(await page.locator('.job-summary .badge.big').innerText(), /Running/);
    assert.equal(await page.title(), `${outcome} · ${TITLE}`);
    await show.click();
    await page.locator('.job-summary[data-brought]').waitFor();
    assert.match(await page.locator('.job-summary .badge.big').innerText(), /^\s*Finished with/);
    await link(page, 'Try again…').waitFor();
  });

  it('is read aloud in one sentence at a time, and not often', async () => {
    const heard = await people.narrow.evaluate(() => globalThis.heard);
    assert.ok(heard.length >= 2, JSON.stringify(heard));
    const [end, ...before] = heard.toReversed();
    assert.match(end.text, new RegExp(`^${outcome}: .* of 60$`));
    for (const one of before) assert.match(one.text, /^Running: .* of 60$/);
    const pauses = before.toReversed().map((one, index, list) => one.at - (list[index - 1]?.at ?? -Infinity));
    assert.ok(pauses.every((pause) => pause > 9000), JSON.stringify(heard));
  });

  it('tells with the right numbers that it has ended, once', async () => {
    const text = `Restart of 60 phones ended: ${counts}.`;
    for (const page of [people.colleague, elsewhere]) {
      await page.locator('.toast').waitFor();
      assert.equal((await page.locator('.toast').innerText()).trim(), `${text} Show the result`);
      assert.deepEqual(await page.evaluate(() => globalThis.noticed), [], 'nobody looks elsewhere');
    }
    assert.deepEqual(await people.wide.locator('.toast').count(), 0, 'its own page says it itself');
    for (const page of Object.values(people)) await finish(page);
  });

  it('tells by a notice of the browser whoever looks elsewhere', async () => {
    const page = await open('o.operator');
    await page.context().addInitScript(() => Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' }));
    const other = await page.context().newPage();
    await other.goto(`${server.url}/`);
    await restartEverything(page);
    await page.locator('.job-summary[data-brought]').waitFor({ timeout: 120_000 });
    const text = `Restart of 60 phones ended: ${await ends(page)}.`;
    // Either tab may be the one that listens.
    await Promise.any([page, other].map((one) => one.waitForFunction(() => globalThis.noticed.length > 0)));
    assert.deepEqual(await noticed(page, other), [text]);
    await finish(page);
  });

  it('can be resumed where somebody else’s pause is seen', async () => {
    const [page, other] = [await open('o.operator'), await open('c.colleague')];
    const exactly = (where, name) => where.getByRole('button', { name, exact: true });
    await other.goto(await restartEverything(page));
    await exactly(other, 'Pause').click();
    await exactly(page, 'Resume').waitFor();
    assert.equal(await exactly(page, 'Pause').getAttribute('aria-disabled'), 'true');
    await exactly(page, 'Resume').click();
    await page.getByText('Going on.').waitFor();
    await exactly(other, 'Pause').click();
    await exactly(page, 'Resume').waitFor();
    assert.equal(await page.getByText('Going on.').isVisible(), false);
    for (const one of [page, other]) await finish(one);
  });
});

/** Runs in every page before it: keeps what moves, what is read aloud and what is noticed. */
function remember() {
  Object.assign(globalThis, { shifts: [], heard: [], noticed: [] });
  globalThis.Notification = class {
    static permission = 'granted';
    constructor(_, { body }) { globalThis.noticed.push(body); }
    addEventListener() {}
  };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const moved = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? node?.textContent);
      if (!entry.hadRecentInput) globalThis.shifts.push(moved.join(' | '));
    }
  }).observe({ type: 'layout-shift', buffered: true });
  document.addEventListener('DOMContentLoaded', () => {
    const spoken = document.querySelector('.job-summary [role="status"]');
    if (!spoken) return;
    const hear = () => {
      const text = spoken.textContent.trim();
      if (text && globalThis.heard.at(-1)?.text !== text) globalThis.heard.push({ at: performance.now(), text });
    };
    new MutationObserver(hear).observe(spoken, { childList: true, subtree: true, characterData: true });
  });
}

async function restartEverything(page) {
  await page.goto('/run?filter=site:kiel&action=Reboot');
  await page.getByRole('radio', { name: /^Restart the phone/ }).check();
  await page.getByRole('radio', { name: /^Custom/ }).check();
  for (const [label, value] of [['Phones at once', 2], ['Percent of a site at once', 100], ['First so many alone', 0], ['Stop above percent failed', 100]]) {
    await field(page, label).fill(String(value));
  }
  await field(page, 'Reason').fill('phones hang');
  await button(page, 'Review').click();
  await isAt(page, /^Review: /);
  await confirm(page);
  await button(page, /^Restart \d+ phones$/).click();
  await isAt(page, TITLE);
  return new URL(page.url()).pathname;
}

function all(list, ask) {
  return Promise.all(list.map((one) => ask(one)));
}

/** Where everything is that one may aim at, from the top of the page. */
function aims(page, list = AIMS) {
  return page.evaluate((selectors) => Object.fromEntries(selectors.flatMap((selector) =>
    [...document.querySelectorAll(selector)].map((one, index) => {
      const { x, y, width, height } = one.getBoundingClientRect();
      return [`${selector} ${index}`, [x, y + scrollY, width, height].map(Math.round).join(' ')];
    }))), list);
}

function changed(page) {
  return link(page, /^[\d,]+ rows? changed: show$/);
}

function countOfCauses(page) {
  return page.locator('.causes .cause').count();
}

/** How many causes one reads without scrolling or unfolding. */
function titlesInSight(page) {
  return page.locator('.causes > ul').evaluate((list) => {
    const ends = list.getBoundingClientRect().bottom;
    return [...list.querySelectorAll('.cause-title')].filter((title) => title.getBoundingClientRect().bottom <= ends).length;
  });
}

/** How many numbers stand in each row. */
function rowsOfScore(page) {
  return page.locator('.score-item').evaluateAll((items) => {
    const seen = items.filter((item) => item.checkVisibility({ visibilityProperty: true }));
    const tops = seen.map((item) => Math.round(item.getBoundingClientRect().top));
    return [...new Set(tops)].map((top) => tops.filter((one) => one === top).length);
  });
}

/** Causes of which one sees a part without scrolling. */
function cutCauses(page) {
  return page.locator('.causes > ul').evaluate((list) => {
    const end = list.getBoundingClientRect().bottom;
    const cut = [...list.querySelectorAll('.cause')].filter((cause) => {
      const { top, bottom } = cause.getBoundingClientRect();
      return top < end - 1 && bottom > end + 1;
    });
    return cut.map((cause) => cause.innerText);
  });
}

/** Whether the next step of the first cause is read without scrolling or unfolding. */
function isStepInSight(page) {
  return page.locator('.causes > ul').evaluate((list) => {
    const step = list.querySelector('.cause:first-child .next-step').getBoundingClientRect();
    return step.height > 0 && step.bottom <= list.getBoundingClientRect().bottom;
  });
}

function rowsOf(page) {
  return page.locator('#phones tbody').innerText();
}

/** What a part says, but for ages, which grow. */
function saidIn(page, part) {
  return page.locator(part).evaluate((root) => {
    const copy = root.cloneNode(true);
    for (const time of copy.querySelectorAll('time')) time.remove();
    return copy.textContent.replace(/\s+/g, ' ');
  });
}

function focusedAt(page) {
  return page.evaluate(() => [document.activeElement.getAttribute('href'), document.activeElement.getBoundingClientRect().top]);
}

function ended({ 'All phones': total, Waiting, Working }) {
  return total - Waiting - Working;
}

/** What all tabs together gave notice of. */
async function noticed(...pages) {
  return (await all(pages, (page) => page.evaluate(() => globalThis.noticed))).flat();
}

/** How the phones ended, as a notice says it. */
async function ends(page) {
  const found = await score(page);
  const words = ['Verified', 'Acknowledged', 'Failed', 'Unknown', 'Skipped', 'Cancelled', 'Expired'];
  return words.filter((word) => found[word] > 0).map((word) => `${found[word]} ${word.toLowerCase()}`).join(', ');
}

/** How many phones need a look. */
async function problems(page) {
  const { Failed, Unknown } = await score(page);
  return Failed + Unknown;
}

/** How many phones were never tried, as the headline says it. */
async function untried(page) {
  const { Skipped, Cancelled, Expired } = await score(page);
  const count = Skipped + Cancelled + Expired;
  return count > 0 ? `, ${count} not tried` : '';
}

async function moreThan(page, count) {
  await page.waitForFunction((wanted) => {
    const number = (place) => Number(document.querySelector(`.score-item:nth-child(${place}) .score-number`).textContent);
    return number(10) - number(9) - number(8) >= wanted;
  }, count);
}
