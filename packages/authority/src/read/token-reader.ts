import type { TokenReason } from '@hangar/contract';
import {
  LIMITS,
  parseBundle,
  tokenId,
  type Bundle,
  type Macaroon,
  type TokenCrypto,
  type VerificationCache,
  type Verified,
} from '@hangar/macaroon';
import { ok, refuse, whenThere, type Result, type Soon } from '@hangar/http';
import { sha256Hex } from '@hangar/security';
import type { RevocationFeed, RevokedLink } from './feed.ts';
import type { HeaderMemory } from './header-memory.ts';
import type { DischargeOrigin } from '../issuer/judged.ts';
import type { VerifyingIssuer } from '../issuer/port.ts';
import { keyNumberOf } from '../issuer/key-id.ts';
import { isOver } from '../caveats/validity.ts';
import { headerReason, unknownKey } from '../token-reason.ts';
import type { AcceptedToken } from './accepted-token.ts';
import { answersOf, type Answers } from './answers.ts';
import { Sights } from './sights.ts';

/** A token whose signature chain is ours, whatever else it lacks. */
export interface RecognizedToken {
  readonly id: string;
  readonly workspace: bigint;
  readonly branch: string;
  readonly keyNumber: bigint;
  /** Digests of what it was narrowed from. */
  readonly above: readonly string[];
  readonly macaroon: Macaroon;
}

/** A discharge of our own service, and what it belongs to, as far as its ticket says. */
export type RecognizedDischarge = DischargeOrigin;

/** Why a token of ours will never work again. */
export type EndedReason = TokenReason | (Omit<TokenReason, 'code'> & { readonly code: 'token_expired' });

/** From the text of a header to the tokens in it that hold. */
export interface TokenReader {
  /** At least one token, or why there is none. Throws `unavailable` when revocations cannot be read. */
  read(authorization: string | null): Soon<Result<readonly [AcceptedToken, ...AcceptedToken[]], TokenReason>>;
  /** Every permission token of a header by itself. */
  readEach(
    authorization: string | null,
  ): Soon<Result<readonly Result<AcceptedToken, TokenReason>[], TokenReason>>;
  /** Whether we signed this: discharges, time and revocation are not asked. */
  recognize(macaroon: Macaroon): Promise<RecognizedToken | undefined>;
  /** Why a token of ours will never work again: revoked, or over. Throws `unavailable` when revocations cannot be read. */
  ended(token: RecognizedToken): Promise<EndedReason | undefined>;
  /** Whether our own discharge service signed this. */
  recognizeDischarge(macaroon: Macaroon): Promise<RecognizedDischarge | undefined>;
}

/** What reading tokens needs. */
export interface TokenReaderOptions {
  readonly location: string;
  readonly issuer: Pick<VerifyingIssuer, 'verify' | 'recognize' | 'recognizeDischarge'>;
  readonly feed: RevocationFeed;
  /** Genuine tokens seen before. Time, revocation and organization are asked outside it, every time. */
  readonly cache: VerificationCache;
  /** Header texts that were accepted as a whole. */
  readonly headers: Pick<HeaderMemory, 'remember'>;
  readonly tokenCrypto: TokenCrypto | undefined;
  readonly now: () => Date;
}

/** The verdict on every permission token of a header, under one domain of the feed. */
interface Judgements {
  readonly domain: Uint8Array;
  readonly each: readonly Result<Read, TokenReason>[];
}

/** A token that holds, and whether it is remembered: it came before. */
interface Read {
  readonly accepted: AcceptedToken;
  readonly isKnown: boolean;
}

/** What the issuer or memory says of a token. */
interface Genuine {
  readonly keyNumber: bigint;
  readonly workspace: bigint;
  readonly verified: Verified;
  readonly branch: string;
  readonly isKnown: boolean;
}

/** Key numbers whose workspace is remembered; a key never changes hands. */
const MAX_KNOWN_KEYS = 100_000;

/** Builds the reader that both the gateway's port and our own door use. It holds no key. */
export function createTokenReader(options: TokenReaderOptions): TokenReader {
  const { issuer, feed, cache, now } = options;
  const workspaces = new Map<bigint, bigint>();
  const sights = new Sights();

  /** What is known of a token already, or what the issuer says of it. */
  function judge(
    token: Macaroon,
    keyNumber: bigint,
    discharges: readonly Macaroon[],
  ): Soon<Result<Genuine, TokenReason>> {
    const domain = feed.domain;
    const known = workspaces.get(keyNumber);
    const recalled = known === undefined ? undefined : cache.recall(token, { domain, discharges });
    if (known !== undefined && recalled !== undefined) {
      const branch = sha256Hex(token.tail);
      return ok({ keyNumber, workspace: known, verified: recalled, branch, isKnown: true });
    }
    return whenThere(feed.keyMayExist(keyNumber), (mayExist) => {
      if (!mayExist) return refuse(unknownKey(tokenId(token)));
      return whenThere(issuer.verify({ token, discharges }), (outcome) => {
        if (!outcome.ok) return outcome;
        const { workspace, verified } = outcome.value;
        if (workspaces.size >= MAX_KNOWN_KEYS) workspaces.clear();
        workspaces.set(keyNumber, workspace);
        const branch = sha256Hex(token.tail);
        const isKnown = sights.isAgain(branch);
        if (isKnown) cache.remember(verified, { domain });
        return ok({ keyNumber, workspace, verified, branch, isKnown });
      });
    });
  }

  function judgeOne(token: Macaroon, answers: Answers): Soon<Result<Genuine, TokenReason>> {
    const keyNumber = keyNumberOf(token.nonce.keyId);
    if (keyNumber === undefined) return refuse(unknownKey(tokenId(token)));
    const { current, lateAt } = answers.to(token);
    return whenThere(judge(token, keyNumber, current), (outcome) => {
      if (outcome.ok) return outcome;
      const { code, location } = outcome.reason;
      const isLate = code === 'discharge_required' && location !== undefined && lateAt.has(location);
      return isLate ? refuse(dischargeOver(tokenId(token), location)) : outcome;
    });
  }

  /** What is known of revocations now, which may be long after the first of several tokens was found genuine. */
  function accept({ keyNumber, workspace, verified, branch, isKnown }: Genuine): Result<Read, TokenReason> {
    const id = tokenId(verified.token);
    if (!verified.caveats.some((caveat) => caveat.type === 'Organization')) return refuse(namesNobody(id));
    const revoked = feed.revoked({ key: keyNumber, workspace, tokenId: id, verified });
    if (revoked !== undefined) return refuse(tokenRevoked(id, revoked));
    return ok({ accepted: { id, workspace, keyNumber, branch, verified }, isKnown });
  }

  function judgeAll(authorization: string | null): Soon<Result<Judgements, TokenReason>> {
    const bundle = readHeader(authorization, options);
    if (!bundle.ok) return bundle;
    return whenThere(feed.ensureFresh(), () => {
      const { domain } = feed;
      const { permission, discharges } = bundle.value;
      const answers = answersOf(discharges, now());
      const each = allThere(permission.map((macaroon) => judgeOne(macaroon, answers)));
      return whenThere(each, (judged) =>
        ok({ domain, each: judged.map((one) => (one.ok ? accept(one.value) : one)) }),
      );
    });
  }

  return {
    readEach: (authorization) =>
      whenThere(judgeAll(authorization), (judged) => {
        if (!judged.ok) return judged;
        return ok(judged.value.each.map((one) => (one.ok ? ok(one.value.accepted) : one)));
      }),
    recognize: async (macaroon) => {
      const number = keyNumberOf(macaroon.nonce.keyId);
      if (number === undefined || !(await feed.keyMayExist(number))) return undefined;
      const recognized = await issuer.recognize(macaroon);
      if (recognized === undefined) return undefined;
      const { workspace, branches } = recognized;
      const branch = sha256Hex(macaroon.tail);
      const above = branches.filter((digest) => digest !== branch);
      return { id: tokenId(macaroon), workspace, branch, keyNumber: number, above, macaroon };
    },
    ended: async ({ id, workspace, keyNumber, branch, above, macaroon }) => {
      const waiting = feed.ensureFresh();
      if (waiting) await waiting;
      const verified = { branches: [...above, branch] };
      const revoked = feed.revoked({ key: keyNumber, workspace, tokenId: id, verified });
      if (revoked !== undefined) return tokenRevoked(id, revoked);
      const sentence = `Token ${id} has expired.`;
      return isOver(macaroon.caveats, now()) ? { code: 'token_expired', tokenId: id, sentence } : undefined;
    },
    recognizeDischarge: (macaroon) => issuer.recognizeDischarge(macaroon),
    read: (authorization) =>
      whenThere(judgeAll(authorization), (judged) => {
        if (!judged.ok) return judged;
        const { domain, each } = judged.value;
        const [first, ...rest] = each.flatMap((outcome) => (outcome.ok ? [outcome.value.accepted] : []));
        if (first) {
          const accepted = [first, ...rest] as const;
          // Beside a refused token the header is judged anew each time: nothing is kept of what was refused.
          if (each.every((outcome) => outcome.ok && outcome.value.isKnown))
            options.headers.remember(authorization ?? '', accepted, domain);
          return ok(accepted);
        }
        const refused = each.find((outcome) => !outcome.ok);
        return refuse(refused && !refused.ok ? refused.reason : headerReason({ tag: 'empty' }));
      }),
  };
}

function readHeader(
  authorization: string | null,
  { location, tokenCrypto }: Pick<TokenReaderOptions, 'location' | 'tokenCrypto'>,
): Result<Bundle, TokenReason> {
  const bundle = parseBundle(authorization ?? '', location, LIMITS, tokenCrypto);
  if (!bundle.ok) return refuse(headerReason(bundle.reason));
  const [foreign] = bundle.value.discharges;
  if (bundle.value.permission.length > 0 || !foreign) return bundle;
  return refuse({
    code: 'token_wrong_location',
    sentence: `No token in the header is for ${location}.`,
    tokenId: tokenId(foreign),
    location: foreign.location,
  });
}

function allThere<T>(values: readonly Soon<T>[]): Soon<readonly T[]> {
  const isThere = (value: Soon<T>): value is T => !(value instanceof Promise);
  return values.every(isThere) ? values : Promise.all(values);
}

function namesNobody(id: string): TokenReason {
  // Without an organization a token would allow everything everywhere (docs/specs/token-format.md#clearing).
  return {
    code: 'token_malformed',
    tokenId: id,
    sentence: `Token ${id} names no organization, so it is not honoured.`,
  };
}

function dischargeOver(id: string, location: string): TokenReason {
  return {
    code: 'discharge_expired',
    tokenId: id,
    location,
    sentence: `The discharge from ${location} for token ${id} has expired.`,
  };
}

function tokenRevoked(id: string, link: RevokedLink): TokenReason {
  const what = {
    token: `Token ${id} was revoked.`,
    part: `One of the texts that token ${id} was minted as was revoked: this one, or the one it was narrowed from.`,
    branch: `This narrowed copy of token ${id}, or the one it was narrowed from, was revoked.`,
    key: `The key that signed token ${id} was revoked.`,
  };
  return { code: 'token_revoked', tokenId: id, sentence: what[link] };
}
