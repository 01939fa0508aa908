import { randomUUID } from 'node:crypto';
import { serve } from '@hono/node-server';
import type { IncomingMessage } from 'node:http';
import { allowPlainHttpToSimulator, createOAuthClient, flyUrls } from '@hangar/flyio';
import { createProvider } from '@hangar/provider';
import { createSealer, Secret } from '@hangar/security';
import { createOutgoing } from '@hangar/security/outgoing';
import { createProviderStore, openStore } from '@hangar/store';
import { createSeller } from './seller.ts';

// The secrets of a simulated Fly.io that nobody configured: `node packages/simulator/dist/main.js --provider
// http://127.0.0.1:4800/flyio`. Fly.io hands you real ones.
const [port = 4800, simulatorPort = 4700] = process.argv.slice(2).map(Number);
const publicBaseUrl = `http://127.0.0.1:${port}/flyio`;
const urls = flyUrls({ simulatorPort });
const outgoing = createOutgoing({ allowedOrigins: [urls.api] });
const store = await openStore({});

const provider = createProvider({
  publicBaseUrl,
  providerSlug: 'hangar',
  provisioningSecrets: [Secret.of('simulated-provisioning-secret')],
  webhookSecret: Secret.of('simulated-webhook-secret'),
  webhookUrl: urls.webhooks('hangar'),
  oauth: createOAuthClient({
    clientId: 'simulated-client',
    clientSecret: Secret.of('simulated-client-secret'),
    redirectUri: `${publicBaseUrl}/callback`,
    apiUrl: urls.api,
    outgoing,
    allowPlainHttp: allowPlainHttpToSimulator,
  }),
  store: createProviderStore(store.db),
  sealer: createSealer([Secret.of('example:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=')]),
  outgoing,
  configKeys: ['LOGJAM_URL'],
  seller: createSeller(),
  landing: (id) => `/drains/${id}`,
  cookie: { secure: false },
  // Whoever develops a client reads here what is wrong with a signature. Not in production.
  explainRefusals: true,
});

for (const task of provider.tasks) {
  setInterval(() => void task.run(new AbortController().signal), task.everySeconds * 1000).unref();
}

serve({
  port,
  hostname: '127.0.0.1',
  overrideGlobalObjects: false,
  fetch: async (request, { incoming }) =>
    // Signatures are about the bytes that came, so the raw target goes along.
    await provider.fetch(request, {
      rawTarget: (incoming as IncomingMessage).url ?? '/',
      requestId: randomUUID(),
    }),
});
process.stdout.write(`Logjam sells at ${publicBaseUrl}\n`);
