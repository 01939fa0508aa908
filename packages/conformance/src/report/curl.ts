import type { Exchange } from '../lab/exchange.ts';

/** Longer bodies are not written down. */
const SHOWN_BODY_BYTES = 4_096;

/** What makes the command run as it is: where, and in which environment variable the secret is. */
export interface CurlOptions {
  readonly origin: string;
  readonly secretName: string;
  readonly redacted: (text: string) => string;
}

/**
 * A command that sends the request of an exchange again. One that is signed as Fly.io signs is signed anew, with the secret from an
 * environment variable; any other is repeated byte for byte with the signature that it had.
 */
export function curlOf(exchange: Exchange, options: CurlOptions): string {
  return exchange.fresh === undefined
    ? asItWas(exchange, options)
    : signedAnew(exchange, exchange.fresh, options);
}

function asItWas({ outgoing }: Exchange, options: CurlOptions): string {
  const { method, target, body } = outgoing;
  const parts = ['curl -sS -i --path-as-is', ...(method === 'HEAD' ? ['-I'] : ['-X', method])];
  parts.push(quoted(`${options.origin}${target}`));
  for (const [name, value] of outgoing.headers)
    parts.push('-H', quoted(value === '' ? `${name};` : `${name}: ${isCookie(name) ? '[cookie]' : value}`));
  if (body.byteLength > SHOWN_BODY_BYTES)
    return `${parts.join(' ')}\n# with a body of ${body.byteLength} bytes, which is not shown`;
  if (body.byteLength > 0) {
    const text = Buffer.from(body).toString('utf8');
    const plain = Buffer.from(text, 'utf8').equals(body) && !text.includes('\0');
    if (!plain) return `printf ${quoted(escapes(body))} | ${parts.join(' ')} --data-binary @-`;
    parts.push('--data-binary', quoted(options.redacted(text)));
  }
  return parts.join(' ');
}

/** Time and nonce are filled in by the shell, and the signature is computed over the result. */
function signedAnew(exchange: Exchange, fresh: NonNullable<Exchange['fresh']>, options: CurlOptions): string {
  const { method, target, headers, body } = exchange.outgoing;
  const [path = '', query = ''] = splitOnce(target, '?');
  const inBody = body.byteLength > 0;
  const signed = options.redacted(inBody ? Buffer.from(body).toString('utf8') : query);
  const filled = quoted(signed).replace(fresh.nonce, `'"$N"'`).replace(fresh.timestamp, `'"$T"'`);
  const address = inBody
    ? quoted(`${options.origin}${target}`)
    : `${quoted(`${options.origin}${path}?`)}"$M"`;
  const others = headers
    .filter(([name]) => name !== 'x-signature')
    .map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  return [
    'T=$(date +%s) N=$(openssl rand -hex 16)',
    `M=${filled}`,
    `S=$(printf %s "$M" | openssl dgst -sha256 -hmac "$${options.secretName}" | sed 's/.*= *//')`,
    [
      'curl -sS -i',
      '-X',
      method,
      address,
      ...others,
      '-H "x-signature: $S"',
      ...(inBody ? ['--data-binary "$M"'] : []),
    ].join(' '),
  ].join('\n');
}

function isCookie(name: string): boolean {
  return name.toLowerCase() === 'cookie';
}

function splitOnce(text: string, at: string): readonly string[] {
  const index = text.indexOf(at);
  return index === -1 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function escapes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
