import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import { simulatedSecrets } from '../src/index.ts';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Sends a request to the simulated S3, signed by hand: an SDK would correct what is to be tried here. `key` is written as it is, the
 * query in the order given. Every header is signed.
 */
export async function signedRequest(
  origin: string,
  method: string,
  path: string,
  options: { query?: Record<string, string>; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<RawAnswer> {
  const { host } = new URL(origin);
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${stamp.slice(0, 8)}/auto/s3/aws4_request`;
  const body = options.body ?? '';
  const headers: Record<string, string> = {
    host,
    'x-amz-date': stamp,
    'x-amz-content-sha256': sha256(body),
    ...Object.fromEntries(
      Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  };
  const names = Object.keys(headers).toSorted();
  const target = path.split('/').map(encode).join('/');
  const query = Object.entries(options.query ?? {})
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const canonical = [
    method,
    target,
    query,
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const key = [stamp.slice(0, 8), 'auto', 's3', 'aws4_request'].reduce<string | Buffer>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${simulatedSecrets.storageSecret}`,
  );
  const signature = createHmac('sha256', key)
    .update(['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n'))
    .digest('hex');
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${simulatedSecrets.storageKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return await rawRequest(`${origin}${target}${query === '' ? '' : `?${query}`}`, method, headers, body);
}

/** Sends a request as it is. */
export async function rawRequest(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string | Buffer,
): Promise<RawAnswer> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The text of an element of an answer, references and all. */
export function element(answer: RawAnswer, name: string): string | undefined {
  return new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(answer.text)?.[1];
}
