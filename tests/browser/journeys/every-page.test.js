// Every page: nothing for axe to find, nothing wider than the screen, and a picture of each for
// people to look at. The program's own table of routes says what “every” is.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { holdToAxe, holdToWidth } from '../harness/axe.js';
import { finish, launch, openPage } from '../harness/browser.js';
import { makeSomethingToSee } from '../harness/pages.js';
import { draw, LOOKS } from '../harness/pictures.js';
import { PROGRAM, startDemo, startEmpty } from '../harness/server.js';
import { button, field, isAt, setUpApp, signIn } from '../harness/steps.js';

// What answers to GET and is no page.
const NO_PAGE = [
  '/healthz',
  '/readyz',
  '/static/{*name}',
  '/phones/export',
  '/phones/import/{id}/errors.csv',
  '/audit/export',
  '/audit/{seq}/proof',
  '/phones/{mac}/screen/{id}',
  '/jobs/{id}/feed',
  '/jobs/{id}/targets.csv',
  '/jobs/{id}/targets.json',
  // The way to a provider and back; what is a page of it is in single-sign-on.test.js.
  '/sign-in/oidc',
  '/sign-in/oidc/back',
  '/sign-in/oidc/code',
];

describe('every page', { timeout: 1_800_000 }, () => {
  let browser, server, found;
  const beforeSignIn = { 'sign-in': '/sign-in', 'reset-used': '/reset' };
  before(async () => {
    [browser, server] = await Promise.all([launch(), startDemo({ phones: 60 })]);
    found = await makeSomethingToSee(browser, server);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('is looked at, as the table of routes has it', () => {
    const routes = JSON.parse(execFileSync(PROGRAM, ['routes', '--json'], { encoding: 'utf8' }));
    const pages = routes.filter(({ method, side, path }) => method === 'GET' && side === 'page' && !NO_PAGE.includes(path));
    const seen = [...Object.values(found), ...Object.values(beforeSignIn), '/setup'].map((path) => path.split('?')[0]);
    const unseen = pages.map(({ path }) => path).filter((path) => {
      const shape = new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`);
      return !seen.some((one) => shape.test(one));
    });
    assert.deepEqual(unseen, []);
  });

  for (const look of LOOKS) {
    it(`is accessible and fits, ${look.width} wide, ${look.scheme}`, async () => {
      const page = await openPage(browser, server, look);
      await visit(page, look, beforeSignIn);
      await signIn(page, server);
      await visit(page, look, found);
      await finish(page);
    });
  }

  it('is accessible before there is anything in it', async () => {
    const empty = await startEmpty();
    try {
      const page = await openPage(browser, empty);
      const [look] = LOOKS;
      await visit(page, look, { setup: empty.setupLink, 'setup-no-code': '/setup' });
      await page.goto(empty.setupLink);
      await field(page, 'Name').fill('a.meyer');
      await field(page, 'Password').fill('a long enough sentence of words');
      await field(page, 'Password again').fill('a long enough sentence of words');
      await button(page, 'Make administrator').click();
      await setUpApp(page);
      const lists = ['/', '/phones', '/groups', '/sites', '/run', '/jobs', '/admin/credentials', '/admin/tokens'];
      await visit(page, look, Object.fromEntries(lists.map((path) => [`empty${path.replaceAll('/', '-')}`, path])));
      await finish(page);
    } finally {
      await empty.stop();
    }
  });
});

/** Looks at each page; tells of all that are wrong, not only of the first. */
async function visit(page, look, pages) {
  const wrong = [];
  for (const [name, path] of Object.entries(pages)) {
    const answer = await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await draw(page, name, look);
    for (const check of [holdToAxe, holdToWidth]) {
      await check(page).catch((error) => wrong.push(`${name}: ${error.message}`));
    }
    const wanted = name === 'not-found' ? 404 : 200;
    if (answer.status() !== wanted) wrong.push(`${name}: answered ${answer.status()}`);
  }
  assert.deepEqual(wrong, []);
}
