import type { HangarFacts } from '@hangar/contract';
import ipaddr from 'ipaddr.js';
import { objection, type PrivateCaveat } from '@hangar/macaroon';
import { factsOf } from './facts.ts';
import { HANGAR_CAVEAT_NUMBERS } from './numbers.ts';

/** Usable only from these networks. */
export interface Source {
  /** At least one; IPv4 or IPv6, each with its prefix length. */
  readonly cidrs: readonly string[];
}

export const MAX_CIDRS = 64;

/** The caveat `Source {cidrs}`. */
export const sourceCaveat: PrivateCaveat<Source, HangarFacts> = {
  number: HANGAR_CAVEAT_NUMBERS.Source,
  name: 'Source',
  write: (writer, { cidrs }) => {
    writer.array(1).array(cidrs.length);
    for (const cidr of cidrs) writer.text(cidr);
  },
  read: (reader) => {
    reader.struct(1);
    const cidrs: string[] = [];
    for (let left = reader.array(MAX_CIDRS); left > 0; left -= 1) cidrs.push(reader.text());
    return { cidrs };
  },
  clear: ({ cidrs }, subject) => {
    const { remoteAddress } = factsOf(subject);
    if (remoteAddress === undefined) {
      return objection(
        'invalid_access',
        'The token works only from certain networks, and the origin is not known.',
      );
    }
    if (cidrs.some((cidr) => contains(cidr, remoteAddress))) return undefined;
    return objection('private', `The token works only from ${cidrs.join(', ')}, not from ${remoteAddress}.`);
  },
  explain: ({ cidrs }) => `Works only from ${cidrs.join(', ')}.`,
  toJson: ({ cidrs }) => ({ cidrs }),
};

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Whether a text is a network such as `203.0.113.0/24` or `2001:db8::/32`. */
export function isCidr(text: string): boolean {
  return parseCidr(text) !== undefined;
}

function parseCidr(text: string): readonly [network: Address, bits: number] | undefined {
  const [, network = '', length = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(network);
  const bits = Number(length);
  if (address === undefined || bits > (address.kind() === 'ipv4' ? 32 : 128)) return undefined;
  return [address, bits];
}

/**
 * Four decimal numbers or groups of hex digits. The library alone would also read `0x7f.1` and numbers with leading zeros, and
 * takes the form `::192.0.2.1`, which is out of use, for an address of IPv4.
 */
function parseAddress(text: string): Address | undefined {
  const dotted = /[^:]*$/.exec(text)?.[0] ?? '';
  if (/^::\d+\./.test(text)) return undefined;
  if (dotted.includes('.') && !ipaddr.IPv4.isValidFourPartDecimal(dotted)) return undefined;
  return ipaddr.isValid(text) && /[.:]/.test(text) ? ipaddr.parse(text) : undefined;
}

function contains(cidr: string, remoteAddress: string): boolean {
  const network = parseCidr(cidr);
  const given = parseAddress(remoteAddress);
  if (network === undefined || given === undefined) return false;
  const address = given instanceof ipaddr.IPv6 && given.isIPv4MappedAddress() ? given.toIPv4Address() : given;
  return address.kind() === network[0].kind() && address.match([...network]);
}
