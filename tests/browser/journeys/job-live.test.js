// The page of a job while it runs: nothing on it moves, and when it has ended nothing on it is of before.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { awaitEnd, button, confirm, field, isAt, link, score, signIn, signOut } from '../harness/steps.js';

describe('the page of a job that runs', { timeout: 300_000 }, () => {
  let browser, server, page;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo()]);
    page = await openPage(browser, server);
    await signIn(page, server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('moves nothing while causes come in', async () => {
    await start(page, 'site:hamburg', '64');
    const tabs = page.getByRole('navigation', { name: 'Phones by state' });
    const { y } = await tabs.boundingBox();
    await page.locator('.causes li').nth(1).waitFor();
    assert.equal((await tabs.boundingBox()).y, y, 'what is read below stays where it is');
    await awaitEnd(page, true);
    await page.locator('.job-summary[data-renewed]').waitFor({ state: 'attached' });
    assert.equal((await tabs.boundingBox()).y, y, 'at the end too');
    assert.equal(await shifts(page), 0);
  });

  it('is of the end when it has ended, without being loaded anew', async () => {
    const counts = await score(page);
    const states = await page.locator('#phones tbody td[data-label="State"]').allInnerTexts();
    assert.ok(states.length > 0);
    assert.deepEqual(states.filter((state) => /Waiting|Sending|Verifying/.test(state)), []);
    const all = page.getByRole('navigation', { name: 'Phones by state' }).getByRole('link');
    assert.deepEqual(await all.filter({ hasText: 'Waiting' }).allInnerTexts(), []);
    assert.match((await all.filter({ hasText: 'Failed' }).innerText()).replace(/\s+/g, ' '), new RegExp(`Failed ${counts.Failed}$`));
    assert.equal(await page.locator('.top .running').count(), 0, 'no job runs any more');
    assert.equal(await button(page, 'Tell me when it ends').isVisible(), false);
    assert.equal(await button(page, 'Pause').isVisible(), false);
    await link(page, 'Try again…').click();
    assert.ok(await inView(button(page, 'Review the retry')));
  });

  it('has buttons that copy, also in causes that came later', async () => {
    const copy = page.locator('.causes').getByRole('button', { name: /^Copy/ });
    assert.equal(await copy.count(), 1);
    assert.equal(await copy.isVisible(), true);
  });

  it('leads from a cause to its phones, in view', async () => {
    const cause = page.locator('.causes li').first();
    await cause.getByRole('link', { name: /^Show/ }).click();
    const row = page.locator('#phones tbody tr').first();
    await row.waitFor();
    assert.ok(await inView(row));
  });

  it('says what is missing in a retry where one looks', async () => {
    await link(page, 'Show all phones of this job').click();
    for (const tick of await page.getByRole('checkbox', { checked: true }).all()) await tick.uncheck();
    await button(page, 'Review the retry').click();
    const alert = page.getByRole('alert').filter({ hasText: 'Tick which phones' });
    await alert.waitFor();
    assert.ok(await inView(alert));
    assert.equal(await alert.evaluate((box) => box === document.activeElement), true);
  });

  it('says that nothing new comes when its reader was signed out elsewhere', async () => {
    await start(page, 'site:kiel', '1');
    const other = await page.context().newPage();
    await other.goto('/');
    await signOut(other);
    await page.getByText('Nothing new comes any more: you were signed out').waitFor();
    assert.equal(await link(page, 'Refresh').isVisible(), true);
    await other.close();
    await finish(page);
  });
});

/** Restarts phones, so many at once, whatever fails. */
async function start(page, filter, atOnce) {
  await page.goto(`/run?filter=${filter}&action=Reboot`);
  await isAt(page, 'Run a command');
  await page.getByRole('radio', { name: /^Custom/ }).check();
  await field(page, 'Phones at once').fill(atOnce);
  await field(page, 'Percent of a site at once').fill('100');
  await field(page, 'First so many alone').fill('0');
  await field(page, 'Stop above percent failed').fill('100');
  await field(page, 'Reason').fill('phones hang');
  await button(page, 'Review').click();
  await isAt(page, /^Review: /);
  await confirm(page);
  await button(page, /^Restart \d+ phones$/).click();
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
}

/** How much has moved on the page that nobody moved. */
function shifts(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
          resolve(sum);
        }).observe({ type: 'layout-shift', buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
      }),
  );
}

function inView(place) {
  return place.evaluate((box) => {
    const { top, bottom } = box.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
}
