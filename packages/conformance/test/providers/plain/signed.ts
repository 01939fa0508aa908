import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Has } from './faults.ts';

export type Members = Record<string, unknown>;

export type Judged =
  | { readonly ok: true; readonly members: Members }
  | { readonly ok: false; readonly status: number; readonly why: string };

export interface SignedOptions {
  readonly secrets: readonly string[];
  readonly baseUrl: string;
  readonly has: Has;
  /** Nonces that were used, for whichever method. */
  readonly nonces: Set<string>;
}

const no = (status: number, why: string): Judged => ({ ok: false, status, why });
const MAX_DEPTH = 64;

/** Judges a request of Fly.io's: bytes, then signature, then what they say. */
export function judge(request: IncomingMessage, path: string, body: Buffer, options: SignedOptions): Judged {
  const { has } = options;
  const method = request.method ?? '';
  const query = (request.url ?? '').split('?').slice(1).join('?');
  const inBody = method === 'POST' || method === 'PATCH';
  if (has('text/plain is a failure') && request.headers['content-type'] === 'text/plain')
    return no(500, 'type');
  if (request.headers['content-encoding'] !== undefined) return no(415, 'encoding');
  const free =
    has('no signature is needed') ||
    (has('a PATCH needs no signature') && method === 'PATCH') ||
    (has('charges are open') && path === '/billing/charges') ||
    (has('a DELETE needs no signature') && method === 'DELETE');
  const signed =
    free || holds(request, inBody ? body : Buffer.from(query, 'latin1'), { method, query, body }, options);
  if (signed === 'failure') return no(500, 'timingSafeEqual');
  if (!signed) return no(401, 'signature');
  const members = inBody ? bodyMembers(body, has) : queryMembers(query, has);
  if (!members.ok) return members;
  return envelope(request, path, members.members, inBody, options);
}

/** Whether one of the secrets signed the bytes. */
export function holds(
  request: IncomingMessage,
  bytes: Buffer,
  sent: { readonly method: string; readonly query: string; readonly body: Buffer },
  { secrets, has }: SignedOptions,
): boolean | 'failure' {
  const given = signatureOf(request, has);
  if (given === undefined) return false;
  if (has('any secret will do')) return /^[0-9a-f]{64}$/.test(given);
  if (has('a short signature is a failure') && given.length !== 64) return 'failure';
  const digest = /^[0-9a-f]{64}$/i.test(given)
    ? Buffer.from(given, 'hex')
    : has('base64 is accepted')
      ? Buffer.from(given, 'base64')
      : undefined;
  if (digest?.length !== 32) return false;
  if (has('upper-case hex is refused') && given !== given.toLowerCase()) return false;
  const tried = [
    ...(has('the second secret is not tried') ? secrets.slice(0, 1) : secrets),
    ...(has('an empty key is tried') ? [''] : []),
  ];
  return tried.some((secret) =>
    alternatives(bytes, sent, has).some((one) =>
      timingSafeEqual(createHmac('sha256', secret).update(one).digest(), digest),
    ),
  );
}

function signatureOf(request: IncomingMessage, has: Has): string | undefined {
  const values: string[] = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at]?.toLowerCase();
    if (name === 'x-signature' || (has('reads X-Fly-Signature') && name === 'x-fly-signature'))
      values.push(request.rawHeaders[at + 1] ?? '');
  }
  const [first, ...more] = values;
  if (first === undefined || (more.length > 0 && !has('the first of two signatures counts')))
    return undefined;
  return has('accepts sha256=') ? first.replace(/^sha256=/, '') : first;
}

/** What may have been signed: one thing when everything is right. */
function alternatives(
  bytes: Buffer,
  { method, query, body }: { readonly method: string; readonly query: string; readonly body: Buffer },
  has: Has,
): readonly (Buffer | string)[] {
  const inQuery = method === 'GET' || method === 'DELETE';
  const parameters = new URLSearchParams(query);
  if (has('hashes the parsed body') && !inQuery) return [reserialized(body)];
  if (has('hashes the body as Latin-1') && !inQuery) return [body.toString('latin1')];
  if (has('the decoded query is compared as well') && inQuery) return [bytes, decodeURIComponent(query)];
  if (has('parameters are sorted before hashing') && inQuery)
    return [bytes, query.split('&').toReversed().join('&')];
  if (has('parameters that are not known are not hashed') && inQuery)
    return [
      bytes,
      query
        .split('&')
        .filter((one) => /^(?:nonce|timestamp|url)=/.test(one))
        .join('&'),
    ];
  if (has('the query is written anew before hashing') && inQuery) return [parameters.toString()];
  if (has('a PATCH may sign its query') && method === 'PATCH') return [bytes, query];
  if (has('a DELETE may sign its body') && method === 'DELETE') return [bytes, body];
  return [bytes];
}

function reserialized(body: Buffer): string {
  try {
    return JSON.stringify(JSON.parse(body.toString('utf8')));
  } catch {
    return '';
  }
}

function bodyMembers(body: Buffer, has: Has): Judged {
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    if (!has('JSON of any depth is accepted') && tooDeep(text)) return no(400, 'depth');
    value = JSON.parse(text);
    if ((text.match(/"url"\s*:/g) ?? []).length > 1) return no(400, 'twice');
  } catch {
    return no(400, 'json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return has('a list as body is a failure') ? no(500, 'list') : no(400, 'object');
  return { ok: true, members: value as Members };
}

function tooDeep(text: string): boolean {
  let [depth, quoted] = [0, false];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (char === '}' || char === ']') depth -= 1;
  }
  return false;
}

function queryMembers(query: string, has: Has): Judged {
  const members: Members = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (Object.hasOwn(members, name)) {
      if (has('the first of two parameters counts')) continue;
      return no(401, 'twice');
    }
    members[name] = value;
  }
  return { ok: true, members };
}

function envelope(
  request: IncomingMessage,
  path: string,
  members: Members,
  inBody: boolean,
  options: SignedOptions,
): Judged {
  const { has, baseUrl } = options;
  const { timestamp, nonce, url } = members;
  if (has('an empty query needs no time') && Object.keys(members).length === 0) return { ok: true, members };
  const text = typeof timestamp === 'number' ? String(timestamp) : timestamp;
  if (has('a timestamp must be a number') && inBody && typeof timestamp !== 'number')
    return no(401, 'timestamp');
  if (typeof text !== 'string' || !/^\d{1,13}$/.test(text)) return no(401, 'timestamp');
  const seconds = has('milliseconds are accepted') && text.length === 13 ? Number(text) / 1000 : Number(text);
  const age = Date.now() / 1000 - seconds;
  const window = has('the window is half a minute') ? 30 : 300;
  if (age > window && !has('old timestamps are accepted')) return no(401, 'old');
  if (-age > window && !has('timestamps ahead are accepted')) return no(401, 'ahead');
  if (!urlHolds(request, path, url, inBody, { has, baseUrl })) return no(401, 'url');
  if (has('the nonce may be absent') && (nonce === undefined || nonce === '')) return { ok: true, members };
  if (typeof nonce !== 'string' || !/^[\x21-\x7e]{8,200}$/.test(nonce)) return no(401, 'nonce');
  const key = has('nonces are remembered for each method') ? `${request.method} ${nonce}` : nonce;
  if (
    options.nonces.has(key) &&
    !has('nonces are not remembered') &&
    !has('a repetition is a second resource')
  )
    return no(401, 'nonce');
  if (has('nonces are written after the work')) setTimeout(() => options.nonces.add(key), 50);
  else options.nonces.add(key);
  return { ok: true, members };
}

function urlHolds(
  request: IncomingMessage,
  path: string,
  url: unknown,
  inBody: boolean,
  { has, baseUrl }: Pick<SignedOptions, 'has' | 'baseUrl'>,
): boolean {
  if (url === undefined && has('the url may be absent')) return true;
  if (typeof url !== 'string') return false;
  if (has('the url is not compared')) return true;
  if (has('only the host of the url is compared'))
    return URL.canParse(url) && new URL(url).host === new URL(baseUrl).host;
  const { host } = request.headers;
  const forwarded = request.headers['x-forwarded-host'];
  const origin = has('the url is made from Host')
    ? `http://${host}`
    : has('the url is made from X-Forwarded-Host')
      ? `http://${typeof forwarded === 'string' ? forwarded : host}`
      : new URL(baseUrl).origin;
  const expected = origin + new URL(baseUrl).pathname + path;
  return (inBody ? url : url.split('?')[0]) === expected;
}
