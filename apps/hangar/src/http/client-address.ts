import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Where a request came from: the socket's peer, or what a proxy of ours says. */
export type ClientAddress = (incoming: IncomingMessage) => string | undefined;

/**
 * Believes `Fly-Client-IP` when, and only when, the peer of the socket is in one of the trusted networks
 * (docs/specs/promises.md#client-address). Anybody can send the header; only the proxy's address cannot be made up.
 * `X-Forwarded-For` is never looked at. Throws TypeError for a network that is none.
 */
export function clientAddress(trustedNetworks: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const network of trustedNetworks) {
    const parsed = parseNetwork(network);
    if (!parsed) throw new TypeError(`${network} is not a network`);
    trusted.addSubnet(parsed.address, parsed.prefix, parsed.family);
  }
  return ({ socket, headers }) => {
    const peer = plain(socket.remoteAddress);
    const told = headers['fly-client-ip'];
    if (peer === undefined || typeof told !== 'string' || isIP(told) === 0) return peer;
    return trusted.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4') ? plain(told) : peer;
  };
}

/** A network such as `fdaa::/16`, or undefined. */
export function parseNetwork(
  text: string,
): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [, address = '', length = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  const prefix = Number(length);
  if (version === 0 || prefix > (version === 4 ? 32 : 128)) return undefined;
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** IPv4 on a socket that listens on both reads `::ffff:203.0.113.7`; networks are written without that. */
function plain(address: string | undefined): string | undefined {
  if (address === undefined || !address.startsWith(':')) return address;
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
