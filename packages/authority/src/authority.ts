import {
  createVerificationCache,
  type Macaroon,
  type TokenCrypto,
  type VerificationCache,
} from '@hangar/macaroon';
import type { AuthenticatedCaller, Task, TokenReason, TokenVerifier } from '@hangar/contract';
import {
  ok,
  silentLog,
  systemClock,
  whenThere,
  type Clock,
  type RequestContext,
  type Log,
  type Result,
} from '@hangar/http';
import { type Sealer } from '@hangar/security';
import { createRateLimiter } from './http/rate-limiter.ts';
import { createCaller } from './read/caller.ts';
import type { CaveatMeters } from './caveats/facts.ts';
import { createDischargeDoor } from './discharge/door.ts';
import { createFlows } from './discharge/flows.ts';
import { createRevocationFeed, POLL_SECONDS } from './read/feed.ts';
import type { LeakReporters } from './http/leaks.ts';
import { createIntrospectionDoor } from './http/introspection.ts';
import type { RouteAccess } from './http/token-text.ts';
import type { CallerWithTokens } from './http/deps.ts';
import { createTokensDoor } from './http/tokens-door.ts';
import type { Issuer } from './issuer/port.ts';
import type { Directory, FlowStore, Identity, RateSlices } from './ports.ts';
import { createTokens, type Tokens } from './tokens.ts';
import type { HeldTokens } from './read/held-token.ts';
import { createHeaderMemory, type HeaderMemory } from './read/header-memory.ts';
import { createLastUsed, LAST_USED_FLUSH_SECONDS } from './read/last-used.ts';
import { createTokenReader } from './read/token-reader.ts';

const PRUNE_SECONDS = 3600;
/** Flows outlive their end by an hour: clocks may be set back. */
const PRUNE_FLOWS_AFTER_MS = 3_600_000;

/** Every limit is full again after a minute without use; clocks of processes differ. */
const PRUNE_RATES_AFTER_MS = 3_600_000;
const GIVE_BACK_SECONDS = 1;

/** What an authority is made of. */
export interface AuthorityOptions {
  /** The location of our permission tokens; the issuer's own. */
  readonly location: string;
  /** Where our discharge service is mounted; the issuer's own. */
  readonly dischargeLocation: string;
  /** Who holds the root keys: `createIssuer` in this process, `createRemoteIssuer` for one that runs apart. */
  readonly issuer: Issuer;
  /** Where sign-ins under way are kept. */
  readonly flows: FlowStore;
  /** Where rate limits are kept that processes share. Without it each process counts for itself. */
  readonly rates?: RateSlices | undefined;
  /** Seals those sign-ins. Never opens a signing key. */
  readonly sealer: Sealer;
  /** Who is signed in, if anybody is. */
  readonly identify: (request: Request) => Promise<Identity | undefined>;
  /** Where to sign in and come back to a path of ours. */
  readonly signInUrl: (returnPath: string) => string;
  /** Names of workspaces and apps. What is left out is not known. */
  readonly directory?: Partial<Directory>;
  /** Maps a gateway request to its access, for `/tokens/check`. */
  readonly routeAccess?: RouteAccess;
  /** Origins that a person may be sent on to after deciding. */
  readonly returnOrigins?: readonly string[];
  /** Whose signed reports of leaked tokens are believed (`readLeakReporters`); absent takes none. */
  readonly leakReporters?: LeakReporters;
  /** What computes (`createTokenCrypto`); default node:crypto without an engine. */
  readonly tokenCrypto?: TokenCrypto;
  readonly now?: Clock;
  /** Milliseconds of a clock that never jumps; default `performance.now`. */
  readonly monotonicMs?: () => number;
  readonly log?: Log;
}

/** A running authority. */
export interface Authority {
  /** `/hangar/v1/tokens…` and `/v1/tokens/…`, for the gateway's door. */
  fetch(request: Request, door: RequestContext): Promise<Response>;
  /** The discharge service, at the path of its location; requests come with their whole path. */
  readonly discharge: { fetch(request: Request, door: RequestContext): Promise<Response> };
  readonly verifier: TokenVerifier;
  readonly tokens: Tokens;
  /** Throws `unavailable` while revocations cannot be read, or the issuer is away: then no token is accepted. */
  ready(): Promise<void>;
  /** Makes a token of ours ask for a sign-in at our discharge service. */
  requireLogin(token: Macaroon, workspace: bigint): Promise<Macaroon>;
  readonly tasks: readonly Task[];
  /** Verified tokens remembered, for metrics. */
  readonly cache: Pick<VerificationCache, 'size' | 'bytes' | 'hits' | 'misses'>;
  /** Header texts remembered, for metrics. */
  readonly headers: Pick<HeaderMemory, 'size' | 'bytes'>;
}

/**
 * Builds an authority. It opens no key: that is the issuer's part.
 *
 * @example
 * const authority = createAuthority({ location, dischargeLocation, issuer, flows, sealer, identify, signInUrl });
 * const accepted = await authority.verifier.verify(request.headers.get('authorization') ?? '');
 * if (accepted.ok) accepted.value.clear({ orgId: 70001n, action: Action.read, now: new Date() });
 */
export function createAuthority(options: AuthorityOptions): Authority {
  const { issuer, sealer, location, dischargeLocation, tokenCrypto } = options;
  const now = options.now ?? systemClock;
  const monotonicMs = options.monotonicMs ?? (() => performance.now());
  const log = options.log ?? silentLog;
  const directory = options.directory ?? {};

  const cache = createVerificationCache({ now, crypto: tokenCrypto });
  const feed = createRevocationFeed({
    issuer,
    expected: { location, dischargeLocation },
    now,
    monotonicMs,
    onLost: () => {
      if (cache.size > 0)
        log.warn({ entries: cache.size }, 'revocations were not read in time; the cache is dropped');
      cache.clear();
      headers.clear();
    },
  });
  const lastUsed = createLastUsed(issuer);
  const rateOptions = { monotonicMs, slices: options.rates, now, log };
  const limiter = createRateLimiter(rateOptions);
  // Counters of caveats are the holders' own: strangers who fill up the others must not make these start afresh.
  const caveatRates = createRateLimiter(rateOptions);
  const meters: CaveatMeters = {
    take: (counter, perMinute) =>
      caveatRates.take(`${counter} ${perMinute}`, { perMinute, burst: perMinute }) === undefined,
  };
  const callerOf = (held: HeldTokens): AuthenticatedCaller =>
    createCaller(held, { meters, recordUse: (use) => lastUsed.record(use) });
  const headers = createHeaderMemory({ feed, callerOf, now, monotonicMs });
  const reader = createTokenReader({ location, issuer, feed, cache, headers, tokenCrypto, now });
  const tokens = createTokens({ issuer, feed, reader, location, lastUsed, now, log });
  const requireLogin: Authority['requireLogin'] = (token, workspace) => issuer.requireLogin(token, workspace);

  async function authenticate(authorization: string | null): Promise<Result<CallerWithTokens, TokenReason>> {
    const read = await reader.read(authorization);
    return read.ok ? ok({ caller: callerOf(read.value), tokens: read.value }) : read;
  }

  const tokensDoor = createTokensDoor({
    location,
    reader,
    meters,
    tokens,
    directory,
    limiter,
    leakReporters: options.leakReporters,
    authenticate,
    requireLogin,
    routeAccess: options.routeAccess,
    now,
    log,
  });
  const introspectionDoor = createIntrospectionDoor({ reader, directory, meters, limiter, now });
  const dischargeDoor = createDischargeDoor({
    location: dischargeLocation,
    issuer,
    sealer,
    flows: createFlows({ store: options.flows, sealer, now }),
    limiter,
    identify: options.identify,
    signInUrl: options.signInUrl,
    returnOrigins: options.returnOrigins ?? [],
    log,
  });

  return {
    fetch: (request, door) =>
      new URL(request.url).pathname.startsWith('/hangar/')
        ? tokensDoor(request, door)
        : introspectionDoor(request, door),
    discharge: { fetch: dischargeDoor },
    verifier: {
      verify: (authorization) =>
        whenThere(reader.read(authorization), (read) => (read.ok ? ok(callerOf(read.value)) : read)),
      recall: (authorization) => headers.recall(authorization),
    },
    tokens,
    ready: async () => await feed.ensureFresh(),
    requireLogin,
    cache,
    headers,
    tasks: [
      { name: 'authority.revocations', everySeconds: POLL_SECONDS, run: () => feed.refresh() },
      { name: 'authority.token-uses', everySeconds: LAST_USED_FLUSH_SECONDS, run: () => lastUsed.flush() },
      {
        name: 'authority.rates',
        everySeconds: GIVE_BACK_SECONDS,
        run: async () => void (await Promise.all([limiter.giveBack(), caveatRates.giveBack()])),
      },
      {
        name: 'authority.prune-rates',
        everySeconds: PRUNE_SECONDS,
        run: async () =>
          void (await options.rates?.pruneRates(new Date(now().getTime() - PRUNE_RATES_AFTER_MS))),
      },
      {
        name: 'authority.prune-flows',
        everySeconds: PRUNE_SECONDS,
        run: async () =>
          void (await options.flows.pruneFlows(new Date(now().getTime() - PRUNE_FLOWS_AFTER_MS))),
      },
    ],
  };
}
