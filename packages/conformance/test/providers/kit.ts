import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { allowPlainHttpToSimulator, createOAuthClient, flyUrls } from '@hangar/flyio';
import { silentLog } from '@hangar/http';
import { createProvider, type Seller } from '@hangar/provider';
import { createSealer, randomToken, Secret } from '@hangar/security';
import { createOutgoing } from '@hangar/security/outgoing';
import { createProviderStore } from '@hangar/store';
import { openTestDatabase } from '../../../../test/harness/database.ts';
import { freePort } from '../../../../test/harness/postgres.ts';
import { bodyOf, CLIENT_ID, SECRETS, serveAt, SLUG, type Running } from './running.ts';

/** A provider that sells log drains with the kit, as its example does, on a database of its own. */
export async function startKit(flyPort: number): Promise<Running> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const baseUrl = `${origin}/flyio`;
  const urls = flyUrls({ simulatorPort: flyPort });
  const outgoing = createOutgoing({ allowedOrigins: [urls.api] });
  const database = await openTestDatabase();
  const provider = createProvider({
    publicBaseUrl: baseUrl,
    providerSlug: SLUG,
    provisioningSecrets: [Secret.of(SECRETS.provisioning), Secret.of(SECRETS.second)],
    webhookSecret: Secret.of(SECRETS.webhook),
    webhookUrl: urls.webhooks(SLUG),
    oauth: createOAuthClient({
      clientId: CLIENT_ID,
      clientSecret: Secret.of(SECRETS.oauth),
      redirectUri: `${baseUrl}/callback`,
      apiUrl: urls.api,
      outgoing,
      allowPlainHttp: allowPlainHttpToSimulator,
    }),
    store: createProviderStore(database.db),
    sealer: createSealer([Secret.of(`k1:${Buffer.alloc(32, 7).toString('base64')}`)]),
    outgoing,
    configKeys: ['LOGJAM_URL'],
    seller: drains(),
    landing: (id) => `/drains/${id}`,
    cookie: { secure: false },
    log: silentLog,
  });
  const timers = provider.tasks.map((task) =>
    setInterval(
      () => void task.run(new AbortController().signal).catch(() => undefined),
      task.everySeconds * 1000,
    ),
  );

  const page = async (request: Request, id: string): Promise<Response> => {
    const login = await provider.logins.identify(request);
    const extension = await provider.extensions.get(id);
    const mine = login?.memberships.some((one) => one.organizationId === extension?.organizationId) ?? false;
    if (extension === undefined || !mine) return new Response('No access', { status: 403 });
    return new Response(`Drain ${id}`, { headers: { 'content-type': 'text/plain' } });
  };
  const own = async (body: Buffer): Promise<Response> => {
    const deed = JSON.parse(body.toString('utf8')) as Record<string, string>;
    const { id = '' } = deed;
    if (deed['do'] === 'create') {
      const order = {
        name: deed['name'] ?? '',
        organizationId: deed['organization_id'] ?? '',
        userId: deed['user_id'] ?? '',
      };
      return Response.json({ id: (await provider.extensions.create({ ...order, role: 'admin' })).id });
    }
    if (deed['do'] === 'delete') await provider.extensions.remove(id);
    else {
      const known = await provider.extensions.get(id);
      await provider.extensions.setStatus(id, known?.status === 'sleeping' ? 'ready' : 'sleeping');
    }
    return Response.json({ id });
  };
  const listener = getRequestListener(
    async (request, bindings) => {
      const rawTarget = (bindings.incoming as IncomingMessage).url ?? '/';
      const drain = /^\/drains\/([^/?]+)$/.exec(rawTarget)?.[1];
      if (drain !== undefined) return await page(request, drain);
      return await provider.fetch(request, {
        rawTarget,
        requestId: randomUUID(),
        remoteAddress: '127.0.0.1',
      });
    },
    { overrideGlobalObjects: false },
  );
  const close = await serveAt(port, (request, response) => {
    if (request.url !== '/own') return void listener(request, response);
    const reply = async (): Promise<void> => {
      const answer = await own((await bodyOf(request)) ?? Buffer.alloc(0));
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    };
    reply().catch(() => response.destroy());
  });
  return {
    baseUrl,
    triggerUrl: `${origin}/own`,
    async close() {
      for (const timer of timers) clearInterval(timer);
      await close();
      await provider.idle();
      await database.close();
    },
  };
}

function drains(): Seller {
  const sold = new Map<string, string>();
  return {
    provision: async ({ extension }) => {
      const url = sold.get(extension.id) ?? `https://drain:${randomToken(16)}@${extension.id}.logjam.example`;
      sold.set(extension.id, url);
      return { config: { LOGJAM_URL: url } };
    },
    // Drains are fed from wherever the customer says.
    update: async () => undefined,
    deprovision: async ({ extension }) => void sold.delete(extension.id),
    usage: async ({ from, to }) => [
      {
        meter: 'lines',
        description: 'Lines of log received',
        quantity: String(Math.round((to.getTime() - from.getTime()) / 1000)),
        unit: 'line',
        unitPrice: '0.0000010000',
        from,
        to,
      },
    ],
  };
}
