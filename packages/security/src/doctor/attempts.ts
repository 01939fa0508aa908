import type { DoctorOptions, RefusedRequest } from './diagnose.ts';

/** Something that may have been used, and what is wrong with it; nothing is when `says` is undefined. */
export interface Named<T> {
  readonly says: string | undefined;
  readonly value: T;
}

/** Secrets that may have signed, those in force first. */
export function keysOf({ secrets, others = [] }: DoctorOptions): readonly Named<Uint8Array>[] {
  const held = secrets.filter((secret) => !secret.empty);
  const variants = held.flatMap((secret): Named<Uint8Array>[] => {
    const text = secret.reveal();
    return [
      { says: 'A line end was taken into the secret.', value: Buffer.from(`${text}\n`) },
      {
        says: 'The secret was decoded as hex; it is used as it is written.',
        value: Buffer.from(text, 'hex'),
      },
      {
        says: 'The secret was decoded as base64; it is used as it is written.',
        value: Buffer.from(text, 'base64'),
      },
    ];
  });
  return [
    ...held.map((secret) => ({ says: undefined, value: secret.bytes() })),
    ...others
      .filter(({ secret }) => !secret.empty)
      .map(({ name, secret }) => ({ says: `It was signed with ${name}.`, value: secret.bytes() })),
    ...variants.filter(({ value }) => value.byteLength > 0),
  ];
}

/** Bytes that may have been signed, the right ones first. */
export function messagesOf(request: RefusedRequest, url: string): readonly Named<Uint8Array | string>[] {
  const query = queryOf(request.target);
  const [path = ''] = request.target.split('?');
  const raw = Buffer.from(query, 'latin1');
  if (request.method === 'POST' || request.method === 'PATCH')
    return [
      { says: undefined, value: request.body },
      ...bodyMistakes(request.body),
      ...(raw.byteLength === 0
        ? []
        : [{ says: 'The query was signed; POST and PATCH sign their body.', value: raw }]),
      { says: 'Nothing was signed: the body had been read before.', value: '' },
    ];
  return [
    { says: undefined, value: raw },
    { says: 'The query was signed with its `?`; sign what comes after it.', value: `?${query}` },
    { says: 'The query was decoded before it was signed; sign it as it is sent.', value: decoded(query) },
    {
      says: 'The query was written anew before it was signed; sign it as it is sent.',
      value: new URLSearchParams(query).toString(),
    },
    {
      says: 'The parameters were sorted before they were signed; sign them as they are sent.',
      value: query.split('&').toSorted().join('&'),
    },
    { says: 'Path and query were signed; sign the query alone.', value: `${path}?${query}` },
    { says: 'The whole address was signed; sign the query alone.', value: `${url}?${query}` },
    { says: 'The body was signed; GET and DELETE sign their query.', value: request.body },
  ];
}

function bodyMistakes(body: Uint8Array): Named<string>[] {
  const text = Buffer.from(body).toString('utf8');
  const again = 'The body was parsed and written again before it was signed; sign the bytes that are sent.';
  const trimmed = {
    says: 'Space at an end of the body was not signed; sign the bytes that are sent.',
    value: text.trim(),
  };
  try {
    const value: unknown = JSON.parse(text);
    return [
      { says: again, value: JSON.stringify(value) },
      { says: again, value: JSON.stringify(value, null, 2) },
      { says: again, value: spaced(JSON.stringify(value)) },
      { says: again, value: JSON.stringify(sorted(value)) },
      trimmed,
    ];
  } catch {
    return [trimmed];
  }
}

/** As Python writes it: a space after colons and commas outside of texts. */
function spaced(json: string): string {
  return json.replaceAll(/"(?:[^"\\]|\\.)*"|[:,]/g, (part) => (part.startsWith('"') ? part : `${part} `));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** What comes after the first `?`. */
export function queryOf(target: string): string {
  const at = target.indexOf('?');
  return at === -1 ? '' : target.slice(at + 1);
}

function decoded(query: string): string {
  try {
    return decodeURIComponent(query);
  } catch {
    return query;
  }
}
