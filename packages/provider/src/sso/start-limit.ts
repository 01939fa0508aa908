import { isIPv6 } from 'node:net';
import type { Clock } from '@hangar/http';

/** A whole office behind one address signs in less often; a flood is a thousand. */
const STARTS = 120;
const WINDOW_MS = 60_000;

/** Counts sign-ins that one visitor begins: each writes a row before anybody is known. */
export interface StartLimit {
  /** Seconds to wait, or undefined when one more may begin. */
  exceeded(remoteAddress: string | undefined): number | undefined;
}

/**
 * One window a minute for everybody, kept in this process: enough against a flood, and nothing to clean up. IPv6
 * visitors own a /64, so that is what is counted. Without an address nothing is.
 */
export function createStartLimit(now: Clock): StartLimit {
  let windowEnds = 0;
  const counts = new Map<string, number>();
  return {
    exceeded(remoteAddress) {
      if (remoteAddress === undefined) return undefined;
      const at = now().getTime();
      if (at >= windowEnds) {
        counts.clear();
        windowEnds = at + WINDOW_MS;
      }
      const visitor = visitorOf(remoteAddress);
      const count = (counts.get(visitor) ?? 0) + 1;
      counts.set(visitor, count);
      return count > STARTS ? Math.ceil((windowEnds - at) / 1_000) : undefined;
    },
  };
}

function visitorOf(address: string): string {
  if (!isIPv6(address) || /^::ffff:/i.test(address)) return address;
  // The canonical text; the first four groups are the network, also where `::` stands for some of them.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
