import {
  caveatsToDebugJson,
  effectiveExpiry,
  explainCaveat,
  explainTokenReason,
  decodeToken,
  encodeToken,
  missingTickets,
  stripScheme,
  tokenId,
  type Macaroon,
} from '@hangar/macaroon';
import { sha256Hex } from '@hangar/security';
import { hangarCaveats } from './caveats/registry.ts';

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

const registry = hangarCaveats();

/**
 * Reads tokens without verifying anything: what they say, not whether it is true. Never throws; a piece
 * that cannot be read says why. `permissionLocation` tells permission tokens from discharges.
 */
export function inspectTokens(text: string, permissionLocation: string): Inspection {
  const permission: Macaroon[] = [];
  const discharges: Macaroon[] = [];
  const tokens = stripScheme(text)
    .split(',')
    .map((piece, position): InspectedToken => {
      const decoded = decodeToken(piece.trim());
      if (!decoded.ok) return { kind: 'unreadable', position, sentence: explainTokenReason(decoded.reason) };
      const macaroon = decoded.value;
      const kind = macaroon.location === permissionLocation ? 'permission' : 'discharge';
      (kind === 'permission' ? permission : discharges).push(macaroon);
      return {
        kind,
        id: tokenId(macaroon),
        endsWith: tokenEnding(macaroon),
        location: macaroon.location,
        branch: sha256Hex(macaroon.tail),
        caveats: caveatsToDebugJson(macaroon.caveats, registry),
        sentences: macaroon.caveats.map((caveat) => explainCaveat(caveat, registry)),
        expiresAt: endOf([macaroon]),
      };
    });
  const wanted = missingTickets({ permission, discharges }).map((ticket) => ticket.location);
  return {
    tokens,
    effectiveExpiry: endOf([...permission, ...discharges]),
    missingDischarges: [...new Set(wanted)],
  };
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
