// The main job by keyboard alone: Tab, Space, Enter and what one types. Wherever the focus goes,
// it can be seen.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { finish, launch, openPage } from '../harness/browser.js';
import { startDemo } from '../harness/server.js';
import { isAt } from '../harness/steps.js';

/** More steps than this from one thing to the next are no way for a person. */
const MOST_TABS = 90;

describe('by keyboard alone', { timeout: 300_000 }, () => {
  let browser, server;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 60 })]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const scripts of [true, false]) {
    it(`forty phones are restarted, ${scripts ? 'with' : 'without'} scripts`, async () => {
      const page = await openPage(browser, server, { scripts });
      await page.goto('/sign-in');
      assert.equal((await page.evaluate(focused)).name, 'Name', 'one types at once');
      await page.keyboard.type(server.user);
      await type(page, /^Password$/, server.password);
      await page.keyboard.press('Enter');
      await isAt(page, 'Overview');

      await press(page, 'a', /^Phones$/, 'Enter');
      await isAt(page, 'Phones');
      await type(page, /^Filter$/, 'site:berlin');
      await page.keyboard.press('Enter');
      await page.getByText(/^\d+ of \d+ phones$/).first().waitFor();
      await choose(page, /^All \d+ matching$/);
      await press(page, 'button', /^Run command…$/, 'Enter');
      await isAt(page, 'Run a command');

      await choose(page, /^Restart the phone/);
      await type(page, /^Reason/, 'INC-4711 phones hang');
      await press(page, 'button', /^Review$/, 'Enter');
      await isAt(page, /^Review: Restart \d+ phones$/);
      const typed = page.getByText(/^Type [\d,]+ to confirm/).first();
      if ((await typed.count()) > 0) {
        const [number] = (await typed.innerText()).match(/[\d,]+/);
        await type(page, /^Type [\d,]+ to confirm/, number);
      }
      await press(page, 'button', /^Restart \d+ phones$/, 'Enter');
      await isAt(page, /^Restart · \d+ phones$/);
      await press(page, 'a', /^What was recorded$/, 'Enter');
      await isAt(page, 'Audit log');
      await finish(page);
    });
  }
});

/** Goes on with Tab until the focus is on this, and sees it all the way. */
async function reach(page, kinds, name) {
  for (let step = 0; step < MOST_TABS; step += 1) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(focused);
    if (focus === null) continue;
    assert.ok(focus.seen, `the focus cannot be seen on ${focus.kind} “${focus.name}” of ${page.url()}`);
    if (kinds.includes(focus.kind) && name.test(focus.name)) return;
  }
  assert.fail(`${MOST_TABS} times Tab and not at ${name} on ${page.url()}`);
}

async function press(page, kind, name, key) {
  await reach(page, [kind], name);
  await page.keyboard.press(key);
}

async function type(page, name, text) {
  await reach(page, ['input', 'textarea'], name);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

/** Radio buttons of one name are one stop; the arrows choose among them. */
async function choose(page, name) {
  for (let step = 0; step < MOST_TABS; step += 1) {
    const focus = await page.evaluate(focused);
    if (focus?.kind === 'radio') {
      for (let other = 0; other < focus.choices; other += 1) {
        const here = await page.evaluate(focused);
        if (name.test(here.name)) {
          await page.keyboard.press('Space');
          return;
        }
        await page.keyboard.press('ArrowDown');
      }
    }
    await page.keyboard.press('Tab');
  }
  assert.fail(`no choice ${name} within ${MOST_TABS} times Tab on ${page.url()}`);
}

/** Runs in the browser: what has the focus, and whether a person sees it. */
function focused() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const tag = element.localName;
  const kind = tag === 'input' && element.type === 'radio' ? 'radio' : tag;
  const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText ?? '';
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const ring = (of) => of.outlineStyle !== 'none' && parseFloat(of.outlineWidth) > 0;
  const lit = ring(style) || style.boxShadow !== 'none' || [...document.querySelectorAll(':focus-within')].some((one) => ring(getComputedStyle(one)));
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const middle = document.elementFromPoint(
    Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1),
    Math.min(Math.max(box.top + Math.min(box.height, 30) / 2, 0), innerHeight - 1),
  );
  const covered = middle && middle !== element && !element.contains(middle) && !middle.contains(element) && !middle.closest('label')?.contains(element);
  return {
    kind,
    name: label.replace(/\s+/g, ' ').replace(/ required$/, '').trim(),
    seen: lit && inside && !covered,
    choices: kind === 'radio' ? document.getElementsByName(element.name).length : 0,
  };
}
