// Signing in by an OpenID provider: the way there and back, who may, and what is not believed.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { holdToAxe } from '../harness/axe.js';
import { finish, launch, openPage } from '../harness/browser.js';
import { startProvider } from '../harness/provider.js';
import { startDemo } from '../harness/server.js';
import { button, field, isAt, link, setUpApp, signOut } from '../harness/steps.js';

const SECRET = 'a secret of the program: + % &=';
const PEOPLE = {
  berta: ['helpdesk', 'all'],
  carla: ['all'],
  admin: ['all'],
  stranger: ['sales'],
};

describe('signing in by a provider', { timeout: 180_000 }, () => {
  let browser, folder, provider, server;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'carillon-provider-'));
    const secret = join(folder, 'secret');
    await writeFile(secret, `${SECRET}\n`, { mode: 0o600 });
    provider = await startProvider(PEOPLE);
    const settings = {
      '--oidc-issuer': provider.issuer,
      '--oidc-client-id': 'carillon',
      '--oidc-secret-file': secret,
      '--oidc-name': 'Example',
      '--oidc-scopes': 'openid,profile,groups',
      '--oidc-roles': 'helpdesk=operator,all=viewer',
    };
    [browser, server] = await Promise.all([
      launch(),
      startDemo({ phones: 10, settings: Object.entries(settings).flat() }),
    ]);
    provider.serve(server.url, SECRET);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await provider?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** From the sign-in page to the provider, and back as this person. */
  async function come(page, person) {
    await link(page, 'Sign in with Example').click();
    await say(page, person);
  }

  /** Says at the provider who one is, and goes back. */
  async function say(page, person) {
    await page.getByLabel('Who are you?').fill(person);
    await button(page, 'It is me').click();
    await page.waitForURL(`${server.url}/**`);
  }

  /** Ends a journey that went to the provider, and nowhere else. */
  async function finishElsewhere(page) {
    page.complaints = page.complaints.filter((text) => !text.includes(`asks ${provider.issuer}/`));
    await finish(page);
  }

  for (const scripts of [true, false]) {
    const how = scripts ? 'with scripts' : 'without scripts';

    it(`leads to where one wanted to go, and out again, ${how}`, async () => {
      const page = await openPage(browser, server, { scripts });
      await page.goto('/jobs');
      await come(page, 'berta');
      await isAt(page, 'Jobs');
      await page.goto('/account');
      await page.getByText('berta').first().waitFor();
    await page.getByText('No password of yours is kept here').waitFor();
    assert.equal(await page.getByLabel('Password now').count(), 0);
      await signOut(page);
      await page.goto('/phones');
      await isAt(page, 'Sign in');
      await finishElsewhere(page);
    });
  }

  it('gives nobody an account that is there', async () => {
    const page = await openPage(browser, server);
    await page.goto('/sign-in');
    await come(page, 'admin');
    await isAt(page, 'Overview');
    const { status } = await page.goto('/admin/users').then((answer) => ({ status: answer.status() }));
    assert.equal(status, 403, 'a viewer, whatever the name');
    await finishElsewhere(page);
  });

  it('lets nobody in whom the table of roles does not name', async () => {
    const page = await openPage(browser, server);
    await page.goto('/sign-in');
    await come(page, 'stranger');
    await isAt(page, 'Sign in');
    assert.match(await page.getByRole('alert').innerText(), /may not enter here/);
    await page.goto('/phones');
    await isAt(page, 'Sign in');
    await finishElsewhere(page);
  });

  it('believes no answer that it did not ask for', async () => {
    const page = await openPage(browser, server);
    for (const query of ['code=x&state=y', 'error=access_denied', '']) {
      await page.goto(`/sign-in/oidc/back?${query}`);
      await isAt(page, 'Sign in');
      assert.match(await page.getByRole('alert').innerText(), /did not succeed/);
    }
    await finishElsewhere(page);
  });

  it('believes an answer only in the browser that asked', async () => {
    const [asking, other] = await Promise.all([openPage(browser, server), openPage(browser, server)]);
    let answer;
    asking.on('request', (request) => {
      if (request.url().startsWith(`${server.url}/sign-in/oidc/back?`)) answer = request.url();
    });
    await asking.goto('/sign-in');
    await come(asking, 'berta');
    await isAt(asking, 'Overview');
    await other.goto(answer);
    assert.match(await other.getByRole('alert').innerText(), /did not succeed/);
    await other.goto('/phones');
    await isAt(other, 'Sign in');
    await asking.context().close();
    await finishElsewhere(other);
  });

  it('asks for the second factor that somebody has here', async () => {
    const page = await openPage(browser, server);
    await page.goto('/sign-in?next=/account/second-factor');
    await come(page, 'carla');
    // Being signed in at the provider proves nothing of who sits here: what is dangerous asks anew.
    await isAt(page, 'Second factor');
    await button(page, 'Set it up').click();
    await link(page, 'Sign in again with Example').click();
    await say(page, 'carla');
    const codes = await setUpApp(page);
    await signOut(page);
    await link(page, 'Sign in with Example').click(); // who she is, the provider knows still
    await isAt(page, 'Your second factor');
    await holdToAxe(page);
    await page.goto('/phones');
    await isAt(page, 'Sign in');
    await page.goto('/sign-in/oidc/code');
    await field(page, 'Code').fill('000000');
    await button(page, 'Sign in').click();
    assert.match(await page.getByRole('alert').innerText(), /Wrong code/);
    await field(page, 'Code').fill(codes[0]);
    await button(page, 'Sign in').click();
    await isAt(page, 'Overview');
    await finishElsewhere(page);
  });
});
