// An OpenID provider on this machine: the library that others use, and a page that asks who one is.
//
// Owns its people. Nobody has a password there: whoever types a name is that person.

import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const SCOPES = 'openid profile groups';

/** Takes an address first: a program must know it before it can be known there. */
export async function startProvider(people) {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  return {
    issuer,
    /** Begins to answer, and sends people back to this program only. */
    serve(program, secret) {
      const provider = new Provider(issuer, configuration(people, program, secret));
      const answer = provider.callback();
      server.on('request', (request, response) => {
        if (request.url.startsWith('/who/')) who(provider, request, response);
        else answer(request, response);
      });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configuration(people, program, secret) {
  return {
    clients: [
      {
        client_id: 'carillon',
        client_secret: secret,
        redirect_uris: [`${program}/sign-in/oidc/back`],
      },
    ],
    scopes: SCOPES.split(' '),
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/who/${interaction.uid}` },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: people[id] ?? [] }),
    }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client.clientId,
        accountId: oidc.session.accountId,
      });
      grant.addOIDCScope(SCOPES);
      await grant.save();
      return grant;
    },
  };
}

async function who(provider, request, response) {
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/html');
    response.end(
      '<!doctype html><html lang="en"><title>Provider</title><form method="post">' +
        '<label>Who are you? <input name="who"></label><button>It is me</button></form></html>',
    );
    return;
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  const accountId = new URLSearchParams(body).get('who');
  await provider.interactionFinished(request, response, { login: { accountId } });
}
