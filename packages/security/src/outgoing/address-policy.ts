import ipaddr from 'ipaddr.js';

/**
 * Networks that ipaddr.js calls unicast, or whose meaning changed after it was written, and that no request of
 * ours may reach (security notes of the project, "outgoing HTTP in one place"). Everything that is not global
 * unicast is refused anyway: private, loopback, link-local, carrier-grade NAT, multicast, reserved.
 */
const refusedNetworks: readonly (readonly [string, number])[] = [
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['240.0.0.0', 4],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
];
const refused = refusedNetworks.map(([address, bits]) => [ipaddr.parse(address), bits] as const);

/** Names that only mean something on a private network; Fly's own resolver answers the first two. */
const privateEndings: readonly string[] = [
  '.internal',
  '.flycast',
  '.local',
  '.localhost',
  '.localdomain',
  '.home.arpa',
];

/** Whether an IP address, in text, is one that anybody on the internet could reach. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast') return false;
  return !refused.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network as never, bits as never),
  );
}

/** Whether a host name could be public at all: it has a dot, and doesn't end in a private word. */
export function isPublicName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name.includes('.') && !privateEndings.some((ending) => name.endsWith(ending));
}
