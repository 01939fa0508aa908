import {
  decodeToken,
  effectiveExpiry,
  explainTokenReason,
  LOCATIONS,
  missingTickets,
  parseBundle,
  type Bundle,
  type HeaderReason,
  type Macaroon,
  type Result,
} from '@hangar/macaroon';

/** What a pasted text holds. Nothing of it was verified: that needs a key, which no page has. */
export interface Pasted {
  readonly bundle: Bundle;
  /** The tokens to explain and to narrow: those for Fly.io's API, which are ours as well. */
  readonly tokens: readonly [Macaroon, ...Macaroon[]];
  /** Whether `tokens` are permission tokens; a text may hold nothing but discharges. */
  readonly permits: boolean;
  /** Third parties whose discharge is still missing. Not empty is what other doors call `token_incomplete`. */
  readonly missing: readonly string[];
  /** When the first of its tokens ends; undefined when none ends. */
  readonly endsAt: Date | undefined;
}

/** Why a text could not be read, by the code that every door of Hangar uses for it. */
export interface PasteRefusal {
  readonly code: 'token_missing' | 'token_truncated' | 'token_malformed';
  readonly sentence: string;
}

/** Reads what a person pasted. Pure: no request, no storage, no clock. */
export function readPasted(text: string): Result<Pasted, PasteRefusal> {
  const bundle = parseBundle(tidy(text), LOCATIONS.permission);
  if (!bundle.ok) return { ok: false, reason: refusalOf(bundle.reason) };
  const { permission, discharges } = bundle.value;
  const [first, ...rest] = permission.length > 0 ? permission : discharges;
  if (first === undefined) return { ok: false, reason: refusalOf({ tag: 'no_macaroon' }) };
  const end = effectiveExpiry([...permission, ...discharges]);
  return {
    ok: true,
    value: {
      bundle: bundle.value,
      tokens: [first, ...rest],
      permits: permission.length > 0,
      missing: [...new Set(missingTickets(bundle.value).map(({ location }) => location))],
      endsAt: end === undefined ? undefined : dateOf(end),
    },
  };
}

/**
 * Takes away what comes along when a token is copied: line breaks of a terminal, quotes, `NAME=` of an environment
 * file. What is left is read as strictly as by any other door.
 */
function tidy(text: string): string {
  const joined = text.replaceAll(/[\r\n]+[ \t]*/g, '').trim();
  const value = joined.replace(/^(?:export\s+)?[A-Z][A-Z0-9_]*=/, '').trim();
  return value.replace(/^(["'`])(.*?)\1?$/s, '$2').trim();
}

function refusalOf(reason: HeaderReason): PasteRefusal {
  switch (reason.tag) {
    case 'empty':
      return { code: 'token_missing', sentence: explainTokenReason({ tag: 'empty' }) };
    case 'truncated':
      return { code: 'token_truncated', sentence: explainTokenReason({ tag: 'truncated' }) };
    case 'malformed':
      return {
        code: 'token_malformed',
        sentence: explainTokenReason({ tag: 'malformed', detail: reason.detail }),
      };
    case 'too_large':
      return { code: 'token_malformed', sentence: explainTokenReason({ tag: 'too_large' }) };
    case 'no_macaroon':
      return { code: 'token_malformed', sentence: explainTokenReason({ tag: 'not_a_macaroon' }) };
  }
}

/** A moment in Unix seconds; undefined beyond what dates can hold. */
export function dateOf(seconds: number): Date | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Reads a token that this page made itself. Throws when it did not. */
export function reread(text: string): Pasted {
  const read = readPasted(text);
  if (!read.ok) throw new Error(`the page made a text it cannot read: ${read.reason.code}`);
  return read.value;
}

/** The kind of a text that is no macaroon but a credential all the same. */
export function isOAuthToken(text: string): boolean {
  const decoded = decodeToken(tidy(text));
  return !decoded.ok && decoded.reason.tag === 'not_a_macaroon' && /^(?:bearer\s+)?fo1_/i.test(tidy(text));
}
