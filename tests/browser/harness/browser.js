// One Chromium per test file, one context per journey.
//
// Owns what every page is held to: no error in the console, no violation of the content
// security policy, no failed request, nothing from another origin.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const FOUND_AT = [
  process.env.CARILLON_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// A form that was refused answers 422 or 409, and a page that is not there 404. Chromium calls
// that an error; we call it an answer.
const AN_ANSWER = /Failed to load resource: the server responded with a status of 4\d\d/;

/** Starts Chromium with the flags that it needs as root and without a network. */
export function launch() {
  assert.ok(FOUND_AT, 'no Chromium found: install the package chromium, or set CARILLON_CHROMIUM');
  return chromium.launch({ executablePath: FOUND_AT, args: FLAGS });
}

/** A fresh page that remembers everything it should not have done. */
export async function openPage(browser, server, { scripts = true, width = 1440, scheme = 'light', locale = 'en-GB', zone = 'UTC' } = {}) {
  const context = await browser.newContext({
    baseURL: server.url,
    javaScriptEnabled: scripts,
    viewport: { width, height: width < 600 ? 780 : 900 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale,
    timezoneId: zone,
    acceptDownloads: true,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.complaints = [];
  listen(page, server);
  return page;
}

function listen(page, server) {
  const complain = (text) => page.complaints.push(`${page.url()}: ${text}`);
  page.on('console', (message) => {
    if (message.type() === 'error' && !AN_ANSWER.test(message.text())) complain(message.text());
  });
  page.on('pageerror', (error) => complain(`script: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 500) complain(`${response.status()} from ${response.url()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (/^https?:/.test(url) && !url.startsWith(`${server.url}/`)) complain(`asks ${url}`);
  });
}

/** Ends a journey: nothing may have been complained about on its way. */
export async function finish(page) {
  const { complaints } = page;
  await page.context().close();
  assert.deepEqual(complaints, []);
}
