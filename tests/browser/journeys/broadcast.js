// The main job: choose phones, run a command, watch them answer, find each answer.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { addsUp, awaitEnd, button, confirm, field, filter, isAt, link, score, signIn } from '../harness/steps.js';

const REASON = 'INC-4711 phones hang after the update';

/** The whole way, once. */
export function broadcast(scripts) {
  describe(`a broadcast, ${scripts ? 'with' : 'without'} scripts`, { timeout: 300_000 }, () => {
    let browser, server, page, job;
    const programs = [];
    before(async () => {
      [browser, server] = await Promise.all([launch(), startDemo()]);
      page = await openPage(browser, server, { scripts });
      page.on('response', (response) => {
        if (!response.url().includes('.wasm')) return;
        programs.push({ page: page.url(), packed: response.headers()['content-encoding'] });
      });
      await signIn(page, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    it('says which field of a filter is not known', async () => {
      await filter(page, 'colour:red');
      assert.match(await page.getByRole('alert').innerText(), /colour/);
    });

    it('finds the phones of one site', async () => {
      await filter(page, 'site:hamburg');
      await page.getByText('120 of 300 phones').first().waitFor();
    });

    it('shows what would happen before anything does', async () => {
      await page.getByRole('radio', { name: /^All 120 matching/ }).check();
      await button(page, 'Run command').click();
      await isAt(page, 'Run a command');
      await page.getByRole('radio', { name: /^Restart the phone/ }).check();
      await allAtOnce(page);
      await field(page, 'Reason').fill(REASON);
      await button(page, 'Review').click();
      await isAt(page, /^Review: Restart \d+ phones$/);
      await page.getByText('key=Reboot').first().waitFor();
      assert.equal(await field(page, 'Reason').inputValue(), REASON);
    });

    it('reaches every phone, and its numbers add up at every moment', async () => {
      await confirm(page);
      // Twice, as people do: it is one job all the same.
      await button(page, /^Restart \d+ phones$/).dblclick();
      await isAt(page, 'Restart · 120 phones');
      job = new URL(page.url()).pathname;
      assert.match(job, /^\/jobs\/[0-9a-f-]{36}$/);
      addsUp(await score(page));
      if (scripts) {
        await canBePaused(page);
        await tellsOfChanges(page);
      }
      await awaitEnd(page, scripts);
      const counts = await score(page);
      addsUp(counts);
      assert.equal(counts['All phones'], 120);
      assert.equal(counts.Waiting ?? 0, 0);
    });

    it('brings the program of its live part packed, and only where there is one', async () => {
      assert.equal(programs.length > 0, scripts);
      for (const one of programs) {
        assert.match(one.page, /\/jobs\//);
        assert.equal(one.packed, 'br');
      }
    });

    it('is one job, however often it was pressed', async () => {
      await page.goto('/jobs');
      assert.equal(await page.getByRole('rowheader').count(), 1);
    });

    it('groups the failures by cause, each with its next step', async () => {
      await page.goto(job);
      const causes = page.locator('.causes li');
      assert.ok((await causes.count()) >= 7, `${await causes.count()} causes`);
      const forbidden = causes.filter({ has: page.getByText('forbidden', { exact: true }) });
      const lines = await forbidden.locator('pre').innerText();
      assert.match(lines, /action_uri/);
      assert.match(lines, /127\.0\.0\.1/);
      assert.doesNotMatch(lines, /any/);
      await forbidden.getByRole('link', { name: /^Show / }).click();
      await page.getByRole('row', { name: /403/ }).first().waitFor();
    });

    it('has each answer in the audit log', async () => {
      await page.goto(job);
      await link(page, 'What was recorded').click();
      await isAt(page, 'Audit log');
      await page.getByText(REASON).first().waitFor();
      const row = page.getByRole('row').filter({ hasText: 'Verified' }).first();
      await row.getByRole('rowheader').getByRole('link').click();
      await isAt(page, /^Record /);
      await page.getByText('Signed in by').waitFor();
    });

    it('tries again what failed, as a new job that names the old one', async () => {
      await page.goto(job);
      await link(page, 'Try again…').click();
      const ticked = page.getByRole('checkbox', { checked: true });
      await ticked.first().waitFor();
      while ((await ticked.count()) > 0) await ticked.first().uncheck();
      await button(page, 'Review the retry').click();
      // What is missing is told where one looks, and read first.
      const missing = page.getByRole('alert').filter({ hasText: 'Tick which phones' });
      await missing.waitFor();
      const { y, height } = await missing.boundingBox();
      assert.ok(y >= 0 && y + height <= page.viewportSize().height, 'in view');
      assert.equal(await missing.evaluate((box) => box === document.activeElement), true);
      await page.goto(job);
      await button(page, 'Run again…').waitFor();
      await button(page, 'Review the retry').click();
      await isAt(page, /^Review: /);
      await confirm(page);
      await button(page, /^Restart \d+ phones?$/).click();
      await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
      assert.notEqual(new URL(page.url()).pathname, job);
      await page.getByText('retries').first().waitFor();
      await awaitEnd(page, scripts);
      addsUp(await score(page));
    });

    it('stops a job that runs, and says what that means', async () => {
      await page.goto('/run?filter=site:hamburg&action=Reboot');
      await isAt(page, 'Run a command');
      await page.getByRole('radio', { name: /^Restart the phone/ }).check();
      await oneByOne(page);
      await field(page, 'Reason').fill(REASON);
      await button(page, 'Review').click();
      await isAt(page, /^Review: /);
      await confirm(page);
      await button(page, /^Restart \d+ phones$/).click();
      await link(page, 'Stop…').click();
      await isAt(page, /^Stop: /);
      await field(page, 'Reason').fill('wrong site');
      await button(page, /^Stop sending/).click();
      await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
      await awaitEnd(page, scripts);
      const counts = await score(page);
      addsUp(counts);
      assert.ok(counts.Cancelled > 0, JSON.stringify(counts));
      await finish(page);
    });
  });
}

/** Numbers that move by themselves can be told to stand still. */
async function canBePaused(page) {
  await button(page, 'Pause updates').click();
  await button(page, 'Resume updates').click();
  await button(page, 'Pause updates').waitFor();
}

/** The rows stand still under whoever reads them; a line says how many changed, and shows them. */
async function tellsOfChanges(page) {
  const states = () => page.locator('#phones tbody td[data-label="State"]').allInnerTexts();
  await page.goto(page.url());
  const made = await states();
  const line = page.getByRole('link', { name: /^[\d,]+ rows? changed: show$/ });
  await line.waitFor();
  assert.deepEqual(await states(), made, 'no row moved by itself');
  await line.click();
  await page.waitForFunction((old) => {
    const now = [...document.querySelectorAll('#phones tbody td[data-label="State"]')].map((one) => one.innerText);
    return now.join() !== old;
  }, made.join());
}

/** A pace of one's own that lets the demo's many broken phones fail without stopping the job. */
async function allAtOnce(page) {
  await page.getByRole('radio', { name: /^Custom/ }).check();
  await field(page, 'Phones at once').fill('120');
  await field(page, 'Percent of a site at once').fill('100');
  await field(page, 'First so many alone').fill('0');
  await field(page, 'Stop above percent failed').fill('100');
}

async function oneByOne(page) {
  await allAtOnce(page);
  await field(page, 'Phones at once').fill('1');
}
