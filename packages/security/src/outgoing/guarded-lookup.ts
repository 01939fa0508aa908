import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { isPublicAddress } from './address-policy.ts';
import { OutgoingError } from './outgoing-error.ts';

type Answer = (error: Error | null, addresses: LookupAddress[]) => void;
type Lookup = (
  host: string,
  options: LookupOptions,
  callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
) => void;

/** How names are resolved; replaced in tests by a table. */
export type Resolver = (host: string, answer: Answer) => void;

/** The resolver of the operating system, all records, in its order. */
export const systemResolver: Resolver = (host, answer) => {
  resolve(host, { all: true, verbatim: true }, (error, addresses) => answer(error, addresses));
};

/**
 * A `lookup` for sockets that refuses a name when any of its records is not public. The socket connects to
 * the very address that was checked, so a second answer of the name server (rebinding) changes nothing. Only
 * names come here; addresses written in the URL are checked before.
 */
export function createGuardedLookup(resolver: Resolver): Lookup {
  return (host, options, callback) => {
    resolver(host, (error, addresses) => {
      if (error) return callback(error, []);
      const bad = addresses.find((entry) => isIP(entry.address) === 0 || !isPublicAddress(entry.address));
      const [first] = addresses;
      if (bad ?? !first) {
        const detail = bad
          ? `${host} resolves to ${bad.address}, which is not public`
          : `${host} has no address`;
        return callback(new OutgoingError('blocked_address', { detail }), []);
      }
      if (options.all) return callback(null, addresses);
      return callback(null, first?.address ?? '', first?.family);
    });
  };
}
