// An installation that somebody has filled long before: credentials, sites, phones and people.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './server.js';

/** What everybody here signs in with. */
export const PASSWORD = 'a long enough sentence of words';

/** Brings simulated phones, whose sites share a user and password, and accounts: { name: role }. */
export async function fill(server, phones, fleet, people) {
  const data = join(server.folder, 'data');
  for (const [name, role] of Object.entries({ admin: 'admin', ...people })) {
    command(data, ['user', 'add', name, '--role', role, '--password-stdin'], { input: `${PASSWORD}\n` });
  }
  const token = command(data, ['token', 'create', '--user', 'admin', '--label', 'first phones', '--scope', 'manage']);
  const json = async (path, content) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify(content);
    const answer = await fetch(`${server.url}/api/v1${path}`, { method: 'POST', headers, body });
    assert.ok(answer.ok, `${path}: ${await answer.text()}`);
  };
  const [{ username, password }] = fleet.sites;
  await json('/credentials', { name: 'phones', username, password });
  for (const { name, transport_security } of fleet.sites) {
    await json('/sites', { name, transport_security, credential: 'phones' });
  }
  // A token may not bring phones of plain HTTP to a stored password.
  const list = join(server.folder, 'phones.csv');
  await writeFile(list, phones.csv);
  command(data, ['phones', 'import', list]);
}
