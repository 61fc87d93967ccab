// One's own account: how the pages look, and the end of a session that is told before it comes.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { button, field, isAt, link, signIn } from '../harness/steps.js';

const IDLE_MS = 15 * 60_000;

describe('one\'s own account', { timeout: 120_000 }, () => {
  let browser, server;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 20 })]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('looks as its owner chose, whatever the system has', async () => {
    const page = await openPage(browser, server, { scripts: false });
    await signIn(page, server);
    const looks = () => page.evaluate(() => {
      const { colorScheme } = getComputedStyle(document.documentElement);
      const row = document.querySelector('.table.phones tbody td').getBoundingClientRect().height;
      const sheets = [...document.styleSheets].filter((sheet) => matchMedia(sheet.media.mediaText || 'all').matches);
      return { colorScheme, high: row > 40, dark: sheets.some((sheet) => sheet.href.includes('dark.css')) };
    });
    const choose = async (theme, density) => {
      await page.goto('/account');
      await field(page, 'Colours').selectOption(theme);
      await field(page, 'Rows of lists').selectOption(density);
      await button(page, 'Save look').click();
      await page.getByText('The pages look as you chose.').waitFor();
      await page.goto('/phones');
    };
    await page.goto('/phones');
    assert.deepEqual(await looks(), { colorScheme: 'light dark', high: false, dark: false });
    await choose('dark', 'comfortable');
    assert.deepEqual(await looks(), { colorScheme: 'dark', high: true, dark: true });
    await choose('light', 'compact');
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await looks(), { colorScheme: 'light', high: false, dark: false });
    await choose('', '');
    assert.deepEqual(await looks(), { colorScheme: 'light dark', high: false, dark: true });
    await finish(page);
  });

  it('finds the page of a form that was refused, by Back and by Reload', async () => {
    const page = await openPage(browser, server);
    await signIn(page, server);
    await page.goto('/account');
    await field(page, 'Password now').fill('what I have now');
    await field(page, 'New password').fill('one of many new words');
    await field(page, 'New password again').fill('another of many words');
    await button(page, 'Change password').click();
    const refused = page.getByText('The two new passwords are not the same.').first();
    await refused.waitFor();
    await link(page, 'Groups').first().click();
    await isAt(page, 'Groups');
    await page.goBack();
    await isAt(page, 'Your account');
    assert.equal(await refused.count(), 0, 'the page is fetched anew');
    await page.reload();
    await isAt(page, 'Your account');
    // The query of the form's page is kept.
    await page.goto('/groups/new?kind=rule');
    await field(page, 'Name').fill('All of Berlin');
    await page.getByRole('textbox', { name: 'By a rule' }).fill('town:berlin');
    await button(page, /group$/).click();
    await page.getByText(/no such field/).first().waitFor();
    await page.waitForURL(/\/groups\/new\?kind=rule$/);
    await finish(page);
  });

  it('is told before a session ends, and can keep it', async () => {
    const page = await openPage(browser, server);
    await page.clock.install();
    await signIn(page, server);
    const note = page.locator('[data-session-ends]');
    await page.clock.fastForward(IDLE_MS - 3 * 60_000);
    assert.equal(await note.count(), 0);
    await page.clock.fastForward(90_000);
    await note.waitFor();
    assert.match(await note.innerText(), /^You will be signed out at .*nothing was done here/);
    const kept = page.waitForResponse((answer) => answer.request().method() === 'HEAD' && answer.ok());
    await button(page, 'Stay signed in').click();
    await kept;
    await note.waitFor({ state: 'detached' });
    await page.clock.fastForward(IDLE_MS - 60_000);
    await note.waitFor();
    await page.clock.fastForward(61_000);
    await page.getByText('You are signed out.').waitFor();
    await finish(page);
  });
});
