// Groups by rule and by hand, tags, and what each role may see and do.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { button, field, filter, isAt, link, signIn } from '../harness/steps.js';

for (const scripts of [true, false]) {
  describe(`groups and roles, ${scripts ? 'with' : 'without'} scripts`, { timeout: 240_000 }, () => {
    let browser, server, page;
    before(async () => {
      [browser, server] = await Promise.all([launch(), startDemo({ phones: 60 })]);
      page = await openPage(browser, server, { scripts });
      await signIn(page, server);
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    it('refuses a rule that cannot be read, and keeps what was typed', async () => {
      await page.goto('/groups/new');
      await field(page, 'Name').fill('All of Berlin');
      await page.getByRole('radio', { name: /^By a rule/ }).check();
      await page.getByRole('textbox', { name: 'By a rule' }).fill('town:berlin');
      await button(page, /group$/).click();
      await page.getByText(/no such field/).first().waitFor();
      assert.equal(await field(page, 'Name').inputValue(), 'All of Berlin');
      assert.equal(await page.getByRole('textbox', { name: 'By a rule' }).inputValue(), 'town:berlin');
    });

    it('makes a group by rule and runs a command on it', async () => {
      await page.getByRole('textbox', { name: 'By a rule' }).fill('site:berlin');
      await button(page, /group$/).click();
      await isAt(page, 'All of Berlin');
      await page.goto('/run');
      await page.getByRole('checkbox', { name: /^All of Berlin/ }).check();
      await page.getByRole('radio', { name: /^Read the phone's settings/ }).check();
      await button(page, 'Review').click();
      await isAt(page, /^Review: .* phones?$/);
      await page.getByText('at Berlin').or(page.getByText('at berlin')).first().waitFor();
    });

    it('shows by name who comes and who goes before a changed rule is saved', async () => {
      await page.goto('/groups/all-of-berlin/edit');
      await page.getByRole('textbox', { name: 'By a rule' }).fill('site:leipzig');
      await button(page, 'Save group').click();
      const effect = page.locator('#effect');
      assert.match(await effect.innerText(), /\+\d+ \S+.*\n[^]*−\d+ \S+/);
      await page.getByText('Not saved yet').waitFor();
      await button(page, 'Save group').click();
      await isAt(page, 'All of Berlin');
      await page.getByText('Phones at site leipzig').first().waitFor();
    });

    it('tags the phones that were ticked', async () => {
      await filter(page, 'site:leipzig');
      const boxes = await page.getByRole('checkbox', { name: /^Select (?!all)/ }).all();
      for (const box of boxes) await box.check();
      await page.locator('summary', { hasText: 'Tag…' }).click();
      await page.getByRole('textbox', { name: 'Tag', exact: true }).fill('moving');
      await page.locator('.pop-body').getByRole('button', { name: 'Add', exact: true }).click();
      await page.getByText(`The tag moving was added to ${boxes.length} phones.`).waitFor();
      await filter(page, 'tag:moving');
      assert.equal(await page.getByRole('checkbox', { name: /^Select (?!all)/ }).count(), boxes.length);
    });

    it('shows an auditor the log, and neither phones nor commands', async () => {
      const other = await openPage(browser, server, { scripts });
      await signIn(other, server.accounts.auditor);
      await link(other, 'Audit').first().click();
      await isAt(other, 'Audit log');
      const places = await other.getByRole('navigation', { name: 'Main' }).innerText();
      assert.doesNotMatch(places, /Run|Credentials|Accounts/);
      const answer = await other.goto('/run');
      assert.equal(answer.status(), 403);
      await finish(other);
    });

    it('keeps administration from an operator', async () => {
      const other = await openPage(browser, server, { scripts });
      await signIn(other, server.accounts.operator);
      assert.match(await other.getByRole('navigation', { name: 'Main' }).innerText(), /Run/);
      for (const path of ['/admin/users', '/admin/credentials', '/admin/tokens', '/phones/import']) {
        assert.equal((await other.goto(path)).status(), 403, path);
      }
      await finish(other);
      await finish(page);
    });
  });
}
