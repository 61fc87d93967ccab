// A job waits for a second person: whoever asked is told whom to ask, and sees what was decided.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { PASSWORD, fill } from '../harness/house.js';
import { command, startEmpty, startPhones } from '../harness/server.js';
import { button, confirm, field, isAt, signIn } from '../harness/steps.js';

const TITLE = 'Restart · 60 phones';
// More than one person restarts alone.
const FLEET = {
  sites: [
    { name: 'Kiel', transport_security: 'plain_http', auth: 'basic', username: 'admin', password: 'kiel-example-4711', phones: 60 },
  ],
};
const PEOPLE = ['o.operator', 'c.colleague'];

describe('a job that waits for a second person', { timeout: 180_000 }, () => {
  let browser, server, phones;
  before(async () => {
    [browser, server, phones] = await Promise.all([launch(), startEmpty(['--allow-loopback']), startPhones(FLEET)]);
    await fill(server, phones, FLEET, Object.fromEntries(PEOPLE.map((name) => [name, 'operator'])));
    for (const name of PEOPLE) command(join(server.folder, 'data'), ['user', 'access', name, '--approver', 'true']);
  });
  after(async () => {
    await browser?.close();
    await Promise.all([server?.stop(), phones?.stop()]);
  });

  it('is loaded anew when somebody else has decided', async () => {
    const [asks, decides] = await Promise.all(PEOPLE.map(async (user) => {
      const page = await openPage(browser, server);
      await signIn(page, { user, password: PASSWORD });
      return page;
    }));
    await ask(asks);
    await asks.locator('#approval').waitFor();
    await asks.evaluate(() => { globalThis.stayed = true; });

    await decides.goto('/approvals');
    const columns = await decides.locator('.facts dd').evaluateAll((values) =>
      new Set(values.map((value) => Math.round(value.getBoundingClientRect().x))).size);
    assert.equal(columns, 1, 'sites stand where the other values do');

    await decides.goto(new URL(asks.url()).pathname);
    await field(decides, 'Why not').fill('not before noon');
    await button(decides, 'Refuse').click();

    await asks.waitForFunction(() => globalThis.stayed === undefined);
    await isAt(asks, TITLE);
    assert.equal(await asks.locator('#approval').count(), 0, 'nothing is left to decide');
    await asks.getByText('Refused, nothing was sent').first().waitFor();
    await asks.getByText('not before noon').first().waitFor();
    for (const page of [asks, decides]) await finish(page);
  });

  it('says that what it shows is old while the connection is lost', async () => {
    const asks = await openPage(browser, server);
    await signIn(asks, { user: PEOPLE[0], password: PASSWORD });
    await ask(asks);
    const page = await asks.context().newPage();
    await page.route('**/feed', (route) => route.abort());
    await page.goto(new URL(asks.url()).pathname);
    const said = page.locator('.toasts', { hasText: /Connection lost\. These numbers are of \d\d:\d\d:\d\d; trying again every 3 seconds\. Reload/ });
    await said.waitFor();
    assert.equal(await page.locator('.job-summary[data-lost]').count(), 1);

    await page.unroute('**/feed');
    await page.locator('.job-summary:not([data-lost])').waitFor();
    assert.equal(await said.count(), 0, 'it is taken back');
    await page.locator('.toasts', { hasText: /Connected again at \d\d:\d\d:\d\d\. The numbers are current\./ }).waitFor();
    await finish(asks);
  });
});

/** Asks for a restart of all phones; the review says who may let it run. */
async function ask(page) {
  await page.goto('/run?filter=site:kiel&action=Reboot');
  await page.getByRole('radio', { name: /^Restart the phone/ }).check();
  await field(page, 'Reason').fill('phones hang');
  await button(page, 'Review').click();
  await isAt(page, /^Review: /);
  await page.getByText('No second factor yet: c.colleague.').waitFor();
  await confirm(page);
  await button(page, 'Ask for approval').click();
  await isAt(page, /^Restart · \d+ phones$/);
}
