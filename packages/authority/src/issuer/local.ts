import type { Task } from '@hangar/contract';
import type { TokenCrypto } from '@hangar/macaroon';
import { HangarError, ok, refuse, silentLog, systemClock, type Clock, type Log } from '@hangar/http';
import { sha256Hex, type Sealer, type Secret } from '@hangar/security';
import { MAX_LIFETIME_SECONDS } from '../offline/lifetime.ts';
import { FEED_PAGE, MAX_REVOKED_COPIES, readMintLimits, tooManyCopies, type MintLimits } from '../limits.ts';
import { DISCHARGE_SECONDS, requireLogin } from './login-caveat.ts';
import type { Asker, IssuerStore, RevocationTarget, TokenRow } from '../ports.ts';
import { parseDischargeKeys } from './discharge-key.ts';
import { issueDischarge } from './issue-discharge.ts';
import type { Issuer, IssuerAbout } from './port.ts';
import { createJudge } from './judge.ts';
import { createSigningKeys } from './keys.ts';
import { createMint } from './mint.ts';
import { asMintFault, checkText } from './mint-request.ts';
import { readTicket } from './ticket.ts';

const PRUNE_SECONDS = 3600;
/** After a change of the master keys the old one is free to go within this time. */
const RESEAL_SECONDS = 3600;
/** Records and feed entries outlive their tokens by two days: clocks may be set back. */
const PRUNE_AFTER_MS = 48 * 3_600_000;

/** What an issuer is made of. */
export interface IssuerOptions {
  /** The location of our permission tokens. Fly.io's own value makes stock flyctl treat them as its own. */
  readonly location: string;
  /** Where our discharge service is mounted, without a slash at the end: `https://host/discharge`. */
  readonly dischargeLocation: string;
  /** Shared with our discharge service: base64 of 32 bytes each, newest first. */
  readonly dischargeKeys: readonly Secret[];
  readonly store: IssuerStore;
  /** Seals the signing keys; in a process apart, with master keys of its own. */
  readonly sealer: Sealer;
  /** How long a discharge of ours lives; default ten minutes. */
  readonly dischargeSeconds?: number;
  /** Bounds of what a workspace may mint; default {@link DEFAULT_MINT_LIMITS}. */
  readonly limits?: Partial<MintLimits>;
  /** What computes (`createTokenCrypto`); default node:crypto without an engine. */
  readonly tokenCrypto?: TokenCrypto;
  readonly now?: Clock;
  readonly log?: Log;
}

/** An issuer with its keys in this process, and the work it wants done beside requests. */
export interface LocalIssuer extends Issuer {
  readonly tasks: readonly Task[];
}

/**
 * Builds the issuer: the one place that opens root keys. Throws `config_invalid` for options that cannot work.
 *
 * @example
 * const issuer = createIssuer({ location, dischargeLocation, store, sealer, dischargeKeys: [dischargeKey] });
 */
export function createIssuer(options: IssuerOptions): LocalIssuer {
  const { location, dischargeLocation, store, sealer, tokenCrypto } = options;
  checkLocations(location, dischargeLocation);
  const now = options.now ?? systemClock;
  const log = options.log ?? silentLog;
  const dischargeSeconds = options.dischargeSeconds ?? DISCHARGE_SECONDS;
  const dischargeKeys = parseDischargeKeys(options.dischargeKeys);
  const keys = createSigningKeys({ store, sealer, now });
  const judge = createJudge({ dischargeLocation, dischargeKeys, keys, tokenCrypto });
  const minting = createMint({
    location,
    dischargeLocation,
    dischargeKeys,
    dischargeSeconds,
    keys,
    store,
    judge,
    limits: readMintLimits(options.limits),
    tokenCrypto,
    now,
  });
  const about: IssuerAbout = {
    location,
    dischargeLocation,
    version: sha256Hex([location, dischargeLocation, ...dischargeKeys.map(sha256Hex)].join('\n')),
  };
  const noteMinted = (row: TokenRow): void =>
    log.info(
      { workspace: row.workspace, token: row.id, preset: row.preset, by: row.creator },
      'token minted',
    );
  const rotateKey: Issuer['rotateKey'] = async (workspace) => {
    const rotated = await keys.rotate(workspace);
    log.info({ workspace, ...rotated }, 'signing key rotated');
    return rotated;
  };

  return {
    about: async () => about,
    verify: (presented) => judge.verify(presented),
    recognize: (token) => judge.recognize(token),
    recognizeDischarge: async (discharge) => judge.recognizeDischarge(discharge),
    revokedSince: (number) => store.revokedSince(number, FEED_PAGE),
    recordUses: (uses) => store.recordUses(uses),

    mint: async (request) => {
      const minted = await minting.mint(request).catch((error: unknown) => {
        throw asMintFault(error);
      });
      noteMinted(minted.row);
      return minted;
    },
    prepare: async (request) => {
      const prepared = await minting.prepare(request).catch((error: unknown) => {
        throw asMintFault(error);
      });
      return { ...prepared, stored: () => noteMinted(prepared.row) };
    },
    requireLogin: async (token, workspace) => {
      try {
        const dischargeKey = dischargeKeys[0];
        const login = { workspace, dischargeLocation, dischargeKey, dischargeSeconds, now: now() };
        return requireLogin(token, login);
      } catch (error) {
        throw asMintFault(error);
      }
    },
    token: (workspace, id) => store.token(workspace, id),
    tokens: (query) => store.tokens(query),
    renameToken: async (wish) => {
      checkText('name', wish.name);
      const renamed = await store.renameToken(wish);
      if (renamed === 'asker_revoked') throw askerRevoked(wish.asker);
      return renamed;
    },
    revoke: async ({ workspace, target, by, reason, asker }) => {
      if ('key' in target && (await store.currentKey(workspace))?.number === target.key)
        await rotateKey(workspace);
      const at = now();
      const latestEnd = new Date(at.getTime() + MAX_LIFETIME_SECONDS * 1000);
      const neededFrom = new Date(at.getTime() - PRUNE_AFTER_MS);
      const within = endingWithin(target, neededFrom, latestEnd);
      const reached = await store.revoke({
        workspace,
        target: within,
        by,
        reason,
        at,
        neededFrom,
        latestEnd,
        maxCopies: MAX_REVOKED_COPIES,
        asker,
      });
      if (reached === 'asker_revoked') throw askerRevoked(asker);
      if (reached === 'too_many_copies') throw tooManyCopies();
      log.info({ workspace, target: Object.keys(target)[0], by, reached: reached.length }, 'tokens revoked');
      return reached;
    },
    rotateKey,
    readTicket: async (bytes) => {
      const ticket = readTicket(bytes, dischargeKeys, tokenCrypto);
      return ticket.ok ? ok({ asksForIdentity: ticket.value.asksForIdentity }) : ticket;
    },
    discharge: async (bytes, identity) => {
      const ticket = readTicket(bytes, dischargeKeys, tokenCrypto);
      if (!ticket.ok) return ticket;
      const lifetime = { location: dischargeLocation, lifetimeSeconds: dischargeSeconds, now: now() };
      const issued = issueDischarge(ticket.value, { identity, ...lifetime });
      return issued.ok ? issued : refuse({ tag: 'denied', sentence: issued.reason });
    },

    tasks: [
      { name: 'authority.reseal-keys', everySeconds: RESEAL_SECONDS, run: () => keys.resealAll() },
      {
        name: 'authority.prune-revocations',
        everySeconds: PRUNE_SECONDS,
        run: async () => void (await store.pruneRevocations(new Date(now().getTime() - PRUNE_AFTER_MS))),
      },
      {
        name: 'authority.prune-tokens',
        everySeconds: PRUNE_SECONDS,
        run: async () => {
          const doubtful = now().getTime() - PRUNE_AFTER_MS;
          await store.pruneTokens(new Date(doubtful));
          await store.pruneKeys(new Date(doubtful - MAX_LIFETIME_SECONDS * 1000));
        },
      },
    ],
  };
}

function askerRevoked(asker: Asker | undefined): HangarError {
  return new HangarError('token_revoked', { public: `Token ${asker?.id} was revoked.` });
}

/** A holder may narrow a copy to any time at all; a feed entry is never needed before or after these. */
function endingWithin(target: RevocationTarget, from: Date, to: Date): RevocationTarget {
  if (!('branches' in target)) return target;
  const branches = target.branches.map(({ expiresAt = to, ...branch }) => ({
    ...branch,
    expiresAt: expiresAt < from ? from : expiresAt > to ? to : expiresAt,
  }));
  return { branches };
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
