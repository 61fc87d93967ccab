// Hostile words in every field, and a hostile site in another tab. No script of theirs runs, the
// content security policy is never even needed, and nothing changes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { PROGRAM, startDemo } from '../harness/server.js';
import { button, confirm, field, isAt, signIn, upload } from '../harness/steps.js';

// Breaks out of texts, attributes, addresses, scripts, styles, templates and comments, if any lets it.
const EVIL = `"'><script>window.ran=1</script><img src=x onerror=window.ran=2>{{7*7}}</title></textarea>--><svg onload=window.ran=3>`;
const SHORT = `"'><svg onload=window.ran=4>`;
const LINK = `javascript:window.ran=5`;

describe('a hostile world', { timeout: 600_000 }, () => {
  let browser, server, page;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 20 })]);
    page = await openPage(browser, server);
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    await signIn(page, server);
    await fill(page);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('runs nothing of it on any page', async () => {
    const paths = await everyPage(page);
    assert.ok(paths.length > 40, paths.join(' '));
    for (const path of paths) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      assert.equal(await page.evaluate(() => window.ran), undefined, path);
      const made = await page.locator('svg[onload], img[onerror], a[href^="javascript:"]').count();
      assert.equal(made, 0, path);
    }
    assert.deepEqual(page.complaints, []);
  });

  it('finds its words as words', async () => {
    await page.goto('/phones?q=mac:00:15:65:ee:00:01');
    assert.ok((await page.locator('main').innerText()).includes('onload=window.ran=4'));
  });

  it('lets another site change nothing', async () => {
    const before = await newest(page);
    const strange = await strangeSite(server.url);
    try {
      for (const host of ['127.0.0.1', 'localhost']) {
        const other = await page.context().newPage();
        await other.goto(`http://${host}:${strange.port}/`);
        await other.waitForFunction(() => window.tried === window.all, null, { timeout: 60_000 });
        const told = await other.evaluate(() => window.read);
        assert.deepEqual(told, [], `${host}: nothing can be read`);
        await other.close();
      }
      assert.ok(strange.posts() > 0);
    } finally {
      await strange.close();
    }
    assert.equal(await newest(page), before, 'no other record, so no change');
    await page.goto('/');
    await isAt(page, 'Overview');
    await finish(page);
  });
});

/** Hostile words in every field that takes words. */
async function fill(page) {
  await page.goto('/phones/new');
  await field(page, 'MAC address').fill('00:15:65:ee:00:01');
  for (const [name, text] of [['label', SHORT], ['extension', SHORT], ['model', SHORT], ['tags', SHORT], ['notes', EVIL], ['username', SHORT]]) {
    const input = page.locator(`[name="${name}"]`);
    if (await input.count()) await input.first().fill(text);
  }
  await page.locator('[name="password"]').first().fill(EVIL);
  await page.locator('main form button[type=submit]').last().click();
  const first = new URL(page.url()).pathname;
  if (first === '/phones/new') await plainPhone(page);
  for (const [path, fields] of [
    ['/groups/new', { name: SHORT }],
    ['/sites/new', { name: SHORT }],
    ['/admin/credentials/new', { name: 'evil', username: SHORT, password: EVIL }],
  ]) {
    await page.goto(path);
    for (const [name, text] of Object.entries(fields)) {
      const input = page.locator(`main [name="${name}"]`);
      if (await input.count()) await input.first().fill(text);
    }
    await answered(page, page.locator('main form button[type=submit]:visible').last());
  }
  await upload(page, `${SHORT}.csv`, `mac,label,notes,tags\n00:15:65:ee:00:02,"${EVIL.replaceAll('"', '""')}",x,y\nnonsense,"${SHORT.replaceAll('"', '""')}",,\n`);
  await page.goto('/account');
  await field(page, 'What for').fill(SHORT);
  await answered(page, button(page, 'Make a token'));
  await page.goto('/run?filter=site:hamburg&action=DNDOn');
  await field(page, 'Reason').fill(SHORT);
  await button(page, 'Review').click();
  await isAt(page, /^Review: /);
  await confirm(page);
  await page.locator('main form button[type=submit]:not([name=back])').last().click();
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
}

/** Clicks what sends a form, and has all of its answer. */
async function answered(page, submit) {
  await Promise.all([page.waitForEvent('domcontentloaded'), submit.click()]);
}

/** Where the form refuses such words in one field, the others still have theirs. */
async function plainPhone(page) {
  for (const name of ['extension', 'model', 'tags', 'username', 'password']) {
    const input = page.locator(`[name="${name}"]`);
    if (await input.count()) await input.first().fill('');
  }
  await page.locator('main form button[type=submit]').last().click();
  await page.getByRole('heading', { level: 1 }).first().waitFor();
}

/** Every page of the table, what its links lead to, and hostile words in every parameter. */
async function everyPage(page) {
  const routes = JSON.parse(execFileSync(PROGRAM, ['routes', '--json'], { encoding: 'utf8' }));
  const plain = routes
    .filter(({ method, side, path }) => method === 'GET' && side === 'page' && !path.includes('{'))
    .map(({ path }) => path)
    .filter((path) => !/healthz|readyz|export|sign-in|setup|phones\/(delete|edit)$/.test(path));
  const evil = encodeURIComponent(EVIL);
  const asked = ['q', 'site', 'job', 'actor', 'next', 'draft', 'after', 'sort', evil].map((name) => `?${name}=${evil}`);
  const found = new Set(plain);
  for (const path of ['/phones', '/groups', '/sites', '/jobs', '/audit', '/admin/users', '/admin/credentials']) {
    await page.goto(path);
    const hrefs = await page.locator('main a[href^="/"]').evaluateAll((links) => links.map((one) => one.getAttribute('href')));
    hrefs.filter((href) => !/export|\.csv|\.json|\/feed|\/screen/.test(href)).slice(0, 8).forEach((href) => found.add(href));
    asked.forEach((query) => found.add(path + query));
  }
  found.add('/phones/00:15:65:ee:00:01');
  found.add('/phones/00:15:65:ee:00:01/edit');
  found.add(`/sign-in?next=${encodeURIComponent(LINK)}`);
  found.add(`/nothing/${evil}`);
  return [...found];
}

/** The number of the newest audit record. */
async function newest(page) {
  // That something was refused is a record, and no change.
  await page.goto('/audit?action=-request.refused');
  const links = await page.locator('main a[href^="/audit/"]').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  const newest = links.find((href) => /^\/audit\/\d+$/.test(href));
  assert.ok(newest, 'a log has records');
  return newest;
}

/** A site that tries every form and every read of ours with the visitor's own cookies. */
async function strangeSite(target) {
  const routes = JSON.parse(execFileSync(PROGRAM, ['routes', '--json'], { encoding: 'utf8' }));
  const paths = routes.map(({ method, path }) => ({ method, path: path.replace(/\{[^}]+\}/g, 'x') }));
  const script = `
    const target = ${JSON.stringify(target)};
    const routes = ${JSON.stringify(paths)};
    window.read = []; window.tried = 0; window.all = routes.length + 1;
    const done = () => { window.tried += 1; };
    for (const { method, path } of routes) {
      const body = method === 'GET' ? undefined : new URLSearchParams({ reason: 'evil', name: 'evil', csrf: 'x' });
      const ways = [
        fetch(target + path, { method, body, mode: 'no-cors', credentials: 'include' }).then((answer) => {
          if (answer.type !== 'opaque') window.read.push(path);
        }),
        fetch(target + path, { method, body, credentials: 'include' }).then(() => window.read.push('cors ' + path)),
        fetch(target + path, { method, body: body && '{}', credentials: 'include', headers: { 'content-type': 'application/json' } }).then(() => window.read.push('json ' + path)),
      ];
      Promise.allSettled(ways).then(done);
    }
    const frame = document.createElement('iframe');
    frame.name = 'hole';
    document.body.append(frame);
    for (const { method, path } of routes.filter(({ method }) => method === 'POST')) {
      const form = document.createElement('form');
      Object.assign(form, { method: 'post', action: target + path, target: 'hole' });
      const input = document.createElement('input');
      Object.assign(input, { name: 'reason', value: 'evil' });
      form.append(input);
      document.body.append(form);
      form.submit();
      window.posts = (window.posts ?? 0) + 1;
    }
    const framed = document.createElement('iframe');
    framed.onload = () => {
      try { if (framed.contentDocument?.querySelector('main')) window.read.push('frame'); } catch {}
      done();
    };
    framed.src = target + '/phones';
    document.body.append(framed);
  `;
  const posts = paths.filter(({ method }) => method === 'POST').length;
  const site = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html; charset=utf-8');
    answer.end(`<!doctype html><title>win a phone</title><body><script>${script}</script>`);
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  return {
    port: site.address().port,
    posts: () => posts,
    close: () => new Promise((resolve) => { site.closeAllConnections(); site.close(resolve); }),
  };
}
