// Every page: nothing for axe to find, nothing wider than the screen, and a picture of each for
// people to look at. The program's own table of routes says what “every” is.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { holdToAxe, holdToWidth } from '../harness/axe.js';
import { finish, launch, openPage } from '../harness/browser.js';
import { draw, LOOKS } from '../harness/pictures.js';
import { PROGRAM, startDemo, startEmpty } from '../harness/server.js';
import { button, confirm, field, isAt, result, signIn, upload } from '../harness/steps.js';

// What answers to GET and is no page.
const NO_PAGE = [
  '/healthz',
  '/readyz',
  '/static/{*name}',
  '/phones/export',
  '/phones/import/{id}/errors.csv',
  '/audit/export',
  '/phones/{mac}/screen/{id}',
  '/jobs/{id}/feed',
  '/jobs/{id}/targets.csv',
  '/jobs/{id}/targets.json',
];

describe('every page', { timeout: 900_000 }, () => {
  let browser, server, found;
  const beforeSignIn = { 'sign-in': '/sign-in' };
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 60 })]);
    found = await makeSomethingToSee(browser, server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('is looked at, as the table of routes has it', () => {
    const routes = JSON.parse(execFileSync(PROGRAM, ['routes', '--json'], { encoding: 'utf8' }));
    const pages = routes.filter(({ method, side, path }) => method === 'GET' && side === 'page' && !NO_PAGE.includes(path));
    const seen = [...Object.values(found), ...Object.values(beforeSignIn), '/setup'].map((path) => path.split('?')[0]);
    const unseen = pages.map(({ path }) => path).filter((path) => {
      const shape = new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`);
      return !seen.some((one) => shape.test(one));
    });
    assert.deepEqual(unseen, []);
  });

  for (const look of LOOKS) {
    it(`is accessible and fits, ${look.width} wide, ${look.scheme}`, async () => {
      const page = await openPage(browser, server, look);
      await visit(page, look, beforeSignIn);
      await signIn(page, server);
      await visit(page, look, found);
      await finish(page);
    });
  }

  it('is accessible before there is anything in it', async () => {
    const empty = await startEmpty();
    try {
      const page = await openPage(browser, empty);
      const [look] = LOOKS;
      await visit(page, look, { setup: empty.setupLink, 'setup-no-code': '/setup' });
      await page.goto(empty.setupLink);
      await field(page, 'Name').fill('a.meyer');
      await field(page, 'Password').fill('a long enough sentence of words');
      await field(page, 'Password again').fill('a long enough sentence of words');
      await button(page, 'Make administrator').click();
      await isAt(page, 'Overview');
      const lists = ['/', '/phones', '/groups', '/sites', '/run', '/jobs', '/admin/credentials', '/admin/tokens'];
      await visit(page, look, Object.fromEntries(lists.map((path) => [`empty${path.replaceAll('/', '-')}`, path])));
      await finish(page);
    } finally {
      await empty.stop();
    }
  });
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

/** Runs a job and imports a list, so that no page is empty; returns the pages. */
async function makeSomethingToSee(browser, server) {
  const page = await openPage(browser, server);
  await signIn(page, server);
  const imported = await anImport(page);
  const [review, job] = await aJob(page);
  const erasing = await many(page, 'Delete…', /\/phones\/delete\?/);
  const editing = await many(page, 'Edit…', /\/phones\/edit\?/);
  const phone = await firstLink(page, '/phones?q=site:hamburg', /^\/phones\/[0-9a-f:]{17}$/);
  const group = await firstLink(page, '/groups', /^\/groups\/(?!new$)[^/?]+$/);
  const site = await firstLink(page, '/sites', /^\/sites\/[^/?]+\/edit$/);
  const credential = await firstLink(page, '/admin/credentials', /^\/admin\/credentials\/[^/?]+\/edit$/);
  const user = await firstLink(page, '/admin/users', /^\/admin\/users\/[^/?]+\/edit$/);
  const record = await firstLink(page, '/audit', /^\/audit\/\d+$/);
  await finish(page);
  return {
    overview: '/',
    phones: '/phones',
    'phones-filtered': '/phones?q=site:hamburg',
    'phones-none': '/phones?q=nobodyhasthisname',
    'phones-error': '/phones?q=colour:red',
    'phones-delete': erasing,
    'phones-columns': '/phones?q=site:hamburg&cols=extension,model,site,address,state,ready,firmware,result,tags,mac,groups,account',
    'phones-edit': editing,
    phone,
    'phone-edit': `${phone}/edit`,
    'phone-delete': `${phone}/delete`,
    'phone-new': '/phones/new',
    import: '/phones/import',
    ...imported,
    groups: '/groups',
    group,
    'group-edit': `${group}/edit`,
    'group-delete': `${group}/delete`,
    'group-new': '/groups/new',
    sites: '/sites',
    'site-edit': site,
    'site-delete': site.replace(/edit$/, 'delete'),
    'site-new': '/sites/new',
    run: '/run',
    'run-chosen': '/run?filter=site:hamburg&action=Reboot',
    review,
    'review-phones': `${review}/phones`,
    jobs: '/jobs',
    job,
    'job-forbidden': `${job}?cause=forbidden`,
    'job-stop': `${job}/cancel`,
    audit: '/audit',
    'audit-job': `/audit?job=${job.split('/').pop()}`,
    record,
    users: '/admin/users',
    'user-edit': user,
    'user-new': '/admin/users/new',
    credentials: '/admin/credentials',
    'credential-edit': credential,
    'credential-delete': credential.replace(/edit$/, 'delete'),
    'credential-new': '/admin/credentials/new',
    tokens: '/admin/tokens',
    account: '/account',
    'api-docs': '/api/docs',
    approvals: '/approvals',
    settings: '/admin/settings',
    'stop-all': '/stop-all',
    'not-found': '/nothing-here',
  };
}

async function anImport(page) {
  await upload(page, 'list.csv', 'mac,label,site\n00:15:65:bb:00:01,Lift,Neustadt\nnonsense,Cellar,Neustadt\n');
  const faulty = new URL(page.url()).pathname;
  await upload(page, 'list.csv', 'mac,label,site\n00:15:65:bb:00:01,Lift,Neustadt\n');
  await button(page, /^Import 1 row/).click();
  assert.equal(await result(page, 'Created'), 1);
  return { 'import-review': faulty, 'import-result': new URL(page.url()).pathname };
}

/** Started with the default pace, so that it still runs while it is looked at. */
async function aJob(page) {
  await page.goto('/run?filter=site:hamburg&action=Reboot');
  await page.getByRole('radio', { name: /^Restart the phone/ }).check();
  await field(page, 'Reason').fill('something to look at');
  await button(page, 'Review').click();
  await isAt(page, /^Review: /);
  const review = new URL(page.url()).pathname;
  await confirm(page);
  await button(page, /^Restart \d+ phones$/).click();
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
  return [review, new URL(page.url()).pathname];
}

/** Something with several phones, up to the page that asks what or whether. */
async function many(page, word, leadsTo) {
  await page.goto('/phones');
  await page.getByRole('checkbox', { name: /^Select / }).nth(2).check();
  await page.getByRole('checkbox', { name: /^Select / }).nth(4).check();
  await button(page, word).click();
  await page.waitForURL(leadsTo);
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}

async function firstLink(page, path, shape) {
  await page.goto(path);
  const hrefs = await page.locator('main a[href]').evaluateAll((links) => links.map((one) => one.getAttribute('href')));
  const found = hrefs.find((href) => shape.test(href));
  assert.ok(found, `${path} has no link like ${shape}: ${hrefs.join(' ')}`);
  return found;
}
