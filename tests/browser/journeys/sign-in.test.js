// Signing in and out; what is refused, and with which words.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { button, field, isAt, signIn, signOut } from '../harness/steps.js';

describe('signing in', { timeout: 180_000 }, () => {
  let browser, server;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 10 })]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const scripts of [true, false]) {
    const how = scripts ? 'with scripts' : 'without scripts';

    it(`refuses a wrong password without telling which half was wrong, ${how}`, async () => {
      const page = await openPage(browser, server, { scripts });
      await page.goto('/sign-in');
      const told = [];
      for (const name of [server.user, 'nobody-of-that-name']) {
        await field(page, 'Name').fill(name);
        await field(page, 'Password').fill('not the password');
        await button(page, 'Sign in').click();
        told.push(await page.getByRole('alert').innerText());
        assert.equal(await field(page, 'Name').inputValue(), name);
        assert.equal(await field(page, 'Password').inputValue(), '');
      }
      assert.equal(told[0], told[1]);
      await finish(page);
    });

    it(`leads to where one wanted to go, and out again, ${how}`, async () => {
      const page = await openPage(browser, server, { scripts });
      await page.goto('/jobs');
      await isAt(page, 'Sign in');
      await field(page, 'Name').fill(server.user);
      await field(page, 'Password').fill(server.password);
      await button(page, 'Sign in').click();
      await isAt(page, 'Jobs');
      await signOut(page);
      await page.goto('/phones');
      await isAt(page, 'Sign in');
      await finish(page);
    });
  }

  it('works with the keyboard alone', async () => {
    const page = await openPage(browser, server);
    await page.goto('/sign-in');
    assert.equal(await page.evaluate(() => document.activeElement.name), 'username');
    await page.keyboard.press('Shift+Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the page');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.name), 'username');
    await page.keyboard.type(server.user);
    await page.keyboard.press('Tab');
    await page.keyboard.type(server.password);
    await page.keyboard.press('Enter');
    await isAt(page, 'Overview');
    await finish(page);
  });

  it('does not bring back a page after signing out', async () => {
    const page = await openPage(browser, server);
    await signIn(page, server);
    await page.goto('/phones');
    await isAt(page, 'Phones');
    await page.evaluate(() => localStorage.setItem('left', 'behind'));
    await signOut(page);
    assert.equal(await page.evaluate(() => localStorage.getItem('left')), null);
    await page.goBack();
    await isAt(page, 'Sign in');
    await finish(page);
  });
});
