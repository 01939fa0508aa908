import { BlockList, isIP } from 'node:net';
import { objection, type PrivateCaveat } from '@hangar/macaroon';
import { z } from 'zod';
import { bodyFrom } from './json-body.ts';
import { factsOf } from './facts.ts';
import { HANGAR_CAVEAT_NUMBERS } from './numbers.ts';

/** Usable only from these networks. */
export interface Source {
  /** At least one; IPv4 or IPv6, each with its prefix length. */
  readonly cidrs: readonly string[];
}

const MAX_CIDRS = 64;

const json = z.strictObject({
  cidrs: z
    .array(z.string().refine((text) => parseCidr(text) !== undefined, 'not a network such as 203.0.113.0/24'))
    .min(1)
    .max(MAX_CIDRS),
});

/** The caveat `Source {cidrs}`. */
export const sourceCaveat: PrivateCaveat<Source> = {
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
  fromJson: (body) => bodyFrom(json, body),
};

function parseCidr(text: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [, address = '', length = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  const prefix = Number(length);
  if (version === 0 || prefix > (version === 4 ? 32 : 128)) return undefined;
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

function contains(cidr: string, remoteAddress: string): boolean {
  const network = parseCidr(cidr);
  if (!network) return false;
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress) ?? [];
  const address = mapped ?? remoteAddress;
  const version = isIP(address);
  if (version === 0 || (version === 4) !== (network.family === 'ipv4')) return false;
  const list = new BlockList();
  list.addSubnet(network.address, network.prefix, network.family);
  return list.check(address, network.family);
}
