// Somebody who never saw these pages is told: “forty phones in Kiel hang, reboot them, and tell
// me which did not come back.” From the sign-in page, by the words on the screen alone.
//
// How long a person's hands and head take is an estimate by the keystroke-level model (Card,
// Moran and Newell 1980), not a measurement of anybody: 0.28 s for a key, 1.1 s to point, 0.2 s
// to press and release, 0.4 s from mouse to keyboard or back, and 1.35 s to think before each
// step. The time in which phones restart is theirs and not counted.

import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { PASSWORD, fill } from '../harness/house.js';
import { startEmpty, startPhones } from '../harness/server.js';
import { addsUp, awaitEnd, button, field, isAt, score } from '../harness/steps.js';

/** What the issue allows, in seconds of the model. */
const ALLOWED = 120;
const SECRET = 'kiel-example-4711';
const NAME = 'n.newcomer';
const FLEET = {
  timing: { reboot_min_ms: 1500, reboot_max_ms: 3000 },
  sites: [
    {
      name: 'Kiel',
      transport_security: 'plain_http',
      auth: 'digest',
      username: 'admin',
      password: SECRET,
      phones: 40,
      profiles: { 'never-returns': 3 },
    },
    { name: 'Hamburg', transport_security: 'plain_http', auth: 'digest', username: 'admin', password: SECRET, phones: 60 },
  ],
};

for (const scripts of [true, false]) {
  describe(`a newcomer, ${scripts ? 'with' : 'without'} scripts`, { timeout: 300_000 }, () => {
    let browser, server, phones;
    before(async () => {
      [browser, server, phones] = await Promise.all([launch(), startEmpty(['--allow-loopback']), startPhones(FLEET)]);
      await fill(server, phones, FLEET, { [NAME]: 'operator' });
    });
    after(async () => {
      await browser?.close();
      await Promise.all([server?.stop(), phones?.stop()]);
    });

    it('restarts forty phones and names those that did not come back', async (test) => {
      const page = await openPage(browser, server, { scripts });
      const hand = new Hand();
      await page.goto('/sign-in');
      await hand.type(field(page, 'Name'), NAME);
      await hand.type(field(page, 'Password'), PASSWORD);
      await hand.press(button(page, 'Sign in'));
      await isAt(page, 'Overview');

      await hand.press(page.getByRole('row', { name: /^Kiel/ }).getByRole('link', { name: 'Kiel' }));
      await isAt(page, 'Phones');
      await page.getByText('40 of 100 phones').first().waitFor();
      await hand.press(page.getByRole('radio', { name: /^All 40 matching/ }));
      await hand.press(button(page, 'Run command…'));
      await isAt(page, 'Run a command');

      await hand.press(page.getByRole('radio', { name: /^Restart the phone/ }));
      await hand.type(field(page, 'Reason'), 'phones hang');
      await hand.press(button(page, 'Review'));
      await isAt(page, /^Review: Restart \d+ phones$/);
      // Some phones are protected; the page says how many get it.
      const [sent] = (await page.getByRole('heading', { level: 1 }).innerText()).match(/\d+/);
      const typed = page.getByLabel(/^Type [\d,]+ to confirm/);
      if ((await typed.count()) > 0) await hand.type(typed, sent);
      await hand.press(button(page, `Restart ${sent} phones`));
      await isAt(page, 'Restart · 40 phones');
      await awaitEnd(page, scripts);
      const counts = await score(page);
      addsUp(counts);
      assert.equal(counts.Verified + counts.Acknowledged, Number(sent) - 3, JSON.stringify(counts));

      const lost = page.locator('.causes li').filter({ hasText: 'Did not come back' });
      await hand.press(lost.getByRole('link', { name: 'Show 3 phones' }));
      const rows = page.getByRole('row').filter({ has: page.getByRole('rowheader') });
      await rows.nth(2).waitFor();
      assert.equal(await rows.count(), 3);
      const { y, height } = await rows.first().boundingBox();
      assert.ok(y >= 0 && y + height <= page.viewportSize().height, 'the phones are in view');
      const named = await rows.getByRole('rowheader').allInnerTexts();
      const away = await awayNow(phones.csv);
      const links = await rows.getByRole('rowheader').getByRole('link').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
      assert.deepEqual(links.map((href) => href.split('/').pop()).sort(), away, named.join(', '));

      test.diagnostic(hand.told());
      assert.ok(hand.seconds() <= ALLOWED, hand.told());
      await finish(page);
    });
  });
}

/** What a person's hands do, and how long the model says they take. */
class Hand {
  constructor() {
    [this.steps, this.keys, this.presses, this.changes] = [0, 0, 0, 0];
  }

  async press(target) {
    [this.steps, this.presses] = [this.steps + 1, this.presses + 1];
    await target.click();
  }

  async type(target, text) {
    await this.press(target);
    [this.keys, this.changes] = [this.keys + text.length, this.changes + 2];
    await target.fill(text);
  }

  seconds() {
    return this.keys * 0.28 + this.presses * (1.1 + 0.2) + this.changes * 0.4 + this.steps * 1.35;
  }

  told() {
    return `${this.steps} steps, ${this.keys} keys, ${this.presses} presses: about ${Math.round(this.seconds())} s by the keystroke-level model`;
  }
}

/** The identities of the phones that nobody reaches now, by knocking at each. */
async function awayNow(csv) {
  const [head, ...lines] = csv.trim().split('\n').map((line) => line.split(','));
  const of = (line, name) => line[head.indexOf(name)];
  const knock = (line) =>
    new Promise((resolve) => {
      const asked = get({ host: of(line, 'address'), port: of(line, 'port'), path: '/' }, (answer) => {
        answer.resume();
        resolve([]);
      });
      asked.on('error', () => resolve([of(line, 'mac')]));
    });
  const away = await Promise.all(lines.map(knock));
  return away.flat().sort();
}
