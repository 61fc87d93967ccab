// The list of phones as somebody likes it, a selection over pages, keys and screen of one phone;
// and, where scripts run, the palette and the keys.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { holdToAxe } from '../harness/axe.js';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { button, field, isAt, link, signIn } from '../harness/steps.js';

for (const scripts of [true, false]) {
  describe(`the list of phones, ${scripts ? 'with' : 'without'} scripts`, { timeout: 240_000 }, () => {
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

    const unfold = (name) => page.locator('.list-tools summary', { hasText: name }).click();

    it('shows the columns that somebody ticked, and keeps them', async () => {
      await page.goto('/phones?q=site:hamburg&sort=-label');
      await unfold('Columns');
      await page.getByRole('checkbox', { name: 'MAC' }).check();
      await page.getByRole('checkbox', { name: 'Firmware' }).uncheck();
      await button(page, 'Show these columns').click();
      await page.getByRole('columnheader', { name: 'MAC' }).waitFor();
      assert.equal(await page.getByRole('columnheader', { name: 'Firmware' }).count(), 0);
      const { searchParams } = new URL(page.url());
      assert.equal(searchParams.get('q'), 'site:hamburg');
      assert.equal(searchParams.get('sort'), '-label');
      await page.goto('/phones?q=site:hamburg&sort=-label');
      await page.getByRole('columnheader', { name: 'MAC' }).waitFor();
    });

    it('puts the columns in another order with buttons', async () => {
      const heads = async () => (await page.locator('.table.phones thead th').allInnerTexts()).map((text) => text.trim());
      await page.goto('/phones?q=site:hamburg&sort=-label');
      await unfold('Columns');
      await button(page, 'Move Model up').click();
      await page.waitForURL(/cols=model,extension,.*moved=up\.model/);
      const [model, extension] = ['Model', 'Ext.'].map((text) => (all) => all.findIndex((one) => one.startsWith(text)));
      let all = await heads();
      assert.ok(model(all) >= 0 && model(all) < extension(all), all.join());
      // At the edge the other button goes on, without the mouse.
      assert.equal(await page.evaluate(() => document.activeElement.title), 'Move Model down');
      await page.keyboard.press('Enter');
      await page.waitForURL(/moved=down\.model/);
      all = await heads();
      assert.ok(extension(all) >= 0 && extension(all) < model(all), all.join());
      if (scripts) await holdToAxe(page);
    });

    it('keeps a list under a name, and finds it again', async () => {
      await unfold('Views');
      await field(page, 'Keep this list as').fill('Hamburg by MAC');
      await button(page, 'Keep').click();
      await page.getByText('This list is kept as Hamburg by MAC.').waitFor();
      await page.goto('/phones');
      await unfold('Views');
      await link(page, 'Hamburg by MAC').click();
      await page.getByRole('columnheader', { name: 'MAC' }).waitFor();
      await page.getByText(/^30 of \d+ phones$/).waitFor();
    });

    it('offers the way back when nothing matches', async () => {
      await page.goto('/phones?q=site:hamburg&model=T99');
      await page.getByText('No phones match').waitFor();
      await link(page, 'Without model: T99').click();
      await page.getByText(/^30 of \d+ phones$/).waitFor();
    });

    it('changes phones of several pages at once', async () => {
      await page.goto('/phones?q=site:hamburg&limit=10');
      for (const last of [false, true]) {
        await page.getByRole('checkbox', { name: /^Select (?!all)/ }).first().check();
        await page.getByRole('checkbox', { name: /^Select (?!all)/ }).nth(1).check();
        if (last) break;
        await button(page, 'Next').click();
        await page.waitForURL(/after=/);
      }
      await page.getByRole('radio', { name: /^Selection of 2 phones/ }).check();
      await button(page, 'Edit…').click();
      await isAt(page, 'Edit 4 phones');
      await field(page, 'Notes').fill('moved in November');
      await button(page, 'Change 4 phones').click();
      await page.getByText('4 phones were changed.').waitFor();
    });

    it('keeps the ticks of every page, in any order and behind any filter', async () => {
      const ticked = page.locator('[data-row]:checked');
      const tick = (place) => page.getByRole('checkbox', { name: /^Select (?!all)/ }).nth(place);
      await page.goto('/phones?q=site:hamburg&limit=10');
      await tick(0).check();
      await tick(1).check();
      await button(page, 'Next').click();
      await page.waitForURL(/after=/);
      await tick(0).check();
      await button(page, 'Previous').click();
      await page.waitForURL(/before=/);
      assert.equal(await ticked.count(), 2);
      await tick(1).uncheck();
      await page.getByRole('columnheader', { name: 'Phone' }).getByRole('button').click();
      await page.waitForURL(/sort=-label/);
      await page.getByRole('radio', { name: /^Selection of 2 phones/ }).waitFor();
      await tick(0).check();
      if (scripts) {
        await field(page, 'Filter').fill('site:hamburg e');
        await button(page, 'Filter').first().click();
        await page.getByRole('radio', { name: /^Selection of 3 phones/ }).waitFor();
        await page.locator('[data-row]:not(:checked)').first().check();
        await link(page, 'Remove filter e').click();
        await page.waitForURL((url) => url.searchParams.get('q') === 'site:hamburg');
        await page.getByRole('radio', { name: /^Selection of 4 phones/ }).waitFor();
      } else {
        assert.match(await page.locator('.filters .hint').innerText(), /Before you filter or choose columns, press “Add to selection”\.$/);
      }
    });

    if (scripts) {
      it('has ticks that were not sent again after a reload, and none that were', async () => {
        const ticked = page.locator('[data-row]:checked');
        const tick = (place) => page.locator('[data-row]').nth(place);
        const here = page.locator('[name=scope][value=page]');
        await page.goto('/phones?q=site:hamburg&limit=10');
        for (const place of [1, 4]) await tick(place).check();
        await page.reload();
        assert.equal(await ticked.count(), 2);
        assert.ok((await tick(1).isChecked()) && (await tick(4).isChecked()) && (await here.isChecked()));
        await page.goto('/phones?q=site:hamburg&limit=20');
        assert.equal(await ticked.count(), 0, 'another list');
        await page.goto('/phones?q=site:hamburg&limit=10');
        assert.equal(await ticked.count(), 0, 'whoever comes anew');
        await tick(2).check();
        await button(page, 'Next').click();
        await page.waitForURL(/after=/);
        await button(page, 'Previous').click();
        await page.waitForURL(/before=/);
        // What was sent is of the selection, and a tick that is taken away stays away.
        await tick(2).uncheck();
        await page.reload();
        assert.equal(await ticked.count(), 0);
      });
    }

    it('tags with Enter, and stays in its list', async () => {
      await page.goto('/phones?q=site:hamburg&limit=10');
      await page.getByRole('checkbox', { name: /^Select (?!all)/ }).first().check();
      await page.locator('.bulk summary', { hasText: 'Tag…' }).click();
      await field(page, 'Tag').fill('lift');
      await page.keyboard.press('Enter');
      await page.getByText('The tag lift was added to 1 phone.').waitFor();
      await isAt(page, 'Phones');
      assert.equal(new URL(page.url()).searchParams.get('q'), 'site:hamburg');
    });

    it('presses a key and looks at the screen', async () => {
      await page.goto('/phones?q=site:hamburg&limit=20');
      const phones = await page.locator('.row-name').evaluateAll((links) => links.map((one) => one.getAttribute('href')));
      await page.goto(phones[0]);
      const room = () => page.locator('#keys-said').evaluate((said) => said.offsetHeight);
      const empty = await room();
      assert.ok(empty > 0, 'what is said of a key has its room before');
      await button(page, 'Press the up arrow').click();
      // Some phones of the demo refuse or are slow: how the key ended, or that it is on its way.
      await page.locator('#keys-said', { hasText: 'Press the up arrow: ' }).waitFor();
      await button(page, 'Press OK').click();
      await page.getByText(/Say why/i).first().waitFor();
      // Some phones of the demo refuse; one of them shows its screen.
      const picture = page.getByRole('img', { name: 'The screen of the phone' });
      for (const phone of phones) {
        await page.goto(phone);
        await button(page, 'Look at the screen').click();
        await page.waitForLoadState();
        if ((await picture.count()) > 0) break;
        await page.getByText('No picture:').waitFor();
      }
      assert.ok(await picture.evaluate((image) => image.naturalWidth > 0 || !image.complete));
      // The screen stays while keys are pressed, and what was refused is told beside them.
      await button(page, 'Press the up arrow').click();
      await page.getByText('Press the up arrow: acknowledged.').waitFor();
      assert.ok(Math.abs(await room() - empty) <= 2, 'the keys stay where they are');
      assert.equal(await picture.count(), 1);
      await page.getByText('before the last key').waitFor();
      assert.equal(await button(page, 'Take it again').count(), 1);
      await page.getByRole('checkbox', { name: /^Take a picture after each key/ }).check();
      await button(page, 'Press the up arrow').click();
      await page.getByText('Press the up arrow: acknowledged.').waitFor();
      assert.equal(await picture.count(), 1);
      assert.equal(await page.getByText('before the last key').count(), 0);
      // Enter in the reason presses no key.
      const here = page.url();
      await page.locator('#f-key-reason').press('Enter');
      assert.equal(page.url(), here);
      await button(page, 'Press OK').click();
      await page.getByText(/Say why/i).first().waitFor();
      assert.equal(await picture.count(), 1);
      assert.match(page.url(), /#keys-said$/);
      // What is wrong, the reason and the keys are in sight together.
      for (const one of [page.locator('#keys-said .is-bad'), page.locator('#f-key-reason'), button(page, 'Press OK')]) {
        assert.ok(await one.evaluate((part) => {
          const { top, bottom } = part.getBoundingClientRect();
          return top >= 0 && bottom <= innerHeight;
        }));
      }
      assert.equal(await page.evaluate(() => document.activeElement.id), 'keys-said');
      await finish(page);
    });
  });
}

/**
 * Presses `g` and the key of a place. The second counts within a moment of the first only, which a
 * busy machine may miss: then both are pressed again, as a person would.
 */
async function goByKeys(page, key, path) {
  for (let left = 3; left > 0; left -= 1) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    const there = page.waitForURL((url) => url.pathname === path, { timeout: left > 1 ? 4_000 : 15_000 });
    if (await there.then(() => true, () => false)) return;
  }
}

describe('palette and keys', { timeout: 120_000 }, () => {
  let browser, server, page;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 60 })]);
    page = await openPage(browser, server);
    await signIn(page, server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('finds a phone from any page by keyboard alone', async () => {
    await page.goto('/jobs');
    await page.keyboard.press('Control+k');
    const box = page.getByRole('combobox');
    await box.fill('1014');
    await page.getByRole('option', { name: /1014/ }).first().waitFor();
    await holdToAxe(page);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/phones\/[0-9a-f:]{17}$/);
  });

  it('goes where a link leads, and closes with Escape', async () => {
    await page.keyboard.press('/');
    await page.getByRole('combobox').fill('aud');
    await page.getByRole('option', { name: /^Audit/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('combobox').waitFor({ state: 'detached' });
    await goByKeys(page, 'p', '/phones');
    await isAt(page, 'Phones');
  });

  it('walks and ticks rows', async () => {
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    const ticked = page.locator('[data-row]:checked');
    assert.equal(await ticked.count(), 1);
    assert.equal(await page.locator('tbody tr').nth(1).locator('[data-row]:checked').count(), 1);
  });

  it('goes to what can be done with the phones', async () => {
    for (const list of ['/phones', '/phones?q=site:hamburg']) {
      await page.goto(list);
      await page.keyboard.press('b');
      assert.ok(await page.evaluate(() => document.activeElement.closest('.bulk') !== null), list);
    }
  });

  it('tells on another page that a job of one\'s own has ended', async () => {
    await page.goto('/run?filter=1014&action=Reboot');
    await page.getByRole('radio', { name: /^Restart the phone/ }).check();
    await field(page, 'Reason').fill('to be told');
    await button(page, 'Review').click();
    await button(page, /^Restart 1 phone$/).click();
    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/);
    await page.goto('/phones');
    await page.getByRole('status').getByText(/^Restart of 1 phone ended: 1 \w+\./).waitFor({ timeout: 60_000 });
    await page.getByRole('status').getByRole('link', { name: 'Show the result' }).click();
    await isAt(page, /^Restart/);
  });

  it('does the same on Enter, however soon it comes', async () => {
    const option = (which) => page.locator('.palette [role=option]', which);
    const look = async (text) => {
      await page.goto('/jobs');
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill(text);
    };
    for (const soon of [true, false]) {
      await look('site:hamburg');
      if (!soon) await option().nth(3).waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL((url) => url.pathname === '/phones' && url.searchParams.get('q') === 'site:hamburg');
      await look('1014');
      if (!soon) await option({ hasText: /Hamburg|Kiel|Berlin|T\d\d/ }).first().waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/phones\/[0-9a-f:]{17}$/);
      // The name by which phones know it.
      await look('reboot');
      if (!soon) await option({ hasText: /Command$/ }).first().waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL((url) => url.pathname === '/run' && url.searchParams.get('action') === 'Reboot');
    }
  });

  it('offers a command for a place where the words name both', async () => {
    await page.goto('/jobs');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('restart hamburg');
    await page.getByRole('option', { name: /^Restart the phone: \d+ phones at site Hamburg/ }).click();
    await page.waitForURL((url) => url.pathname === '/run' && url.searchParams.get('filter') === 'site:hamburg');
    assert.ok(await page.getByRole('radio', { name: /^Restart the phone/ }).isChecked());
  });

  it('has a map, and a switch for single keys', async () => {
    await page.keyboard.press('?');
    const map = page.getByRole('dialog', { name: 'Keys' });
    await map.waitFor();
    await holdToAxe(page);
    await map.getByRole('checkbox').uncheck();
    await page.keyboard.press('Escape');
    await map.waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    assert.equal(await map.count(), 0, 'switched off');
    await finish(page);
  });
});
