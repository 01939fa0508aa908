import { objection, type Caveat, type PrivateCaveat } from '@hangar/macaroon';
import { HANGAR_CAVEAT_NUMBERS } from './numbers.ts';

/**
 * What a ticket of ours was made for: a token by its id, or a copy by the digest it had right before the ticket was added.
 * Tickets are sealed, so only we read it: it leads from a discharge that was found back to what it belongs to.
 */
export type LoginOf = { readonly token: string } | { readonly branch: string };

const TOKEN = 1;
const BRANCH = 2;
const UUID_BYTES = 16;
const DIGEST_BYTES = 32;

/** The caveat `LoginOf`. It stands in tickets only; in a token it is unknown and never clears. */
export const loginOfCaveat: PrivateCaveat<LoginOf> = {
  number: HANGAR_CAVEAT_NUMBERS.LoginOf,
  name: 'LoginOf',
  write: (writer, of) => {
    const [kind, hex] = 'token' in of ? [TOKEN, of.token.replaceAll('-', '')] : [BRANCH, of.branch];
    writer.array(2).unsigned(kind).bin(Buffer.from(hex, 'hex'));
  },
  read: (reader) => {
    reader.struct(2);
    const kind = reader.unsigned(BRANCH);
    const bytes = reader.bin();
    const hex = Buffer.from(bytes).toString('hex');
    if (kind === TOKEN && bytes.length === UUID_BYTES) {
      return { token: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') };
    }
    if (kind === BRANCH && bytes.length === DIGEST_BYTES) return { branch: hex };
    return reader.malformed('neither a token nor a copy');
  },
  clear: () => objection('bad_caveat', 'What a sign-in is for stands in a ticket, and nowhere else.'),
  explain: (of) => ('token' in of ? `Signs in for token ${of.token}.` : `Signs in for copy ${of.branch}.`),
};

/** Whether this is the caveat `LoginOf`. */
export function isLoginOf(caveat: Caveat): boolean {
  return caveat.type === 'Unknown' && caveat.number === HANGAR_CAVEAT_NUMBERS.LoginOf;
}
