// Hostile words in every field of every form, and in the answers of phones; then every page is looked
// at by each role. No script of theirs runs, the content security policy is never even needed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { launch, openPage } from '../harness/browser.js';
import { PROGRAM, startDemo } from '../harness/server.js';
import { awaitEnd, button, confirm, field, isAt, signIn, upload } from '../harness/steps.js';

// Breaks out of texts, attributes, addresses, scripts, styles, templates and comments, if any lets it.
const EVIL = `"'><script>window.ran=1</script><img src=x onerror=window.ran=2>{{7*7}}</title></textarea>--><svg onload=window.ran=3>`;
const SHORT = `"'><svg onload=window.ran=4>`;
const DOOR = '00:15:65:ee:00:07';

// What would end the session, take away what others need, or leave the pages.
const SPARED = /sign-out|\/password|second-factor|\/sessions\/|\/language|\/delete$|\/disable|\/reset-|\/stop-all|\/selection\/missing/;

describe('hostile words in every field', { timeout: 900_000 }, () => {
  let browser, server, phone, page;
  before(async () => {
    [browser, server, phone] = await Promise.all([launch(), startDemo({ phones: 12 }), hostilePhone()]);
    page = await someone('admin');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await phone?.close();
  });

  async function someone(role) {
    const page = await openPage(browser, server);
    page.context().setDefaultTimeout(60_000);
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    await signIn(page, server.accounts[role]);
    return page;
  }

  it('are taken as words where words are taken', async () => {
    await aPhone(page, phone.port);
    await names(page);
    await aList(page);
    await aJob(page, 'DNDOn', SHORT);
    await aJob(page, 'phonecfg', SHORT);
    await stopAndGoOn(page);
    for (const path of [`/phones/${DOOR}`, '/groups', '/sites', '/audit', '/account']) {
      await look(page, path);
      assert.ok((await page.locator('main').innerText()).includes('onload=window.ran=4'), path);
    }
    assert.ok(phone.asked() > 0, 'the hostile phone was asked');
    assert.deepEqual(page.complaints, []);
  });

  it('are put into every form there is', async () => {
    const filled = await everyForm(page, await everyPage(page));
    assert.ok(filled.length >= 25, `only ${filled.length}: ${filled.join(' ')}`);
    assert.deepEqual(page.complaints, []);
  });

  for (const role of ['admin', 'operator', 'auditor']) {
    it(`are words on every page for the ${role}`, async () => {
      const own = await someone(role);
      const paths = await everyPage(own);
      assert.ok(paths.length > 30, paths.join(' '));
      for (const path of paths) await look(own, path);
      assert.deepEqual(own.complaints, []);
      await own.context().close();
    });
  }
});

/** A page that is there, and made of nothing of theirs. */
async function look(page, path) {
  await page.goto(path);
  await isHarmless(page, path);
}

async function isHarmless(page, path) {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  assert.equal(await page.evaluate(() => window.ran), undefined, path);
  const made = await page.locator('svg[onload], img[onerror], a[href^="javascript:"]').count();
  assert.equal(made, 0, `${path} has an element of theirs`);
}

async function send(page) {
  const save = page.locator('main form button[value=save]');
  await ((await save.count()) ? save : page.locator('main form button[type=submit]')).last().click();
  await page.getByRole('heading', { level: 1 }).first().waitFor();
}

async function fill(page, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const input = page.locator(`main [name="${name}"]`);
    assert.ok((await input.count()) > 0, `${page.url()} has no field ${name}`);
    await input.first().fill(text);
  }
}

/** A phone whose name, notes, tags and model are hostile, and which answers so too. */
async function aPhone(page, port) {
  await page.goto('/phones/new');
  await fill(page, {
    mac: DOOR, label: SHORT, model: SHORT, notes: EVIL, address: '127.0.0.1', port: String(port),
  });
  await page.locator('main [name="scheme"]').first().selectOption('http').catch(() => {});
  await send(page);
  assert.equal(new URL(page.url()).pathname, `/phones/${DOOR}`, await page.locator('main').innerText());
}

/** Names of groups, sites, views and tokens, a SIP profile, a credential. */
async function names(page) {
  for (const [path, texts] of [
    ['/groups/new?kind=fixed', { name: SHORT, members: DOOR }],
    ['/groups/new?kind=rule', { name: `rule ${SHORT}`, filter: 'site:hamburg' }],
    ['/sites/new', { name: SHORT }],
    ['/admin/credentials/new', { name: 'evil', username: SHORT, password: EVIL }],
  ]) {
    await page.goto(path);
    await fill(page, texts);
    await send(page);
    await isHarmless(page, path);
  }
  await page.goto('/account');
  await field(page, 'What for').fill(SHORT);
  await button(page, 'Make a token').click();
  await isHarmless(page, 'a token');
}

/** Cells, headings and the name of a list. */
async function aList(page) {
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  await upload(page, `${SHORT}.csv`, `mac,label,notes,tags,site\n00:15:65:ee:00:02,${quoted(EVIL)},x,y,${quoted(SHORT)}\nnonsense,${quoted(SHORT)},,,\n`);
  await isHarmless(page, 'a list');
  await page.goto('/phones/import');
  await page.getByLabel('File').setInputFiles({
    name: 'evil.csv', mimeType: 'text/csv', buffer: Buffer.from(`mac,${quoted(EVIL)}\n00:15:65:ee:00:03,x\n`),
  });
  await button(page, 'Review').click();
  await isHarmless(page, 'a heading');
}

/** A job with a hostile reason for the hostile phone. */
async function aJob(page, action, reason) {
  await page.goto(`/run?filter=mac:${DOOR}&action=${action}`);
  const reasons = field(page, 'Reason');
  if (await reasons.count()) await reasons.fill(reason);
  await button(page, 'Review').click();
  await isAt(page, /^Review: /);
  await confirm(page);
  await page.locator('main form button[type=submit]:not([name=back])').last().click();
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
  await awaitEnd(page, true);
  await isHarmless(page, action);
}

async function stopAndGoOn(page) {
  for (const word of ['Stop everything', 'Let it go on']) {
    await page.goto('/stop-all');
    await fill(page, { reason: SHORT });
    await button(page, word).click();
    await isHarmless(page, word);
  }
}

/** Every page of the table, and what the links of lists lead to. */
async function everyPage(page) {
  const routes = JSON.parse(execFileSync(PROGRAM, ['routes', '--json'], { encoding: 'utf8' }));
  const plain = routes
    .filter(({ method, side, path }) => method === 'GET' && side === 'page' && !path.includes('{'))
    .map(({ path }) => path)
    .filter((path) => !/healthz|readyz|export|sign-in|setup|reset|phones\/(delete|edit)$/.test(path));
  const found = new Set([...plain, `/phones/${DOOR}`, `/phones/${DOOR}/edit`]);
  for (const path of ['/phones', '/groups', '/sites', '/jobs', '/jobs?tab=finished', '/audit', '/admin/users', '/admin/credentials']) {
    await page.goto(path);
    const hrefs = await page.locator('main a[href^="/"]').evaluateAll((links) => links.map((one) => one.getAttribute('href')));
    hrefs.filter((href) => !/export|\.csv|\.json|\/feed|\/screen|\/proof$/.test(href)).slice(0, 10).forEach((href) => found.add(href));
  }
  return [...found];
}

/** Fills every form of every page once, whatever it is for, and sends it; returns those that were sent. */
async function everyForm(page, paths) {
  const known = new Set();
  const sent = [];
  for (const path of paths) {
    await page.goto(path);
    const forms = await page.locator('form').evaluateAll((all) =>
      all.map((form) => `${form.getAttribute('method')} ${form.getAttribute('action')}${[...form.elements].map((one) => ` ${one.name}`).join('')}`),
    );
    for (const [index, form] of forms.entries()) {
      const kind = form.replace(/[0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9a-f-]{36}|\b\d+\b/g, '*');
      if (known.has(kind) || SPARED.test(form)) continue;
      known.add(kind);
      await page.goto(path);
      // A form that hands out a file leaves the page where it is.
      const arrived = page.waitForEvent('domcontentloaded', { timeout: 5_000 }).catch(() => {});
      const typed = await page.locator('form').nth(index).evaluate(fillAll, EVIL);
      if (!typed) continue;
      sent.push(kind);
      await arrived;
      await page.waitForLoadState();
      await isHarmless(page, `${path}: ${form}`);
    }
  }
  return sent;
}

/** In the browser: hostile words in all that takes words, whatever it asks for; then it is sent. */
function fillAll(form, evil) {
  const words = [...form.elements].filter((one) =>
    one.matches('textarea, input:not([type]), input:is([type=text], [type=search], [type=number], [type=date], [type=url], [type=password])'),
  );
  if (words.length === 0) return 0;
  for (const one of words) {
    if (one.tagName === 'INPUT') one.type = 'text';
    one.readOnly = false;
    one.value = evil;
  }
  form.noValidate = true;
  const send = [...form.elements].find((one) => one.type === 'submit');
  setTimeout(() => (send ? form.requestSubmit(send) : form.submit()));
  return words.length;
}

/** A phone that answers nothing but hostile words. */
async function hostilePhone() {
  let asked = 0;
  const answers = [200, 200, 403, 500];
  const phone = createServer((_, answer) => {
    answer.writeHead(answers[asked % answers.length], { 'content-type': 'text/html', server: 'x' });
    asked += 1;
    answer.end(`firmware=${EVIL}\n${EVIL}`);
  });
  await new Promise((resolve) => phone.listen(0, '127.0.0.1', resolve));
  return {
    port: phone.address().port,
    asked: () => asked,
    close: () => new Promise((resolve) => { phone.closeAllConnections(); phone.close(resolve); }),
  };
}
