// An empty installation: setup link, first administrator, a phone list of one's own.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startEmpty } from '../harness/server.js';
import { button, field, isAt, link, result, setUpApp, signOut, tile, upload } from '../harness/steps.js';

const PASSWORD = 'a long enough sentence of words';
const HEADER = 'mac,label,extension,model,address,site,username,password,protected\n';
const GOOD = [
  '00:15:65:aa:00:01,Reception,2041,T46S,10.99.0.1,Kiel,admin,not-for-pages-1,no',
  '0015.65aa.0002,Workshop,2042,T42S,10.99.0.2,Kiel,admin,not-for-pages-2,no',
  '00-15-65-AA-00-03,Stairs,2043,T21P,10.99.0.3,Kiel,,,yes',
];
const BAD = [
  '00:15:65:aa:00,Too short,2044,T46S,10.99.0.4,Kiel,,,no',
  '00:15:65:aa:00:05,Nowhere,2045,T46S,10.99.0.999,Kiel,,,no',
  '00:15:65:aa:00:01,Twice,2046,T46S,10.99.0.6,Kiel,,,no',
];

for (const scripts of [true, false]) {
  describe(`a first start, ${scripts ? 'with' : 'without'} scripts`, { timeout: 180_000 }, () => {
    let browser, server, page, codes;
    before(async () => {
      [browser, server] = await Promise.all([launch(), startEmpty()]);
      page = await openPage(browser, server, { scripts });
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    it('lets nobody in before there is an administrator', async () => {
      await page.goto('/phones');
      await isAt(page, /Sign in|Make the first administrator/);
    });

    it('makes the first administrator by the link, once', async () => {
      await page.goto(server.setupLink);
      await isAt(page, 'Make the first administrator');
      await field(page, 'Name').fill('a.meyer');
      await field(page, 'Password').fill('short');
      await field(page, 'Password again').fill('short');
      await button(page, 'Make administrator').click();
      await isAt(page, 'Make the first administrator');
      assert.equal(await field(page, 'Name').inputValue(), 'a.meyer');
      await field(page, 'Password').fill(PASSWORD);
      await field(page, 'Password again').fill(PASSWORD);
      await button(page, 'Make administrator').click();
      codes = await setUpApp(page);
      assert.equal(codes.length, 10);
      await page.goto('/');
      await isAt(page, 'Overview');
      await page.goto(server.setupLink);
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.equal(await button(page, 'Make administrator').count(), 0);
    });

    it('names every mistake of a phone list and writes nothing', async () => {
      await page.goto('/phones');
      await page.getByText('No phones yet').waitFor();
      await upload(page, 'phones.csv', HEADER + [...GOOD, ...BAD].join('\n'));
      assert.equal(await tile(page, 'Errors'), 3);
      const rows = page.getByRole('row').filter({ has: page.getByRole('rowheader') });
      assert.equal(await rows.count(), 3);
      assert.match(await rows.nth(0).innerText(), /5[\s\S]*mac[\s\S]*00:15:65:aa:00/);
      assert.match(await rows.nth(1).innerText(), /6[\s\S]*address[\s\S]*10\.99\.0\.999/);
      assert.match(await rows.nth(2).innerText(), /7[\s\S]*mac/);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        link(page, 'Download the rows with mistakes').click(),
      ]);
      assert.match(download.suggestedFilename(), /\.csv$/);
      await page.goto('/phones');
      await page.getByText('No phones yet').waitFor();
    });

    it('takes the mended list, and finds nothing to do the second time', async () => {
      await upload(page, 'phones.csv', HEADER + GOOD.join('\n'));
      assert.equal(await tile(page, 'New'), 3);
      await page.getByText('New sites').waitFor();
      await page.getByRole('radio', { name: /Plain HTTP/i }).check();
      await button(page, /^Import 3 rows/).click();
      await isAt(page, '3 phones imported');
      assert.equal(await result(page, 'Created'), 3);
      await link(page, 'Show these phones').click();
      await isAt(page, 'Selection of 3 phones');
      await page.getByRole('link', { name: 'Reception' }).waitFor();
      await upload(page, 'phones.csv', HEADER + GOOD.join('\n'));
      assert.equal(await tile(page, 'Unchanged'), 3);
      await page.getByText('There is nothing to do').waitFor();
    });

    it('never shows a password of a phone again', async () => {
      for (const path of ['/phones', '/phones/00:15:65:aa:00:01', '/phones/00:15:65:aa:00:01/edit', '/audit']) {
        await page.goto(path);
        assert.doesNotMatch(await page.content(), /not-for-pages/, path);
      }
    });

    it('signs out and in again with the new name', async () => {
      await signOut(page);
      await field(page, 'Name').fill('a.meyer');
      await field(page, 'Password').fill(PASSWORD);
      await field(page, 'Code').fill(codes[0]);
      await button(page, 'Sign in').click();
      await isAt(page, 'Overview');
      await finish(page);
    });
  });
}
