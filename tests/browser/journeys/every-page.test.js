// Every page: nothing for axe to find, nothing wider than the screen, and a picture of each for
// people to look at.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { holdToAxe, holdToWidth } from '../harness/axe.js';
import { finish, launch, openPage } from '../harness/browser.js';
import { draw, LOOKS } from '../harness/pictures.js';
import { startDemo } from '../harness/server.js';
import { button, field, isAt, signIn, upload } from '../harness/steps.js';

describe('every page', { timeout: 600_000 }, () => {
  let browser, server, found;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 60 })]);
    found = await makeSomethingToSee(browser, server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const look of LOOKS) {
    it(`is accessible and fits, ${look.width} wide, ${look.scheme}`, async () => {
      const page = await openPage(browser, server, look);
      await visit(page, look, { 'sign-in': '/sign-in' });
      await signIn(page, server);
      await visit(page, look, found);
      await finish(page);
    });
  }
});

/** Looks at each page; tells of all that are wrong, not only of the first. */
async function visit(page, look, pages) {
  const wrong = [];
  for (const [name, path] of Object.entries(pages)) {
    const answer = await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await draw(page, name, look);
    for (const check of [holdToAxe, holdToWidth]) {
      await check(page).catch((error) => wrong.push(`${name}: ${error.message}`));
    }
    const wanted = name === 'not-found' ? 404 : 200;
    if (answer.status() !== wanted) wrong.push(`${name}: answered ${answer.status()}`);
  }
  assert.deepEqual(wrong, []);
}

/** Runs a job and begins an import, so that no page is empty; returns the pages. */
async function makeSomethingToSee(browser, server) {
  const page = await openPage(browser, server);
  await signIn(page, server);
  await upload(page, 'list.csv', 'mac,label,site\n00:15:65:bb:00:01,Lift,Neustadt\nnonsense,Cellar,Neustadt\n');
  const review = new URL(page.url()).pathname;
  await page.goto('/run?filter=site:kiel&action=Reboot');
  await page.getByRole('radio', { name: /^Restart the phone/ }).check();
  await field(page, 'Reason').fill('something to look at');
  await button(page, 'Review').click();
  await isAt(page, /^Review: /);
  const runReview = new URL(page.url()).pathname;
  await page.getByRole('button', { name: /phones$/ }).click();
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
  const job = new URL(page.url()).pathname;
  await page.goto('/phones');
  const phone = await page.getByRole('row').nth(1).getByRole('rowheader').getByRole('link').getAttribute('href');
  await page.goto('/audit');
  const record = await page.getByRole('row').nth(1).getByRole('rowheader').getByRole('link').getAttribute('href');
  await finish(page);
  return {
    overview: '/',
    phones: '/phones',
    'phones-filtered': '/phones?q=site:kiel',
    'phones-none': '/phones?q=nobodyhasthisname',
    'phones-error': '/phones?q=colour:red',
    phone,
    'phone-new': '/phones/new',
    import: '/phones/import',
    'import-review': review,
    groups: '/groups',
    'group-new': '/groups/new',
    sites: '/sites',
    run: '/run',
    review: runReview,
    jobs: '/jobs',
    job,
    audit: '/audit',
    record,
    users: '/admin/users',
    credentials: '/admin/credentials',
    tokens: '/admin/tokens',
    account: '/account',
    'stop-all': '/stop-all',
    'not-found': '/nothing-here',
  };
}
