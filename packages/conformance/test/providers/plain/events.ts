import type { IncomingMessage } from 'node:http';
import type { Has } from './faults.ts';
import { provision, type Reply, type Shop } from './resources.ts';
import { holds, type Members, type SignedOptions } from './signed.ts';

const REQUIRED = ['ce-id', 'ce-type', 'ce-source', 'ce-specversion'];
const KNOWN = /^io\.fly\.machine\.(?:starting|started|stopped)$/;
const DAY_MS = 86_400_000;

const seen = new Set<string>();
const bad: Reply = { status: 400, body: { error: 'this is no event', code: 'bad_request' } };

/** Takes a machine event: a hint, of which nothing follows here. */
export async function readEvent(
  request: IncomingMessage,
  body: Buffer,
  { signed, shop, has }: { signed: SignedOptions; shop: Shop; has: Has },
): Promise<Reply> {
  if (has('events are not known')) return { status: 404, body: { error: 'not here' } };
  const held = holds(request, body, { method: 'POST', query: '', body }, signed);
  if (held !== true && !has('events need no signature'))
    return { status: 401, body: { error: 'invalid signature', code: 'unauthorized' } };
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('application/cloudevents-batch'))
    return has('batches are accepted') ? { status: 204 } : { status: 415, body: { error: 'no batches' } };
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return has('an event without JSON is a failure') ? { status: 500, body: { error: 'broken' } } : bad;
  }
  if (has('an event is a creation')) await provision(json as Members, shop, has);
  if (type.startsWith('application/cloudevents'))
    return has('structured events are refused') ? bad : { status: 204 };
  const attribute = (name: string): string => String(request.headers[name] ?? '');
  if (!has('events need no attributes') && REQUIRED.some((name) => attribute(name) === '')) return bad;
  if (attribute('ce-specversion') !== '1.0' && !has('events need no attributes')) return bad;
  if (request.headers['ce-datacontenttype'] !== undefined) return bad;
  const source = attribute('ce-source');
  if (source.startsWith('"') && has('quotes are refused')) return bad;
  try {
    decodeURIComponent(source.replace(/^"(.*)"$/, '$1'));
  } catch {
    return bad;
  }
  if (has('unknown events are refused') && !KNOWN.test(attribute('ce-type'))) return bad;
  if (has('old events are refused') && Date.now() - new Date(attribute('ce-time')).getTime() > DAY_MS)
    return bad;
  const key = `${source} ${attribute('ce-id')}`;
  if (has('an event again is a conflict') && seen.has(key)) return { status: 409, body: { error: 'known' } };
  seen.add(key);
  return { status: 204 };
}
