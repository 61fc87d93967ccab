// From nothing to a first broadcast on phones of one's own: setup link, phone list, password,
// command. Witness is what the phones themselves wrote down.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startEmpty, startPhones } from '../harness/server.js';
import { addsUp, awaitEnd, button, confirm, field, isAt, link, result, score, setUpApp, upload } from '../harness/steps.js';

const SECRET = 'kiel-canary-4711';
const FLEET = {
  sites: [
    {
      name: 'Kiel',
      transport_security: 'plain_http',
      auth: 'digest',
      username: 'admin',
      password: SECRET,
      phones: 4,
      profiles: { 'forbidden-ip': 1 },
    },
  ],
};

for (const scripts of [true, false]) {
  describe(`phones of one's own, ${scripts ? 'with' : 'without'} scripts`, { timeout: 240_000 }, () => {
    let browser, server, phones, page, job;
    before(async () => {
      [browser, server, phones] = await Promise.all([
        launch(),
        startEmpty(['--allow-loopback']),
        startPhones(FLEET),
      ]);
      page = await openPage(browser, server, { scripts });
    });
    after(async () => {
      await browser?.close();
      await Promise.all([server?.stop(), phones?.stop()]);
    });

    it('begins with the setup link and a phone list', async () => {
      await page.goto(server.setupLink);
      await field(page, 'Name').fill('a.meyer');
      await field(page, 'Password').fill('a long enough sentence of words');
      await field(page, 'Password again').fill('a long enough sentence of words');
      await button(page, 'Make administrator').click();
      await setUpApp(page);
      await upload(page, 'phones.csv', phones.csv);
      await page.getByRole('radio', { name: /Plain HTTP/i }).check();
      await button(page, /^Import 4 rows/).click();
      assert.equal(await result(page, 'Created'), 4);
    });

    it('keeps the password of a site, and shows it never again', async () => {
      await page.goto('/admin/credentials/new');
      await field(page, 'Name').fill('kiel-phones');
      await field(page, 'User name').fill('admin');
      await field(page, 'Password').fill(SECRET);
      await button(page, /^(Save|Make|Add|Store)/).click();
      await isAt(page, 'Credentials');
      await page.goto('/sites/kiel/edit');
      await page.getByLabel('Credential of its phones').selectOption('kiel-phones');
      await button(page, 'Save site').click();
      await isAt(page, 'Sites');
    });

    it('reaches the phones, each of them once', async () => {
      await page.goto('/phones');
      for (const box of await page.getByRole('checkbox', { name: /^Select (?!all)/ }).all()) await box.check();
      await button(page, 'Run command').click();
      await isAt(page, 'Run a command');
      await page.getByRole('radio', { name: /^Restart the phone/ }).check();
      await page.getByRole('radio', { name: /^Custom/ }).check();
      await field(page, 'Stop above percent failed').fill('100');
      await field(page, 'Percent of a site at once').fill('100');
      await field(page, 'Reason').fill('first try');
      await button(page, 'Review').click();
      await isAt(page, /^Review: /);
      await confirm(page);
      await button(page, /^Restart 4 phones$/).click();
      await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
      job = page.url();
      await awaitEnd(page, scripts);
      const counts = await score(page);
      addsUp(counts);
      assert.equal(counts.Verified + counts.Acknowledged, 3, JSON.stringify(counts));
      assert.equal(counts.Failed, 1, JSON.stringify(counts));
      const restarts = (await phones.executed()).filter(({ executed }) => executed === 'Reboot');
      assert.equal(restarts.length, 3);
      assert.equal(new Set(restarts.map(({ mac }) => mac)).size, 3);
    });

    it('names the lines that open the one that refused, to this server alone', async () => {
      await page.goto(job);
      const lines = await page.locator('.causes li', { hasText: 'forbidden' }).locator('pre').innerText();
      assert.match(lines, /= 127\.0\.0\.1$/m);
      assert.doesNotMatch(lines, /\bany\b|0\.0\.0\.0|\*/);
    });

    it('has the password nowhere: not on pages, not on the disk, not in what it prints', async () => {
      for (const path of ['/phones', '/sites', '/sites/kiel/edit', '/admin/credentials', '/audit', new URL(job).pathname]) {
        await page.goto(path);
        assert.ok(!(await page.content()).includes(SECRET), path);
      }
      await page.goto('/admin/credentials');
      await link(page, 'kiel-phones').first().click();
      assert.ok(!(await page.content()).includes(SECRET));
      for (const entry of await readdir(server.folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = join(entry.parentPath ?? entry.path, entry.name);
        assert.ok(!(await readFile(file)).includes(SECRET), file);
      }
      assert.ok(!server.output.includes(SECRET));
      await finish(page);
    });
  });
}
