import { headerReason } from '@hangar/authority';
import {
  encodeToken,
  type HeaderReason,
  type Macaroon,
  missingTickets,
  parseBundle,
  stripScheme,
  type TicketAt,
  trimBlanks,
} from '@hangar/macaroon';
import { ok, refuse, type Result } from '@hangar/http';
import { oauthTokens } from '../../house/fly-third-parties.ts';

/** The tokens that a command was given, by what they are. */
export interface HeldTokens {
  readonly permission: readonly Macaroon[];
  readonly discharges: readonly Macaroon[];
  /** Whatever is no macaroon: OAuth tokens, `fo1_…`. A login; it never leaves for a gateway. */
  readonly others: readonly string[];
  /** The macaroons alone, as text. */
  readonly macaroons: string;
  /** Tickets without a discharge. */
  readonly missing: readonly TicketAt[];
}

/** Why a text cannot be used: the code of a refusal, and a sentence that repeats no part of it. */
export interface HeldReason {
  readonly code: string;
  readonly sentence: string;
}

/**
 * Reads a text of tokens: the one way for flag, environment and standard input. A text that ends too early is
 * `token_truncated` whatever the command, before anybody is asked anything (docs/specs/promises.md#truncated-tokens).
 */
export function parseHeld(text: string, permissionLocation: string): Result<HeldTokens, HeldReason> {
  const pieces = stripScheme(text).split(',').map(trimBlanks);
  const last = pieces.at(-1) ?? '';
  if (last !== '' && 'fo1_'.startsWith(last)) {
    return refuse(reasonOf({ tag: 'truncated', position: pieces.length - 1 }));
  }
  const bundle = parseBundle(text, permissionLocation);
  if (!bundle.ok) {
    const login = bundle.reason.tag === 'no_macaroon' && oauthTokens(pieces).length > 0;
    return refuse(login ? onlyLogin : reasonOf(bundle.reason));
  }
  const { permission, discharges, other } = bundle.value;
  return ok({
    permission,
    discharges,
    others: other,
    // The permission token last: whoever finds the end of it in a log has found what can be revoked.
    macaroons: [...discharges, ...permission].map(encodeToken).join(','),
    missing: missingTickets({ permission, discharges }),
  });
}

/**
 * Why the tokens cannot be used as they are, although each is whole: every permission token waits for a discharge that is
 * not in the text. It may have been cut off between two tokens, or never been obtained.
 */
export function incompleteness(held: HeldTokens): HeldReason | undefined {
  const { permission, discharges } = held;
  const lacking = permission.map((token) => missingTickets({ permission: [token], discharges }));
  if (lacking.length === 0 || lacking.some((tickets) => tickets.length === 0)) return undefined;
  const locations = [...new Set(lacking.flat().map((ticket) => ticket.location))].join(' and ');
  return {
    code: 'token_incomplete',
    sentence: `The token needs a discharge from ${locations}, and none is with it. Was the text cut off after a comma? Otherwise: hangar token refresh.`,
  };
}

/** The words of the doors, which speak of a header; here it is a text. */
export function reasonOf(reason: HeaderReason): HeldReason {
  const { code, sentence } = headerReason(reason);
  return {
    code,
    sentence: sentence.replace('The Authorization header', 'The text').replace(' of the header', ''),
  };
}

const onlyLogin: HeldReason = {
  code: 'token_malformed',
  sentence:
    'The text holds only an OAuth token (fo1_…): a login at Fly.io, which cannot be narrowed or explained. Tokens are fm2_….',
};
