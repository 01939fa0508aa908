import { allowPlainHttpToSimulator, createOAuthClient, flyUrls } from '@hangar/flyio';
import { createProvider, type Seller } from '@hangar/provider';
import { createSealer, Secret } from '@hangar/security';
import { createOutgoing } from '@hangar/security/outgoing';
import { createSimulator, listen, simulatedSecrets, type DoorFetch } from '@hangar/simulator';
import { createProviderStore, openStore } from '@hangar/store';
import { createSeller } from './seller.ts';

/** The doors that a client of Fly.io knocks at. */
export type ClientDoor = 'api' | 'machines';

/** A request and its answer, as they passed. */
export interface Passed {
  readonly door: ClientDoor;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  readonly status: number;
  readonly answer: string;
}

/** A simulated Fly.io with a provider of extensions that answers to three of flyctl's names. */
export interface ClientStage {
  readonly urls: Readonly<Record<ClientDoor, string>>;
  /** Who acts where nobody else does. */
  readonly token: string;
  /** Whose tokens are listed. */
  readonly organization: string;
  /** Where nothing is out of order. */
  readonly statusPage: string;
  /** What has passed since somebody last took it. */
  take(): Passed[];
  /** A request of the stage's own, which is not written down. */
  ask(door: ClientDoor, method: string, path: string, body?: unknown, token?: string): Promise<Answered>;
  /** A login of that person, gone through as `fly auth login` does. */
  login(person: string): Promise<string>;
  /** When every machine rests, so that what comes next does not depend on how fast it comes. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A status and a body, read as JSON where it is some. */
export interface Answered {
  readonly status: number;
  readonly json: unknown;
}

/** The token that acts for the operator and for a customer, as a configured token may. */
export const OPERATOR_TOKEN = simulatedSecrets.operatorToken;

/** Opens the stage on free ports. */
export async function openClientStage(): Promise<ClientStage> {
  let provider: DoorFetch = () => Promise.resolve(new Response(null, { status: 503 }));
  const selling = await listen(
    async (request, context) =>
      // The status page is another company's; it says that all is well.
      context.rawTarget === STATUS_PATH ? Response.json({ incidents: [] }) : await provider(request, context),
    { port: 0 },
  );
  const publicBaseUrl = `${selling.url}/flyio`;
  const simulator = createSimulator({
    provider: { baseUrl: publicBaseUrl, slug: 'hangar' },
    lending: {
      names: ['arcjet', 'sentry', 'tigris', 'upstash_redis'],
      displayName: 'Hangar',
      excludedRegions: ['jnb'],
      plans: [
        { id: 'p1', name: 'small', displayName: 'Small', description: 'One drawer', pricePerMonth: 5 },
        { id: 'p2', name: 'large', displayName: 'Large', description: 'A cupboard', pricePerMonth: 50 },
      ],
    },
    tokens: [{ token: Secret.of(OPERATOR_TOKEN), organizations: ['operator', 'high-flyers'] }],
  });
  const passed: Passed[] = [];
  const doors = {
    api: await listen(watched('api', simulator.doors.api.fetch, passed), { port: 0 }),
    machines: await listen(watched('machines', simulator.doors.machines.fetch, passed), { port: 0 }),
  };
  const store = await openStore({});
  const { seller, asked } = createSeller();
  const shop = shopAt(publicBaseUrl, doors.api.url, createProviderStore(store.db), seller);
  provider = async (request, context) => {
    const answer = await shop.fetch(request, context);
    if (request.method === 'GET') asked();
    return answer;
  };

  const ask: ClientStage['ask'] = async (door, method, path, body, token = OPERATOR_TOKEN) =>
    await askAt(doors[door].url, { method, path, body, token });

  return {
    token: OPERATOR_TOKEN,
    organization: 'high-flyers',
    urls: { api: doors.api.url, machines: doors.machines.url },
    statusPage: `${selling.url}${STATUS_PATH}`,
    take: () => passed.splice(0),
    ask,
    async login(person) {
      const users = at(await ask('api', 'GET', '/_fly/people'), 'users') as { id: string; name: string }[];
      const user = users.find((one) => one.name.toLowerCase().startsWith(person));
      const session = await ask('api', 'POST', '/api/v1/cli_sessions', { name: 'a test' });
      const page = new URL(String(at(session, 'auth_url'))).pathname;
      await ask('api', 'POST', page, new URLSearchParams({ user_id: user?.id ?? '' }));
      const own = `/api/v1/cli_sessions/${String(at(session, 'id'))}`;
      return String(at(await ask('api', 'GET', own), 'access_token'));
    },
    async settled() {
      const machines = at(await ask('api', 'GET', '/_fly/inventory'), 'machines') as {
        app: string;
        id: string;
      }[];
      for (const { app, id } of machines) {
        const owner = at(await ask('api', 'GET', `/_fly/apps/${app}`), 'organization') as { slug: string };
        const organization = owner.slug;
        const token = at(await ask('api', 'POST', '/_fly/tokens', { organization, actions: 'r' }), 'token');
        await ask(
          'machines',
          'GET',
          `/v1/apps/${app}/machines/${id}/wait?state=settled&timeout=60`,
          undefined,
          String(token),
        );
      }
    },
    async close() {
      await Promise.all(Object.values(doors).map((door) => door.close()));
      await simulator.close();
      await selling.close();
      await store.close();
    },
  };
}

const STATUS_PATH = '/incidents';

/** Marks the stage's own requests. */
export const OWN = 'x-own-request';

/** That door, with what passes written down. */
export function watched(door: ClientDoor, answering: DoorFetch, passed: Passed[]): DoorFetch {
  return async (request, context) => {
    const body = await request.text();
    const { method, headers } = request;
    const copy = new Request(request.url, { method, headers, ...(body === '' ? {} : { body }) });
    const answer = await answering(copy, context);
    const text = await answer.clone().text();
    const path = context.rawTarget;
    // Neither the stage's own requests nor the provider's webhooks are a client's.
    if (!/^\/(?:_fly|api\/hooks)\//.test(path) && headers.get(OWN) === null)
      passed.push({ door, method, path, headers, body, status: answer.status, answer: text });
    return answer;
  };
}

/** A request that is not written down. */
export async function askAt(
  base: string,
  { method, path, body, token }: { method: string; path: string; body?: unknown; token: string },
): Promise<Answered> {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      [OWN]: '1',
      ...(body === undefined || body instanceof URLSearchParams
        ? {}
        : { 'content-type': 'application/json' }),
    },
    redirect: 'manual',
    ...(body === undefined ? {} : { body: body instanceof URLSearchParams ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, json: jsonOf(await answer.text()) };
}

/** The kit of Hangar's provider, selling that. */
function shopAt(
  publicBaseUrl: string,
  api: string,
  store: ReturnType<typeof createProviderStore>,
  seller: Seller,
) {
  const simulatorPort = Number(new URL(api).port);
  const outgoing = createOutgoing({ allowedOrigins: [api] });
  return createProvider({
    publicBaseUrl,
    providerSlug: 'hangar',
    provisioningSecrets: [Secret.of(simulatedSecrets.provisioning)],
    webhookSecret: Secret.of(simulatedSecrets.webhook),
    webhookUrl: flyUrls({ simulatorPort }).webhooks('hangar'),
    oauth: createOAuthClient({
      clientId: simulatedSecrets.oauthClientId,
      clientSecret: Secret.of(simulatedSecrets.oauthClientSecret),
      redirectUri: `${publicBaseUrl}/callback`,
      apiUrl: api,
      outgoing,
      allowPlainHttp: allowPlainHttpToSimulator,
    }),
    store,
    sealer: createSealer([Secret.of('clients:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=')]),
    outgoing,
    configKeys: ['HANGAR_API_TOKEN'],
    seller,
    landing: (id) => `/extensions/${id}`,
    cookie: { secure: false },
  });
}

/** A member of an answer. */
export function at(answer: Answered, name: string): unknown {
  const { json } = answer;
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined;
}

/** A text as JSON, or as it is when it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
