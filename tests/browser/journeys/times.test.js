// Times are read where one is: in the reader's zone with scripts, in UTC and saying so without.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { signIn } from '../harness/steps.js';

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

  it('are in UTC without scripts, and say so', async () => {
    const page = await openPage(browser, server, { scripts: false, zone: 'Asia/Kolkata' });
    await signIn(page, server);
    assert.match(await page.locator('footer time').innerText(), UTC);
    await finish(page);
  });
});
