// Starts the program under test and stops it again.
//
// Owns the process and its throw-away folder. It never guesses when the server is ready: it
// reads what the program prints, as a person would.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const READY_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 40_000;

/** The program under test. */
export const PROGRAM =
  process.env.CARILLON_BIN ?? fileURLToPath(new URL('../../../target/debug/carillon', import.meta.url));

/** A dashboard with simulated phones, and a sign-in for it. */
export async function startDemo({ phones = 300, settings = [] } = {}) {
  const server = await Server.start(['demo', '--phones', String(phones), ...settings]);
  await server.says(/^Sign in: user auditor, .*$/m);
  const accounts = {};
  for (const [, user, password] of server.output.matchAll(/^Sign in: user (\S+), password (\S+)$/gm)) {
    accounts[user] = { user, password };
  }
  return Object.assign(server, accounts.admin, { accounts });
}

/** An empty installation. Its setup link is on the standard output. */
export async function startEmpty(settings = []) {
  const server = await Server.start(['serve', ...settings]);
  const [, setupLink] = await server.says(/^Setup: (\S+)$/m);
  return Object.assign(server, { setupLink });
}

/** The program over a folder that is there already, which stays when it stops. */
export function startOn(data, env, log) {
  return Server.start(['serve', '--log', log, '--allow-loopback', '--allow-networks', '127.0.0.0/8'], { data, env });
}

/** Runs a command of the program beside a server; answers what it printed. */
export function command(data, args, { input = '', env = {} } = {}) {
  const made = spawnSync(PROGRAM, args, { env: { CARILLON_DATA_DIR: data, ...env }, input, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`carillon ${args.join(' ')}: ${made.stderr}`);
  return made.stdout.trim();
}

/** Simulated phones alone, for an installation that starts empty: their list and what they did. */
export async function startPhones(scenario) {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-phones-'));
  const [fleet, list, ledger] = ['fleet.json', 'phones.csv', 'ledger.jsonl'].map((name) => join(folder, name));
  await writeFile(fleet, JSON.stringify({ ...scenario, ledger_file: ledger }));
  const phones = new Program(['simulate', '--scenario', fleet, '--inventory', list], folder);
  await phones.says(/^Phones: /m);
  const executed = async () =>
    (await readFile(ledger, 'utf8')).split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return Object.assign(phones, { csv: await readFile(list, 'utf8'), executed });
}

class Program {
  constructor(args, folder, env = {}) {
    this.folder = folder;
    this.output = '';
    this.waiting = [];
    this.child = spawn(PROGRAM, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    this.child.once('error', (error) => this.hear(`\n${error.message}\n`));
    this.child.stdout.setEncoding('utf8').on('data', (text) => this.hear(text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => this.hear(text));
    this.ended.then(() => this.waiting.forEach((check) => check(true)));
  }

  hear(text) {
    this.output += text;
    this.waiting.forEach((check) => check(false));
  }

  /** Waits until a whole line that matches was printed. */
  says(pattern) {
    return new Promise((resolve, reject) => {
      const refuse = (why) => reject(new Error(`${PROGRAM}: ${why}, waiting for ${pattern}:\n${this.output}`));
      const timer = setTimeout(() => refuse('silent for too long'), READY_WITHIN_MS);
      const settle = (then) => {
        clearTimeout(timer);
        this.waiting = this.waiting.filter((other) => other !== check);
        then();
      };
      const check = (ended) => {
        const whole = this.output.slice(0, this.output.lastIndexOf('\n') + 1);
        const match = whole.match(pattern);
        if (match) settle(() => resolve(match));
        else if (ended) settle(() => refuse('it ended'));
      };
      this.waiting.push(check);
      check(this.child.exitCode !== null);
    });
  }

  /** Processor time that it has used so far. */
  async processorSeconds() {
    const stat = await readFile(`/proc/${this.child.pid}/stat`, 'utf8');
    const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
    return (user + system) / 100;
  }

  /** Its memory in MiB: now, and at most since it began. */
  async memory() {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    const told = (name) => Math.round(Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm'))[1]) / 1024);
    return { now: told('VmRSS'), most: told('VmHWM') };
  }

  /** Asks it to stop, waits until it has, and removes what it left. */
  async stop() {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOPPED_WITHIN_MS);
    await this.ended;
    clearTimeout(timer);
    await rm(this.folder, { recursive: true, force: true });
  }
}

class Server extends Program {
  static async start(args, { data, env } = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'carillon-browser-'));
    const server = new Server(
      [...args, '--listen', '127.0.0.1:0', '--data-dir', data ?? join(folder, 'data')],
      folder,
      env,
    );
    const [, url] = await server.says(/^Address: (https?:\/\/\S+)$/m);
    server.url = url.replace(/\/$/, '');
    return server;
  }
}
