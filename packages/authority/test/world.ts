import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'drizzle-orm';
import {
  createAuthority,
  createIssuer,
  createIssuerDoor,
  createRemoteIssuer,
  type Authority,
  type AuthorityOptions,
  type FlowStore,
  type Identity,
  type Issuer,
  type IssuerOptions,
  type IssuerStore,
} from '@hangar/authority';
import { LOCATIONS } from '@hangar/macaroon';
import { type RequestContext } from '@hangar/http';
import { createSealer, Secret } from '@hangar/security';
import { createFlowStore, createIssuerStore } from '@hangar/store';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';

export const WORKSPACE = 70001n;
export const OTHER_WORKSPACE = 70002n;
export const APP = 90017n;
export const OTHER_APP = 90018n;
/** 2026-09-21T14:13:20Z */
export const START = 1_790_000_000;

export const gabriella: Identity = {
  userId: 'NeBO2G0l0yJ6',
  userNumber: 4711n,
  workspaces: [WORKSPACE],
  email: 'gabriella@customer.fly.io',
};
export const otto: Identity = { userId: 'rzjkdw3g0ypx061q', workspaces: [OTHER_WORKSPACE] };

export const milo: Identity = { userId: 'milo', workspaces: [WORKSPACE, OTHER_WORKSPACE] };

/** A clock that a test turns by hand. Both faces move together. */
export interface TestClock {
  at: number;
  now(): Date;
  advance(seconds: number): void;
}

/** What both halves are made of: the issuer with the keys, and the authority that asks it. */
export type WorldOptions = Omit<AuthorityOptions, 'issuer' | 'flows'> &
  Omit<IssuerOptions, 'store'> & { readonly store: IssuerStore & FlowStore };

export interface World {
  readonly db: TestDatabase;
  readonly clock: TestClock;
  authority: Authority;
  readonly options: WorldOptions;
  /** Another Hangar process on the same database. */
  replica(changes?: Partial<WorldOptions>): Authority;
  /** Empty tables, a fresh authority and the clock at the start: much faster than another database. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export function testClock(): TestClock {
  const clock: TestClock = {
    at: START * 1000,
    now: () => new Date(clock.at),
    advance: (seconds) => {
      clock.at += seconds * 1000;
    },
  };
  return clock;
}

/** Reads who is signed in from a cookie, as a browser would carry it. */
export async function identifyByCookie(request: Request): Promise<Identity | undefined> {
  const cookie = request.headers.get('cookie') ?? '';
  if (cookie.includes('login=gabriella')) return gabriella;
  if (cookie.includes('login=milo')) return milo;
  return cookie.includes('login=otto') ? otto : undefined;
}

/** The same token with a wrong signature, of the same length. */
export function forged(token: string): string {
  const bytes = Buffer.from(token.slice('fm2_'.length), 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return `fm2_${bytes.toString('base64')}`;
}

export const masterKey = Secret.of(`m1:${randomBytes(32).toString('base64')}`);
export const dischargeKey = Secret.of(randomBytes(32).toString('base64'));

/**
 * An authority with its issuer. `HANGAR_TEST_ISSUER=apart` puts the issuer behind its door, so that the same
 * tests show that nothing depends on the keys being near.
 */
export function authorityOn(options: WorldOptions): Authority {
  const local = createIssuer(options);
  const issuer = process.env['HANGAR_TEST_ISSUER'] === 'apart' ? throughDoors(local) : local;
  const authority = createAuthority({ ...options, issuer, flows: options.store });
  return { ...authority, tasks: [...authority.tasks, ...local.tasks] };
}

/** The issuer as a process apart has it: only what can be written as JSON gets through. */
export function throughDoors(issuer: Issuer): Issuer {
  const doors = { verify: createIssuerDoor(issuer, 'verify'), sign: createIssuerDoor(issuer, 'sign') };
  return createRemoteIssuer(async (half, path, body) => {
    const request = new Request(`http://issuer${path}`, { method: 'POST', body });
    const response = await doors[half].fetch(request, door(path));
    return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
  });
}

/** A whole authority on a database of its own. */
export async function openWorld(changes: Partial<WorldOptions> = {}): Promise<World> {
  const db = await openTestDatabase();
  const clock = testClock();
  const options: WorldOptions = {
    location: LOCATIONS.permission,
    dischargeLocation: 'https://hangar.example/discharge',
    store: { ...createIssuerStore(db.db), ...createFlowStore(db.db) },
    sealer: createSealer([masterKey]),
    dischargeKeys: [dischargeKey],
    identify: identifyByCookie,
    signInUrl: (returnPath) => `/flyio/login?return_to=${encodeURIComponent(returnPath)}`,
    now: clock.now,
    monotonicMs: () => clock.at,
    ...changes,
  };
  const world: World = {
    db,
    clock,
    options,
    authority: authorityOn(options),
    replica: (more = {}) => authorityOn({ ...options, ...more }),
    reset: async () => {
      await db.db
        .execute(sql`truncate authority_counters, authority_keys, authority_tokens, authority_lineage,
        authority_revocations, authority_flows, authority_token_parts`);
      clock.at = START * 1000;
      world.authority = authorityOn(options);
    },
    close: () => db.close(),
  };
  return world;
}

/** A call on one of the authority's doors, without a socket. */
export async function call(
  authority: Pick<Authority, 'fetch'>,
  method: string,
  path: string,
  o: { token?: string; body?: unknown; from?: string; raw?: string; type?: string } = {},
): Promise<{ status: number; body: Record<string, unknown>; headers: Headers; text: string }> {
  const headers = new Headers();
  if (o.token !== undefined) headers.set('authorization', `Bearer ${o.token}`);
  const payload = o.raw ?? (o.body === undefined ? undefined : JSON.stringify(o.body));
  if (payload !== undefined) headers.set('content-type', o.type ?? 'application/json');
  const request = new Request(`https://gateway.example${path}`, {
    method,
    headers,
    body: payload,
  });
  const response = await authority.fetch(request, door(path, o.from));
  const text = await response.text();
  const body = (text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {}) as Record<
    string,
    unknown
  >;
  return { status: response.status, body, headers: response.headers, text };
}

export function door(rawTarget: string, remoteAddress = '203.0.113.7'): RequestContext {
  return { rawTarget, requestId: 'test-request', remoteAddress };
}

/** Serves a fetch handler over real HTTP on loopback. */
export async function serve(
  handler: (request: Request, door: RequestContext) => Promise<Response>,
): Promise<{ origin: string; close(): Promise<void> }> {
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      void (async () => {
        const target = incoming.url ?? '/';
        const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
        const request = new Request(`http://${incoming.headers.host}${target}`, {
          method: incoming.method ?? 'GET',
          headers: new Headers(Object.entries(incoming.headers).map(([k, v]) => [k, String(v)])),
          ...(hasBody ? { body: new Uint8Array(Buffer.concat(chunks)) } : {}),
        });
        const response = await handler(request, door(target, incoming.socket.remoteAddress));
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
