// The pages in German: a whole reboot by its words, no English left, and nothing wider than the
// screen although the words are longer.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { holdToAxe, holdToWidth } from '../harness/axe.js';
import { finish, launch, openPage } from '../harness/browser.js';
import { makeSomethingToSee } from '../harness/pages.js';
import { draw, LOOKS } from '../harness/pictures.js';
import { startDemo } from '../harness/server.js';
import { awaitEnd, button, field, isAt, link, signIn } from '../harness/steps.js';

const GERMAN = { locale: 'de-DE' };
/** A narrow phone, and a window of 1,280 pixels at 200 % zoom. */
const NARROW = [320, 640];
/** Pages whose pictures are kept in German too. */
const DRAWN = ['overview', 'phones', 'run-chosen', 'review', 'job'];
/** Two looks of them are enough: the clone stays small. */
const isDrawn = ({ width, scheme }) => (width === 1440) === (scheme === 'light');
/** Words, names and notations that are the same in both languages. */
const SHARED = new Set(
  `Carillon carillon UTC MAC SIP UDP TCP Transport HTTP HTTPS TLS PEM CSV API JSON Lines Token Name Port Status Filter Tag Tags Firmware Navigation
  Administration Operator Basic Digest MD5 SHA-256 Headset Enter Export Import Demo Hash Problem Person Details in min MiB admin auditor
  ms OK local password vip list csv nobodyhasthisname pbx internal example digits reception Reboot
  Mozilla Windows Linux Chrome Safari Gecko KHTML like AppleWebKit HeadlessChrome English Deutsch something to look at
  site ext mac model tag fw ip state result ready seen reachable offline`.split(/\s+/),
);

describe('the pages in German', { timeout: 1_800_000 }, () => {
  let browser, server, found, data;
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 60 })]);
    found = await makeSomethingToSee(browser, server);
    data = await words(browser, server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const scripts of [true, false]) {
    it(`lead through a reboot, ${scripts ? 'with' : 'without'} scripts`, async () => {
      const page = await openPage(browser, server, { ...GERMAN, scripts });
      await signInInGerman(page, server);
      await link(page, 'Telefone').first().click();
      await isAt(page, 'Telefone');
      await page.getByRole('searchbox', { name: 'Filtern', exact: true }).fill('site:berlin');
      await button(page, 'Filtern').first().click();
      await page.getByRole('radio', { name: /^Alle \d+ passenden/ }).check();
      await button(page, 'Befehl ausführen…').click();
      await isAt(page, 'Befehl ausführen');
      await page.getByRole('radio', { name: /^Telefon neu starten/ }).check();
      await page.getByLabel(/^Grund/).first().fill('INC-4711');
      await button(page, 'Prüfen').click();
      await isAt(page, /^Prüfen: \d+ Telefone neu starten$/);
      await page.getByText('Wer ihn bekommt und wer nicht').first().waitFor();
      await confirmInGerman(page);
      await button(page, /^\d+ Telefone neu starten$/).click();
      await isAt(page, /^Neustart · \d+ Telefone$/);
      if (scripts) {
        await button(page, 'Aktualisierung anhalten').click();
        await button(page, 'Aktualisierung fortsetzen').click();
      }
      await page.goto(new URL(page.url()).pathname);
      await page.getByText(/Bestätigt|Fehlgeschlagen/).first().waitFor();
      assert.match(await page.locator('.job-progress').first().innerText(), /von \d+ versucht/);
      await button(page, /Abmelden/).or(page.locator('header summary')).first().click();
      await finish(page);
    });
  }

  it('hold no English', async () => {
    const english = await read(browser, server, found, {});
    const german = await read(browser, server, found, GERMAN);
    const left = [];
    for (const name of Object.keys(found)) {
      for (const text of german[name]) {
        if (english[name].has(text) && strangers(text, data).length > 0) left.push(`${name}: ${text}`);
      }
    }
    assert.equal(left.join('\n'), '');
  });

  it('fit narrow screens and large letters', async () => {
    const wrong = [];
    for (const width of NARROW) {
      const page = await openPage(browser, server, { ...GERMAN, width });
      await signInInGerman(page, server);
      for (const [name, path] of Object.entries(found)) {
        await page.goto(path);
        await holdToWidth(page).catch((error) => wrong.push(`${name}, ${width} wide: ${error.message}`));
      }
      await finish(page);
    }
    assert.equal(wrong.join('\n'), '');
  });

  for (const look of LOOKS) {
    it(`are accessible, ${look.width} wide, ${look.scheme}`, async () => {
      const wrong = [];
      const page = await openPage(browser, server, { ...GERMAN, ...look });
      await page.goto('/sign-in');
      if (isDrawn(look)) await draw(page, 'german-sign-in', look);
      await signInInGerman(page, server);
      for (const [name, path] of Object.entries(found)) {
        await page.goto(path);
        if (isDrawn(look) && DRAWN.includes(name)) await draw(page, `german-${name}`, look);
        for (const check of [holdToAxe, holdToWidth]) {
          await check(page).catch((error) => wrong.push(`${name}: ${error.message}`));
        }
      }
      await finish(page);
      assert.equal(wrong.join('\n'), '');
    });
  }

  it('are chosen below the sign-in form and on the account page, and kept', async () => {
    const page = await openPage(browser, server, { scripts: false });
    await page.goto('/sign-in');
    await button(page, 'Deutsch').click();
    await isAt(page, 'Anmelden');
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await signInInGerman(page, server);
    await page.goto('/account');
    await page.getByLabel('Sprache der Seiten').selectOption('en');
    await button(page, 'Sprache speichern').click();
    await isAt(page, 'Your account');
    await finish(page);
    const other = await openPage(browser, server, GERMAN);
    await other.goto('/sign-in');
    await field(other, 'Name').fill(server.user);
    await field(other, 'Passwort').fill(server.password);
    await button(other, 'Anmelden').click();
    await isAt(other, 'Overview');
    await other.goto('/account');
    await other.getByLabel('Language of the pages').selectOption('');
    await button(other, 'Save language').click();
    await isAt(other, 'Ihr Konto');
    await finish(other);
  });
});

async function signInInGerman(page, { user, password }) {
  await page.goto('/sign-in');
  await field(page, 'Name').fill(user);
  await field(page, 'Passwort').fill(password);
  await button(page, 'Anmelden').click();
  await isAt(page, 'Übersicht');
}

/** Where a number is asked for, it is the one in the question. */
async function confirmInGerman(page) {
  const typed = page.getByLabel(/^Zur Bestätigung [\d.]+ eingeben/);
  if ((await typed.count()) === 0) return;
  const question = await page.getByText(/^Zur Bestätigung [\d.]+ eingeben/).first().innerText();
  await typed.fill(question.match(/[\d.]+/)[0]);
}

/** Everything that people can read on each page. */
async function read(browser, server, pages, context) {
  const page = await openPage(browser, server, context);
  await (context.locale ? signInInGerman(page, server) : signIn(page, server));
  const texts = {};
  for (const [name, path] of Object.entries(pages)) {
    if (name === 'api-docs') {
      texts[name] = new Set();
      continue;
    }
    await page.goto(path);
    texts[name] = new Set(await page.evaluate(readable));
  }
  await finish(page);
  return texts;
}

/** Runs in the browser. */
function readable() {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest('code, pre, script, textarea, .mono, #details, #changes')) texts.push(node.textContent.trim());
  }
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')) {
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
      if (element.hasAttribute(name)) texts.push(element.getAttribute(name).trim());
    }
  }
  return texts.filter(Boolean);
}

/** The words of the demo's own data: names of phones, sites and groups, tags, models. */
async function words(browser, server) {
  const page = await openPage(browser, server);
  await signIn(page, server);
  const texts = [];
  for (const path of ['/phones/export', '/api/docs']) {
    const answer = await page.request.get(path);
    if (path === '/phones/export') texts.push(await answer.text());
  }
  for (const path of ['/groups', '/sites', '/admin/users', '/admin/credentials', '/admin/tokens']) {
    await page.goto(path);
    texts.push(...(await page.locator('main .row-name, main tbody th, main td .clip').allInnerTexts()));
    const links = await page.locator('main a[href]').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    texts.push(...links.map(decodeURIComponent));
  }
  await finish(page);
  return new Set(texts.join(' ').split(/[^\p{L}\p{N}-]+/u));
}

/** The words of a text that are neither data nor shared. Codes of the records stay as they are. */
function strangers(text, data) {
  if (/^[a-z_]+\.[a-z_]+$/.test(text)) return [];
  const all = text.split(/[^\p{L}\p{N}-]+/u).map((word) => word.replace(/^-/, '')).filter((word) => /\p{L}{3}/u.test(word));
  return all.filter((word) => !data.has(word) && !SHARED.has(word) && !/\d/.test(word));
}
