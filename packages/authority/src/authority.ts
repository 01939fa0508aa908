import { createVerificationCache, type Macaroon, type VerificationCache } from '@hangar/macaroon';
import {
  HangarError,
  ok,
  silentLog,
  systemClock,
  type Clock,
  type Door,
  type Log,
  type Result,
  type Sealer,
  type Secret,
} from '@hangar/security';
import { createBuckets } from './buckets.ts';
import { createCaller, type VerifiedCaller } from './caller.ts';
import type { CaveatMeters } from './caveats/facts.ts';
import { parseDischargeKeys } from './discharge-key.ts';
import { createDischargeDoor } from './discharge/door.ts';
import { createFlows } from './discharge/flows.ts';
import { createRevocationFeed, POLL_SECONDS } from './feed.ts';
import { createIntrospectionDoor } from './http/introspection.ts';
import type { RouteAccess } from './http/token-text.ts';
import { createTokensDoor, type KnownCaller } from './http/tokens-door.ts';
import { createSigningKeys } from './keys.ts';
import { DISCHARGE_SECONDS, requireLogin } from './login-caveat.ts';
import { createMint } from './mint.ts';
import type { AuthorityStore, Directory, Identity } from './ports.ts';
import { createTokens, type Tokens } from './tokens.ts';
import type { TokenReason } from './token-reason.ts';
import { createUsageLog, USAGE_FLUSH_SECONDS } from './usage.ts';
import { createTokenReader } from './verify.ts';

const PRUNE_SECONDS = 3600;
/** Feed entries outlive their tokens by two days, flows their end by one hour: clocks may be set back. */
const PRUNE_REVOCATIONS_AFTER_MS = 48 * 3_600_000;
const PRUNE_FLOWS_AFTER_MS = 3_600_000;

/** What an authority is made of. */
export interface AuthorityOptions {
  /** The location of our permission tokens. Fly.io's own value makes stock flyctl treat them as its own. */
  readonly location: string;
  /** Where our discharge service is mounted, without a slash at the end: `https://host/discharge`. */
  readonly dischargeLocation: string;
  readonly store: AuthorityStore;
  readonly sealer: Sealer;
  /** Shared with our discharge service: base64 of 32 bytes each, newest first. */
  readonly dischargeKeys: readonly Secret[];
  /** Who is signed in, if anybody is. */
  readonly identify: (request: Request) => Promise<Identity | undefined>;
  /** Where to sign in and come back to a path of ours. */
  readonly signInUrl: (returnPath: string) => string;
  /** Names of workspaces and apps. What is left out is not known. */
  readonly directory?: Partial<Directory>;
  /** Maps a gateway request to its access, for `/tokens/check`. */
  readonly routeAccess?: RouteAccess;
  /** Counters for EnvCreate and Spend; without them those caveats refuse. */
  readonly meters?: Omit<CaveatMeters, 'take'>;
  /** How long a discharge of ours lives; default ten minutes. */
  readonly dischargeSeconds?: number;
  /** Origins that a person may be sent on to after deciding. */
  readonly returnOrigins?: readonly string[];
  readonly now?: Clock;
  /** Milliseconds of a clock that never jumps; default `performance.now`. */
  readonly monotonicMs?: () => number;
  readonly log?: Log;
}

/** From the text of an Authorization header to a caller, for the gateway and every other door. */
export interface TokenVerifier {
  /** Throws `unavailable` when revocations cannot be read; everything else is a verdict. */
  verify(authorization: string | null): Promise<Result<VerifiedCaller, TokenReason>>;
}

/** Work that goes on beside requests; the app runs it. */
export interface Task {
  readonly name: string;
  readonly everySeconds: number;
  run(signal: AbortSignal): Promise<void>;
}

/** A running authority. */
export interface Authority {
  /** `/hangar/v1/tokens…` and `/v1/tokens/…`, for the gateway's door. */
  fetch(request: Request, door: Door): Promise<Response>;
  /** The discharge service, at the path of its location; requests come with their whole path. */
  readonly discharge: { fetch(request: Request, door: Door): Promise<Response> };
  readonly verifier: TokenVerifier;
  readonly tokens: Tokens;
  /** Makes a token of ours ask for a sign-in at our discharge service. */
  requireLogin(token: Macaroon, workspace: bigint): Macaroon;
  readonly tasks: readonly Task[];
  /** Verified tokens remembered, for metrics. */
  readonly cache: Pick<VerificationCache, 'size' | 'bytes' | 'hits' | 'misses'>;
}

/** Builds an authority. Throws `config_invalid` for options that cannot work. */
export function createAuthority(options: AuthorityOptions): Authority {
  const { store, sealer, location, dischargeLocation } = options;
  const now = options.now ?? systemClock;
  const monotonicMs = options.monotonicMs ?? (() => performance.now());
  const log = options.log ?? silentLog;
  const directory = options.directory ?? {};
  const dischargeSeconds = options.dischargeSeconds ?? DISCHARGE_SECONDS;
  const dischargeKeys = parseDischargeKeys(options.dischargeKeys);
  checkLocations(location, dischargeLocation);

  const cache = createVerificationCache({ now });
  const feed = createRevocationFeed({
    store,
    now,
    monotonicMs,
    onLost: () => {
      if (cache.size > 0)
        log.warn({ entries: cache.size }, 'revocations were not read in time; the cache is dropped');
      cache.clear();
    },
  });
  const keys = createSigningKeys({ store, sealer, now });
  const usage = createUsageLog(store);
  const buckets = createBuckets(monotonicMs);
  const meters: CaveatMeters = {
    ...options.meters,
    take: (counter, perMinute) =>
      buckets.take(`caveat ${counter}`, { perMinute, burst: perMinute }) === undefined,
  };
  const reader = createTokenReader({ location, dischargeLocation, dischargeKeys, keys, feed, cache, now });
  const login = (token: Macaroon, workspace: bigint): Macaroon =>
    requireLogin(token, { workspace, dischargeLocation, dischargeKey: dischargeKeys[0], dischargeSeconds });
  const mint = createMint({ location, dischargeLocation, dischargeKeys, dischargeSeconds, keys, store, now });
  const tokens = createTokens({ mint, store, keys, feed, usage, now, log });

  async function know(authorization: string | null): Promise<Result<KnownCaller, TokenReason>> {
    const read = await reader.read(authorization);
    if (!read.ok) return read;
    const caller = createCaller(read.value, { meters, recordUse: (use) => usage.record(use) });
    return ok({ caller, tokens: read.value });
  }

  const tokensDoor = createTokensDoor({
    location,
    reader,
    meters,
    tokens,
    directory,
    buckets,
    know,
    requireLogin: login,
    routeAccess: options.routeAccess,
    now,
  });
  const introspectionDoor = createIntrospectionDoor({ reader, directory, meters, buckets, now });
  const dischargeDoor = createDischargeDoor({
    location: dischargeLocation,
    keys: dischargeKeys,
    lifetimeSeconds: dischargeSeconds,
    flows: createFlows({ store, sealer, now }),
    buckets,
    identify: options.identify,
    signInUrl: options.signInUrl,
    returnOrigins: options.returnOrigins ?? [],
    now,
    log,
  });

  return {
    fetch: (request, door) =>
      new URL(request.url).pathname.startsWith('/hangar/')
        ? tokensDoor(request, door)
        : introspectionDoor(request, door),
    discharge: { fetch: dischargeDoor },
    verifier: {
      verify: async (authorization) => {
        const known = await know(authorization);
        return known.ok ? ok(known.value.caller) : known;
      },
    },
    tokens,
    requireLogin: login,
    cache,
    tasks: [
      { name: 'authority.revocations', everySeconds: POLL_SECONDS, run: () => feed.refresh() },
      { name: 'authority.token-uses', everySeconds: USAGE_FLUSH_SECONDS, run: () => usage.flush() },
      {
        name: 'authority.prune',
        everySeconds: PRUNE_SECONDS,
        run: async () => {
          const at = now().getTime();
          await store.pruneRevocations(new Date(at - PRUNE_REVOCATIONS_AFTER_MS));
          await store.pruneFlows(new Date(at - PRUNE_FLOWS_AFTER_MS));
        },
      },
    ],
  };
}

function checkLocations(location: string, dischargeLocation: string): void {
  const problems = [
    URL.canParse(location) ? '' : 'location is no address',
    URL.canParse(dischargeLocation) && !dischargeLocation.endsWith('/')
      ? ''
      : 'dischargeLocation is no address, or ends with a slash',
    location === dischargeLocation ? 'location and dischargeLocation are the same' : '',
  ].filter((problem) => problem !== '');
  if (problems.length > 0) {
    throw new HangarError('config_invalid', { detail: problems.join('; '), public: problems.join('; ') });
  }
}
