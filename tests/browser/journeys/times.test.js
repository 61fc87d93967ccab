// Times are read where one is: in the reader's zone with scripts, in UTC and saying so without.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { button, field, isAt, signIn } from '../harness/steps.js';

const UTC = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/;

describe('times', { timeout: 120_000 }, () => {
  let browser, server;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 20 })]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('are in the zone of whoever reads, with UTC on hover', async () => {
    const page = await openPage(browser, server, { zone: 'Asia/Kolkata' });
    await signIn(page, server);
    const made = page.locator('footer time');
    const [text, hover, at] = await Promise.all([made.innerText(), made.getAttribute('title'), made.getAttribute('datetime')]);
    assert.match(text, /GMT\+5:30$/);
    assert.match(hover, UTC);
    const local = new Date(text.replace(' GMT+5:30', '+05:30').replace(' ', 'T'));
    assert.equal(Math.trunc(local / 1000), Math.trunc(new Date(at) / 1000));
    await finish(page);
  });

  it('of today are a clock in the log, with the day on hover', async () => {
    const page = await openPage(browser, server, { zone: 'Asia/Kolkata' });
    await signIn(page, server);
    await page.goto('/audit');
    const newest = page.locator('.audit time[data-zone]').first();
    await newest.waitFor();
    const [text, hover] = await Promise.all([newest.innerText(), newest.getAttribute('title')]);
    assert.match(text, /^\d\d:\d\d:\d\d GMT\+5:30$/);
    assert.ok(hover.includes(` ${text} (`) && / UTC · /.test(hover), hover);
    await finish(page);
  });

  it('are typed in the zone of whoever reads, and come back as typed', async () => {
    const page = await openPage(browser, server, { zone: 'Asia/Kolkata' });
    await signIn(page, server);
    const soon = new Date(Date.now() + 26 * 3_600_000).toISOString().slice(0, 16);
    const typed = new Date(Date.now() + 31.5 * 3_600_000).toISOString().slice(0, 16);
    await page.goto('/run?filter=site:hamburg&action=DNDOn');
    await page.getByText('Date and time in Asia/').first().waitFor();
    await field(page, 'Not after').fill(typed);
    await button(page, 'Review').click();
    await isAt(page, /^Review: /);
    const end = page.locator('dd time[data-zone]');
    await end.waitFor();
    assert.match(await end.innerText(), / GMT\+5:30$/);
    assert.ok((await end.getAttribute('title')).includes(`(${soon.replace('T', ' ')}:00 UTC)`));
    await button(page, 'Back').click();
    await isAt(page, 'Run a command');
    assert.equal(await field(page, 'Not after').inputValue(), typed);
    await finish(page);
  });

  it('are refused where the clocks go forward over them', async () => {
    const page = await openPage(browser, server, { zone: 'Europe/Berlin' });
    await signIn(page, server);
    await page.goto('/run?filter=site:hamburg&action=DNDOn');
    await page.getByText('Date and time in Europe/Berlin').first().waitFor();
    await page.locator('[name=start_at]').fill(`${nextSpring()}T02:30`);
    await button(page, 'Review').click();
    await page.getByText('the clocks go forward over it').first().waitFor();
    await isAt(page, /Run a command/);
    await finish(page);
  });

  it('are in UTC without scripts, and say so', async () => {
    const page = await openPage(browser, server, { scripts: false, zone: 'Asia/Kolkata' });
    await signIn(page, server);
    assert.match(await page.locator('footer time').innerText(), UTC);
    await finish(page);
  });
});

/** The day on which summer time begins next: the last Sunday of March. */
function nextSpring() {
  const now = new Date();
  const of = (year) => {
    const last = new Date(Date.UTC(year, 2, 31));
    return new Date(last - last.getUTCDay() * 86_400_000);
  };
  const day = of(now.getUTCFullYear()) > now ? of(now.getUTCFullYear()) : of(now.getUTCFullYear() + 1);
  return day.toISOString().slice(0, 10);
}
