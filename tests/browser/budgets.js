// What every page costs on a large installation: `make bench-pages`.
//
// Owns the table of docs/pages.md. Starts the release over a folder that was filled before, asks
// for every page as a browser does, and says which budgets are broken. Nothing is sent to a
// phone: only loopback is allowed, and no filled phone lives there.
//
//     node budgets.js DATA-FOLDER [DATABASE-URL]

import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { launch } from './harness/browser.js';
import { startOn } from './harness/server.js';
import { button, field, isAt, setUpApp } from './harness/steps.js';

const BUDGET = { ms: 200, exported: 50_000, kilobytes: 200, queries: 8, lcp: 1000, cls: 0, inp: 100, wasm: 90 };
/** How often a page is asked for; p95 is the 19th of 20 times. */
const TIMES = 40;
/** How often its statements are counted; the middle leaves out what runs beside it. */
const COUNTS = 7;
/** How often a browser draws it with an empty cache; three quarters are as quick as told. */
const DRAWN = 4;
const SLOWER = 4;
/** The account that was added before the folder was filled. */
const [USER, PASSWORD] = [process.env.CARILLON_USER, process.env.CARILLON_PASSWORD];
const STATEMENT = /carillon_store::statement/g;

const [folder, database] = process.argv.slice(2);
const settings = database ? { CARILLON_DATABASE_URL: database } : {};

const rows = new Map();
const taken = [];
let cookie = '';
await withServer('warn', async (server) => {
  for (const [name, path] of Object.entries(await findPages(server))) rows.set(name, { path });
  await time(server);
  await draw(server);
});
await withServer('warn', exports);
await withServer('warn,carillon_store::statement=trace', countStatements);
report();

async function withServer(log, work) {
  const server = await startOn(folder, settings, log);
  try {
    await settled(server);
    await work(server);
  } finally {
    await server.stop();
  }
}

/** The pages of people's days, and the largest of each kind. */
async function findPages(server) {
  const browser = await launch();
  const page = await browser.newPage({ baseURL: server.url });
  await signIn(page);
  const session = await page.context().cookies();
  cookie = session.map(({ name, value }) => `${name}=${value}`).join('; ');
  const first = async (path, shape) => {
    await page.goto(path);
    const links = await page.locator('main a[href]').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    const found = links.find((href) => shape.test(href));
    if (!found) throw new Error(`${path} has no link like ${shape}`);
    return found;
  };
  const largest = '/jobs/01920000-0000-7000-8000-000000000028';
  const pages = {
    overview: '/',
    phones: '/phones',
    'phones, next page': await nextPage(page),
    'phones of a site': '/phones?q=site:site-03',
    'phones, free text': '/phones?q=meeting',
    'phones, a number': '/phones?q=10777',
    'phones, nothing found': '/phones?q=nobodyhasthisname',
    'phones, a network': '/phones?q=ip:10.20.3.0/24',
    'phones, latest first': '/phones?sort=-last_seen',
    'phones, 12 columns':
      '/phones?cols=extension,model,site,address,state,ready,firmware,result,tags,mac,groups,account',
    'a phone': '/phones/80:5e:00:00:03:09',
    groups: '/groups',
    'a group': '/groups/floor-3',
    'change a group': '/groups/floor-3/edit',
    sites: '/sites',
    'run: a site': '/run?filter=site:site-03&action=Reboot',
    'run: all phones': '/run?filter=tag:pilot&action=Reboot',
    'a review': await aReview(page),
    jobs: '/jobs',
    'jobs that are over': '/jobs?tab=finished',
    'a job of all phones': largest,
    'what failed of it': `${largest}?state=failed`,
    'a job under way': await first('/jobs', /^\/jobs\/01930000-/),
    'audit, 30 days': '/audit',
    'audit of a phone': '/audit?phone=80:5e:00:00:03:09',
    'audit, an action': '/audit?action=Reboot',
    'audit, a word': '/audit?q=update',
    'an audit record': await first('/audit', /^\/audit\/\d+$/),
    import: '/phones/import',
    account: '/account',
    accounts: '/admin/users',
    credentials: '/admin/credentials',
    'sign-in': '/sign-in',
  };
  await browser.close();
  return pages;
}

/** Its button takes ticks along; without any it leads here. */
async function nextPage(page) {
  await page.goto('/phones');
  const query = await page.locator('.paging-next').getAttribute('value');
  return `/phones?${query}`;
}

/** An administrator needs a second factor. */
async function signIn(page) {
  await page.goto('/sign-in');
  await field(page, 'Name').fill(USER);
  await field(page, 'Password').fill(PASSWORD);
  await button(page, 'Sign in').click();
  await setUpApp(page);
}

async function aReview(page) {
  await page.goto('/run?filter=tag:pilot&action=Reboot');
  await page.getByRole('radio', { name: /^Restart the phone/ }).check();
  await field(page, 'Reason').fill('how long does it take');
  await button(page, 'Review').click();
  await isAt(page, /^Review: /);
  return new URL(page.url()).pathname;
}

/** What follows a start, such as signing the log of a filled database, is not what is measured. */
async function settled(server) {
  let quietFor = 0;
  let before = await server.processorSeconds();
  while (quietFor < 3) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = await server.processorSeconds();
    quietFor = now - before < 0.03 ? quietFor + 1 : 0;
    before = now;
  }
}

/** One page as a browser asks for it: milliseconds to the last byte, and the text. */
function ask(server, path) {
  const headers = { cookie: path === '/sign-in' ? '' : cookie, 'accept-encoding': 'gzip, br', accept: 'text/html' };
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}${path}`, { headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const ms = performance.now() - begun;
        if (answer.statusCode !== 200) reject(new Error(`${path} answered ${answer.statusCode}`));
        const sent = Buffer.concat(parts);
        const kinds = { br: brotliDecompressSync, gzip: gunzipSync };
        resolve({ ms, html: (kinds[answer.headers['content-encoding']] ?? ((as) => as))(sent) });
      });
    });
    asked.on('error', reject).end();
  });
}

async function time(server) {
  for (const row of rows.values()) {
    await ask(server, row.path);
    const times = [];
    for (let turn = 0; turn < TIMES; turn += 1) {
      const { ms, html } = await ask(server, row.path);
      times.push(ms);
      row.kilobytes = html.length / 1000;
    }
    row.half = part(times, 0.5);
    row.ms = part(times, 0.95);
  }
}

/** The whole audit log as both files, and the memory of a server that does nothing else. */
async function exports(server) {
  const idle = await server.memory();
  for (const format of ['jsonl', 'csv']) {
    const begun = performance.now();
    const { lines, bytes } = await take(server, `/audit/export?format=${format}`);
    const seconds = (performance.now() - begun) / 1000;
    taken.push({ format, lines, bytes, seconds, idle, ...(await server.memory()) });
  }
}

/** How many lines and bytes a file has; nothing of it is kept. */
function take(server, path) {
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}${path}`, { headers: { cookie } }, (answer) => {
      let [lines, bytes] = [0, 0];
      if (answer.statusCode !== 200) reject(new Error(`${path} answered ${answer.statusCode}`));
      answer.on('data', (part) => {
        bytes += part.length;
        for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) lines += 1;
      });
      answer.on('error', reject).on('end', () => resolve({ lines, bytes }));
    });
    asked.on('error', reject).end();
  });
}

async function countStatements(server) {
  await ask(server, '/sign-in');
  for (const row of rows.values()) {
    const counts = [];
    for (let turn = 0; turn < COUNTS; turn += 1) {
      const before = server.output.length;
      await ask(server, row.path);
      // Its log comes through a pipe of its own, written before the answer.
      await new Promise((resolve) => setTimeout(resolve, 20));
      counts.push([...server.output.slice(before).matchAll(STATEMENT)].length);
    }
    row.queries = part(counts, 0.5);
  }
}

/** Largest paint, shifts and the slowest reaction, with an empty cache and a slow processor. */
async function draw(server) {
  const browser = await launch();
  for (const row of rows.values()) {
    const seen = [];
    for (let turn = 0; turn < DRAWN; turn += 1) seen.push(await drawOnce(browser, server, row.path));
    row.lcp = part(seen.map((one) => one.lcp), 0.75);
    row.cls = Math.max(...seen.map((one) => one.cls));
    row.inp = part(seen.map((one) => one.inp), 0.75);
    row.slowest = seen.find((one) => one.inp === row.inp)?.slowest;
    row.wasm = seen[0].wasm / 1000;
  }
  await browser.close();
}

async function drawOnce(browser, server, path) {
  const context = await browser.newContext({ baseURL: server.url, viewport: { width: 1440, height: 900 } });
  if (path !== '/sign-in') {
    await context.addCookies(
      cookie.split('; ').map((pair) => {
        const [name, ...value] = pair.split('=');
        return { name, value: value.join('='), url: server.url };
      }),
    );
  }
  const page = await context.newPage();
  await quiet(browser);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await devtools.send('Network.enable');
  let wasm = 0;
  const heads = new Map();
  devtools.on('Network.responseReceived', ({ requestId, response }) => {
    if (response.mimeType === 'application/wasm') heads.set(requestId, response.encodedDataLength);
  });
  // The whole answer; its head came before, and is no part of the file.
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (heads.has(requestId)) wasm += encodedDataLength - heads.get(requestId);
  });
  await page.goto(path, { waitUntil: 'load' });
  await page.evaluate(watchPaints);
  await page.evaluate(painted);
  await react(page);
  const seen = await page.evaluate(() => globalThis.seen());
  await context.close();
  return { ...seen, wasm };
}

/**
 * A new window first builds what belongs to the browser itself, such as its address field: a second
 * and a half of a processor that no page has a part in.
 */
async function quiet(browser) {
  const devtools = await browser.newBrowserCDPSession();
  const used = async () => {
    const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  let before = await used();
  for (let still = 0; still < 2; ) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await used();
    still = now - before < 0.03 ? still + 1 : 0;
    before = now;
  }
  await devtools.detach();
}

/** Runs in the page: nobody reacts to what is not drawn yet, and with the first key the largest paint is told no more. */
function painted() {
  return new Promise((done) => {
    const watcher = new PerformanceObserver(() => requestAnimationFrame(() => setTimeout(done, 50)));
    watcher.observe({ type: 'largest-contentful-paint', buffered: true });
  });
}

/** Runs in the page. */
function watchPaints() {
  const seen = { lcp: 0, cls: 0, inp: 0, slowest: '' };
  const take = (entry) => {
    if (entry.entryType === 'largest-contentful-paint') seen.lcp = Math.max(seen.lcp, entry.startTime);
    if (entry.entryType === 'layout-shift' && !entry.hadRecentInput) seen.cls += entry.value;
    if (entry.interactionId && entry.duration > seen.inp) {
      const { localName, className } = entry.target ?? {};
      Object.assign(seen, { inp: entry.duration, slowest: `${entry.name} ${localName}.${className}` });
    }
  };
  const types = ['largest-contentful-paint', 'layout-shift', 'event', 'first-input'];
  const watchers = types.map((type) => {
    const watcher = new PerformanceObserver((list) => list.getEntries().forEach(take));
    watcher.observe({ type, buffered: true, durationThreshold: 16 });
    return watcher;
  });
  globalThis.seen = () => {
    watchers.forEach((watcher) => watcher.takeRecords().forEach(take));
    return seen;
  };
}

/**
 * What people do on a page without leaving it: keys, a disclosure, a check box, the palette. Nobody presses in another
 * place before what the last press did is shown; the letters of a word come as quickly as they can.
 */
async function react(page) {
  for (let press = 0; press < 3; press += 1) await page.keyboard.press('Tab');
  for (const part of ['main summary', 'main input[type=checkbox]', 'main input[type=radio]']) {
    await shown(page);
    const first = page.locator(part).first();
    if (await first.isVisible().catch(() => false)) await first.click();
  }
  await shown(page);
  const text = page.locator('main input[type=search], main input[type=text]').first();
  if (await text.isVisible().catch(() => false)) {
    await text.click();
    await shown(page);
    await page.keyboard.type('abc');
  }
  for (const keys of ['Control+k', 'Escape']) {
    await shown(page);
    await page.keyboard.press(keys);
  }
  await shown(page);
}

/** The next two frames have been shown when this comes back, so what was done has been too. */
function shown(page) {
  return page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50)))),
  );
}

function part(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1];
}

function report() {
  const broken = [];
  const held = (name, word, value, digits = 0) => {
    const text = value.toFixed(digits);
    if (value <= BUDGET[word]) return text;
    const of = word === 'inp' ? ` (${rows.get(name).slowest})` : '';
    broken.push(`${name}: ${word} ${text}, allowed ${BUDGET[word]}${of}`);
    return `**${text}**`;
  };
  console.log('| page | p50 ms | p95 ms | HTML kB | queries | LCP ms | CLS | INP ms | wasm kB |');
  console.log('|---|---|---|---|---|---|---|---|---|');
  for (const [name, row] of rows) {
    const cells = [
      name,
      row.half.toFixed(0),
      held(name, 'ms', row.ms),
      held(name, 'kilobytes', row.kilobytes),
      held(name, 'queries', row.queries),
      held(name, 'lcp', row.lcp),
      held(name, 'cls', row.cls, 3),
      held(name, 'inp', row.inp),
      row.wasm ? held(name, 'wasm', row.wasm) : '–',
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  console.log('\n| export through HTTP | lines | MB | lines a second | memory before, MiB | at most, MiB |');
  console.log('|---|---|---|---|---|---|');
  for (const { format, lines, bytes, seconds, idle, most } of taken) {
    const rate = Math.round(lines / seconds);
    if (rate < BUDGET.exported) broken.push(`${format}: ${rate} lines a second, wanted ${BUDGET.exported}`);
    console.log(`| ${format} | ${lines} | ${Math.round(bytes / 1e6)} | ${rate} | ${idle.now} | ${most} |`);
  }
  console.log(broken.length ? `\nOver budget:\n${broken.join('\n')}` : '\nEvery budget is kept.');
  process.exitCode = broken.length ? 1 : 0;
}
