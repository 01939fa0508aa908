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

/** A name or an IPv4 address, in small letters, with a port or without: what no reader takes for anything else. */
const PLAIN_HOST = /^[a-z0-9._-]+(?::(\d{1,5}))?$/;
const MOST_PORT = 65_535;

/** Whether the host is one that needs no second look. Without any, or with another, a request is the fetch door's. */
export function namesPlainHost({ headers: { host = '' } }: IncomingMessage): boolean {
  const found = PLAIN_HOST.exec(host);
  return found !== null && Number(found[1] ?? 0) <= MOST_PORT;
}
