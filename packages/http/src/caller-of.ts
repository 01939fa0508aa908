/** Whom to count a request for: an IPv4 address, or the /64 of an IPv6 address, which one caller owns whole. */
export function callerOf(remoteAddress: string | undefined): string {
  if (remoteAddress === undefined) return 'unknown';
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress) ?? [];
  if (mapped !== undefined) return mapped;
  if (!remoteAddress.includes(':')) return remoteAddress;
  const [head = '', tail] = remoteAddress.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? 0 : tail.split(':').length;
    while (groups.length < 8 - behind) groups.push('0');
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
