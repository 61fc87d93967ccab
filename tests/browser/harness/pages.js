// Every page with something in it: what the tests that look at all of them look at.

import assert from 'node:assert/strict';
import { finish, openPage } from './browser.js';
import { button, confirm, field, isAt, result, signIn, upload } from './steps.js';

/** Runs a job and imports a list, so that no page is empty; returns the pages. */
export async function makeSomethingToSee(browser, server) {
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
  await page.goto('/account/second-factor');
  await button(page, 'Set it up').click();
  await field(page, 'Code that the app shows').waitFor();
  const factor = new URL(page.url()).pathname + new URL(page.url()).search;
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
    selection: editing.replace('/phones/edit', '/selection'),
    phone,
    'phone-edit': `${phone}/edit`,
    'phone-delete': `${phone}/delete`,
    'phone-new': '/phones/new',
    import: '/phones/import',
    ...imported,
    groups: '/groups',
    group,
    'group-edit': `${group}/edit`,
    'group-changes': `${group}/changes`,
    'group-delete': `${group}/delete`,
    'group-new': '/groups/new',
    sites: '/sites',
    'site-edit': site,
    'site-delete': site.replace(/edit$/, 'delete'),
    'site-new': '/sites/new',
    'site-sip': site.replace(/edit$/, 'sip'),
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
    streams: '/admin/streams',
    tokens: '/admin/tokens',
    account: '/account',
    'second-factor': '/account/second-factor',
    'second-factor-setup': factor,
    'api-docs': '/api/docs',
    approvals: '/approvals',
    networks: '/admin/networks',
    'networks-narrower': '/admin/networks?networks=10.0.0.0%2F8',
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
  const done = new URL(page.url()).pathname;
  return { 'import-review': faulty, 'import-result': done, 'import-undo': done.replace(/result$/, 'undo') };
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
