import {
  caveatsToDebugJson,
  effectiveExpiry,
  explainCaveat,
  explainCaveats,
  explainTokenReason,
  encodeToken,
  missingTickets,
  openBundle,
  tailDigest,
  tokenId,
  type BundleToken,
  type HeaderReason,
  type Macaroon,
  type TokenTextReason,
} from '@hangar/macaroon';
import { ok, refuse, type Result } from '@hangar/http';
import { READABLE_CAVEATS } from './readable.ts';

/** One token of a text, as far as it can be read without any key. */
export type InspectedToken =
  | {
      readonly kind: 'permission' | 'discharge';
      /** The nonce UUID. */
      readonly id: string;
      /** The last characters of its text, as lists of tokens show them. */
      readonly endsWith: string;
      readonly location: string;
      /** Hex SHA-256 of the tail: what revoking this very branch needs. */
      readonly branch: string;
      /** JSON text, exact; unknown caveats with their bytes in hex. */
      readonly caveats: string;
      readonly sentences: readonly string[];
      readonly expiresAt: Date | undefined;
    }
  | { readonly kind: 'unreadable'; readonly position: number; readonly sentence: string };

/** What a text of tokens holds. */
export interface Inspection {
  readonly tokens: readonly InspectedToken[];
  /** The earliest end over permission tokens and discharges: when the bundle stops working. */
  readonly effectiveExpiry: Date | undefined;
  /** Where discharges are still to be had. */
  readonly missingDischarges: readonly string[];
}

/**
 * What may be said about a text: a caveat of three bytes takes a sentence of sixty, so a text made for it would be
 * answered with thirty times its length. One token of the most caveats fits into the first; bundles of real tokens
 * take a half of the second.
 */
const ANSWER_LENGTH = 32_768;
const ANSWER_PER_CHARACTER = 8;

/**
 * Reads tokens without verifying anything: what they say, not whether it is true. A piece that cannot be read says why.
 * `permissionLocation` tells permission tokens from discharges. Refused is what holds more than any header may, and
 * what there would be too much to say about.
 *
 * @example
 * const inspection = inspectTokens('FlyV1 fm2_…', LOCATIONS.permission);
 * if (inspection.ok) log(inspection.value.effectiveExpiry, inspection.value.tokens);
 */
export function inspectTokens(text: string, permissionLocation: string): Result<Inspection, HeaderReason> {
  const opened = openBundle(text, permissionLocation, { filter: () => true });
  if (!opened.ok) return opened;
  const { bundle, problems } = opened.value;
  if (bundle.tokens.length === 0) return refuse({ tag: 'empty' });
  const { permission, discharges } = bundle;
  const reasons = new Map(problems.map(({ position, reason }) => [position, reason]));
  let left = ANSWER_LENGTH + ANSWER_PER_CHARACTER * text.length;
  const tokens: InspectedToken[] = [];
  for (const [position, token] of bundle.tokens.entries()) {
    const inspected =
      'macaroon' in token
        ? inspectedMacaroon(token.kind, token.macaroon)
        : unreadable(position, reasons.get(position) ?? reasonOf(token));
    left -= lengthOf(inspected);
    if (left < 0) return refuse({ tag: 'too_large' });
    tokens.push(inspected);
  }
  const wanted = missingTickets({ permission, discharges }).map((ticket) => ticket.location);
  return ok({
    tokens,
    effectiveExpiry: endOf([...permission, ...discharges]),
    missingDischarges: [...new Set(wanted)],
  });
}

function inspectedMacaroon(kind: 'permission' | 'discharge', macaroon: Macaroon): InspectedToken {
  return {
    kind,
    id: tokenId(macaroon),
    endsWith: tokenEnding(macaroon),
    location: macaroon.location,
    branch: tailDigest(macaroon),
    caveats: caveatsToDebugJson(macaroon.caveats, READABLE_CAVEATS),
    // Of a discharge alone nobody expects that it names an organization.
    sentences:
      kind === 'permission'
        ? explainCaveats(macaroon.caveats, READABLE_CAVEATS)
        : macaroon.caveats.map((caveat) => explainCaveat(caveat, READABLE_CAVEATS)),
    expiresAt: endOf([macaroon]),
  };
}

function unreadable(position: number, reason: TokenTextReason): InspectedToken {
  return { kind: 'unreadable', position, sentence: explainTokenReason(reason) };
}

function reasonOf(token: Exclude<BundleToken, { macaroon: Macaroon }>): TokenTextReason {
  if (token.kind === 'malformed') return token.reason;
  return { tag: token.text === '' ? 'empty' : 'not_a_macaroon' };
}

function lengthOf(token: InspectedToken): number {
  if (token.kind === 'unreadable') return token.sentence.length;
  const sentences = token.sentences.reduce((sum, sentence) => sum + sentence.length, 0);
  return token.location.length + token.caveats.length + sentences;
}

/** Enough of a token's text to tell two tokens apart by eye, and too little to be of use to anybody. */
const ENDING_LENGTH = 4;

/** The last characters of a token's text. Padding is left out, because it tells nothing. */
export function tokenEnding(macaroon: Macaroon): string {
  return encodeToken(macaroon).replaceAll('=', '').slice(-ENDING_LENGTH);
}

function endOf(macaroons: readonly Macaroon[]): Date | undefined {
  const end = effectiveExpiry(macaroons);
  if (end === undefined) return undefined;
  const date = new Date(end * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
