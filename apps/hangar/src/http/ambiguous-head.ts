import type { IncomingMessage } from 'node:http';
import { HangarError } from '@hangar/http';

const SINGLE = new Set([
  'host',
  'authorization',
  'x-signature',
  'content-length',
  'content-type',
  'idempotency-key',
  'fly-client-ip',
]);

/** Node keeps the first of two `Host` or `Authorization` headers; a proxy before us may have judged the other. */
export function refuseAmbiguousHead(incoming: IncomingMessage): void {
  const name = doubled(incoming);
  if (name === undefined) return;
  throw new HangarError('bad_request', { public: `the header ${name} was sent more than once` });
}

/** A header that was sent more than once and has only one meaning. */
export function doubled({ rawHeaders }: IncomingMessage): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    if (!SINGLE.has(name) && !name.startsWith('ce-')) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}
