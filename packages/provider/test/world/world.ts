import { createHmac, randomBytes } from 'node:crypto';
import { createProvider, type Provider, type ProviderOptions } from '@hangar/provider';
import { allowPlainHttpToSimulator, createOAuthClient } from '@hangar/flyio';
import { silentLog, type RequestContext, type HangarError } from '@hangar/http';
import { createSealer, Secret } from '@hangar/security';
import { createOutgoing } from '@hangar/security/outgoing';
import { createProviderStore } from '@hangar/store';
import { openTestDatabase, type TestDatabase } from '../../../../test/harness/database.ts';
import { testClock, type TestClock } from './clock.ts';
import { startOAuthTwin, type OAuthTwin } from './oauth-twin.ts';
import { startReceiver, type Receiver } from './receiver.ts';
import { testSeller, type TestSeller } from './seller.ts';

export const BASE = 'https://logjam.example/flyio';
export const SECRET = 'hangar-provisioning-secret';
export const WEBHOOK_SECRET = 'hangar-webhook-secret';

/** What answers hold, as far as tests ask for it. */
export interface Body {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly config: Record<string, string>;
  readonly error: string;
  readonly code: string;
  readonly fields: Record<string, string>;
  readonly totals: Record<string, string>;
  readonly charges: Record<string, string>[];
  readonly next_cursor: string | null;
  readonly [member: string]: unknown;
}

/** An answer, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; an empty object when it is none. */
  readonly json: Body;
}

/** One request on its way to the provider, everything of it open to tampering. */
export interface Draft {
  method: string;
  /** Below the base URL. */
  path: string;
  members: Record<string, unknown>;
  url: string;
  nonce: string;
  timestamp: unknown;
  secret: string;
  headers: Record<string, string>;
  /** Signed instead of what is sent. */
  signBytes?: (bytes: string) => string;
  /** Makes the header out of the right digest. */
  signature?: (hex: string) => string | undefined;
  /** Changes what is sent after it was signed. */
  after?: (bytes: string) => string;
  /** Writes body or query itself instead of the members. */
  raw?: string | Uint8Array;
}

export interface World {
  readonly provider: Provider;
  readonly database: TestDatabase;
  readonly clock: TestClock;
  readonly seller: TestSeller;
  readonly receiver: Receiver;
  readonly twin: OAuthTwin;
  readonly errors: HangarError[];
  readonly options: ProviderOptions;
  /** Another process that turns asynchronous soon. For work that certainly takes longer. */
  readonly hurried: Provider;
  /** Waits until no process has anything under way. */
  idle(): Promise<void>;
  /** A second process on the same database. */
  replica(change?: Partial<ProviderOptions>): Provider;
  draft(change: Partial<Draft> & { method: string; path: string }): Draft;
  send(draft: Draft, to?: Provider): Promise<Answer>;
  create(members?: Record<string, unknown>, to?: Provider): Promise<Answer>;
  get(id: string): Promise<Answer>;
  patch(id: string, members: Record<string, unknown>, to?: Provider): Promise<Answer>;
  remove(id: string, to?: Provider): Promise<Answer>;
  browse(path: string, headers?: Record<string, string>, to?: Provider, from?: string): Promise<Answer>;
  run(task: string): Promise<void>;
  close(): Promise<void>;
}

/** Fly.io's patience in a hurry. Long enough for what should be done in time even on a busy machine. */
export const HURRY = { answerMs: 600, pollMs: 20 };

let counter = 0;

/** The members of the Extensions API page's example, with an id and a name of their own. */
export function order(change: Record<string, unknown> = {}): Record<string, unknown> {
  counter += 1;
  return {
    name: `logs-${counter}`,
    id: `fly-${counter}-${randomBytes(4).toString('hex')}`,
    organization_id: '04La2mblTaz',
    organization_name: 'High Flyers',
    user_email: 'v9WvKokd@customer.fly.io',
    user_id: 'NeBO2G0l0yJ6',
    user_role: 'admin',
    primary_region: 'mad',
    ip_address: 'fdaa:0:47fb:0:1::1d',
    read_regions: ['syd', 'scl'],
    ...change,
  };
}

export async function openWorld(change: Partial<ProviderOptions> = {}): Promise<World> {
  const database = await openTestDatabase();
  const clock = testClock();
  const seller = testSeller();
  const receiver = await startReceiver(WEBHOOK_SECRET);
  const twin = await startOAuthTwin(clock.seconds);
  const outgoing = createOutgoing({ allowedOrigins: [receiver.origin, twin.origin] });
  const errors: HangarError[] = [];
  const options: ProviderOptions = {
    publicBaseUrl: BASE,
    providerSlug: 'logjam',
    provisioningSecrets: [Secret.of(SECRET)],
    webhookSecret: Secret.of(WEBHOOK_SECRET),
    webhookUrl: `${receiver.origin}/api/hooks/extensions/logjam`,
    oauth: createOAuthClient({
      clientId: twin.clientId,
      clientSecret: Secret.of(twin.clientSecret),
      redirectUri: `${BASE}/callback`,
      apiUrl: twin.origin,
      outgoing,
      allowPlainHttp: allowPlainHttpToSimulator,
    }),
    store: createProviderStore(database.db),
    sealer: createSealer([Secret.of(`k1:${Buffer.alloc(32, 7).toString('base64')}`)]),
    outgoing,
    configKeys: ['LOGJAM_URL', 'LOGJAM_TOKEN'],
    seller,
    landing: (id) => `/extensions/${id}`,
    cookie: { secure: true },
    now: clock.now,
    log: silentLog,
    ...change,
  };
  const provider = createProvider(options);
  const hurried = createProvider({ ...options, timing: { ...HURRY, ...options.timing } });
  const providers = [provider, hurried];

  const door = (rawTarget: string, from: string | undefined): RequestContext => ({
    rawTarget,
    remoteAddress: from,
    requestId: `req-${randomBytes(6).toString('hex')}`,
    onError: (error) => errors.push(error),
  });
  const call = async (
    to: Provider,
    method: string,
    target: string,
    headers: Record<string, string>,
    body?: string | Uint8Array,
    from?: string,
  ) => {
    const request = new Request(new URL(target, 'http://inside.invalid'), {
      method,
      headers,
      body: body === undefined ? undefined : (body as BodyInit),
    });
    const response = await to.fetch(request, door(target, from));
    const text = await response.text();
    let json = {} as Body;
    try {
      json = JSON.parse(text) as Body;
    } catch {
      // Not every answer is JSON; tests that expect it look at `status` first.
    }
    return { status: response.status, headers: response.headers, text, json };
  };

  const world: World = {
    provider,
    hurried,
    database,
    clock,
    seller,
    receiver,
    twin,
    errors,
    options,
    replica(other = {}) {
      const made = createProvider({ ...options, ...other });
      providers.push(made);
      return made;
    },
    draft: (part) => ({
      members: {},
      url: BASE + part.path,
      nonce: randomBytes(16).toString('hex'),
      timestamp: clock.seconds(),
      secret: SECRET,
      headers: {},
      ...part,
    }),
    async send(draft, to = provider) {
      const inBody = draft.method === 'POST' || draft.method === 'PATCH';
      const { url, nonce, timestamp } = draft;
      const envelope = Object.fromEntries(
        Object.entries({ url, nonce, timestamp }).filter(([, value]) => value !== undefined),
      );
      const all = { ...draft.members, ...envelope };
      const raw =
        draft.raw ??
        (inBody ? JSON.stringify(all) : new URLSearchParams(all as Record<string, string>).toString());
      const text = typeof raw === 'string' ? raw : Buffer.from(raw).toString('latin1');
      const bytes =
        typeof raw === 'string' ? Buffer.from(draft.signBytes?.(text) ?? text, 'utf8') : Buffer.from(raw);
      const hex = createHmac('sha256', draft.secret).update(bytes).digest('hex');
      const signature = draft.signature === undefined ? hex : draft.signature(hex);
      const headers = {
        ...(inBody ? { 'content-type': 'application/json' } : {}),
        ...(signature === undefined ? {} : { 'x-signature': signature }),
        ...draft.headers,
      };
      const sent = typeof raw === 'string' ? (draft.after?.(raw) ?? raw) : raw;
      const target = `/flyio${draft.path}`;
      if (inBody) return await call(to, draft.method, target, headers, sent);
      return await call(to, draft.method, sent === '' ? target : `${target}?${String(sent)}`, headers);
    },
    create: async (members = {}, to = provider) =>
      await world.send(world.draft({ method: 'POST', path: '/extensions', members: order(members) }), to),
    get: async (id) => await world.send(world.draft({ method: 'GET', path: `/extensions/${id}` })),
    patch: async (id, members, to = provider) =>
      await world.send(world.draft({ method: 'PATCH', path: `/extensions/${id}`, members }), to),
    remove: async (id, to = provider) =>
      await world.send(world.draft({ method: 'DELETE', path: `/extensions/${id}` }), to),
    browse: async (path, headers = {}, to = provider, from) =>
      await call(to, 'GET', path, headers, undefined, from),
    async run(name) {
      const task = provider.tasks.find((candidate) => candidate.name === `provider.${name}`);
      if (task === undefined) throw new Error(`there is no task ${name}`);
      await task.run(new AbortController().signal);
    },
    async idle() {
      await Promise.all(providers.map(async (one) => await one.idle()));
    },
    async close() {
      await world.idle();
      await outgoing.close();
      await receiver.close();
      await twin.close();
      await database.close();
    },
  };
  return world;
}
