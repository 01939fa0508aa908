import ipaddr from 'ipaddr.js';

/** Names that only mean something on a private network; Fly's own resolver answers the first two. */
const PRIVATE_ENDINGS: readonly string[] = [
  '.internal',
  '.flycast',
  '.local',
  '.localhost',
  '.localdomain',
  '.home.arpa',
];

/**
 * All of IPv6 that was ever given out as global unicast. ipaddr.js calls every unassigned range `unicast`
 * too.
 */
const globalUnicast = ipaddr.IPv6.parse('2000::');
const GLOBAL_UNICAST_BITS = 3;

/**
 * Whether an IP address, in text, is one that anybody on the internet could reach. IPv4 inside IPv6 is judged
 * as IPv4 where it is only another way of writing (`::ffff:…`), and refused where it is a tunnel (NAT64,
 * 6to4, Teredo). Private, loopback, link-local, carrier-grade NAT, multicast, documentation and reserved
 * ranges are refused.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(globalUnicast, GLOBAL_UNICAST_BITS);
}

/** Whether a host name could be public at all: it has a dot, and doesn't end in a private word. */
export function isPublicName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name.includes('.') && !PRIVATE_ENDINGS.some((ending) => name.endsWith(ending));
}
