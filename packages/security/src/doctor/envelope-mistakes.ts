import { checkEnvelope, type EnvelopeReason } from '../envelope.ts';
import { queryOf } from './attempts.ts';
import type { DoctorOptions, Mistake, RefusedRequest } from './diagnose.ts';

/** What is wrong with timestamp, url and nonce, whether or not the signature holds. */
export function envelopeMistakes(request: RefusedRequest, { url, now }: DoctorOptions): Mistake[] {
  const inBody = request.method === 'POST' || request.method === 'PATCH';
  const {
    timestamp,
    nonce,
    url: signed,
  } = inBody ? bodyMembers(request.body) : Object.fromEntries(new URLSearchParams(queryOf(request.target)));
  const checked = checkEnvelope({ timestamp, nonce, url: signed }, { url, now, ignoreQuery: !inBody });
  return checked.ok ? [] : [{ tag: checked.reason.tag, says: envelopeSentence(checked.reason) }];
}

function bodyMembers(body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function envelopeSentence(reason: EnvelopeReason): string {
  switch (reason.tag) {
    case 'timestamp_missing':
      return 'There is no timestamp.';
    case 'timestamp_malformed':
      return 'The timestamp is no whole number of seconds.';
    case 'timestamp_in_milliseconds':
      return 'The timestamp is in milliseconds; it is in seconds.';
    case 'timestamp_stale':
      return `The timestamp is ${reason.ageSeconds} s old, and ${reason.windowSeconds} s are allowed: a clock is off, or the request was kept.`;
    case 'timestamp_ahead':
      return `The timestamp is ${reason.aheadSeconds} s ahead, and ${reason.windowSeconds} s are allowed: a clock is off.`;
    case 'url_missing':
      return 'There is no url.';
    case 'url_malformed':
      return 'The url is no plain address: no name, no fragment, and on POST and PATCH no query.';
    case 'url_mismatch':
      return `The url is another address: ${differenceOf(reason.got, reason.expected)}.`;
    case 'nonce_missing':
      return 'There is no nonce.';
    case 'nonce_malformed':
      return 'The nonce is not 8 to 200 visible characters.';
  }
}

/** Which part of the address differs: that is what a proxy or a setting changed. */
function differenceOf(got: string, expected: string): string {
  if (!URL.canParse(got) || !URL.canParse(expected)) return 'it cannot be read';
  const [a, b] = [new URL(got), new URL(expected)];
  if (a.protocol !== b.protocol)
    return `its scheme is ${a.protocol.slice(0, -1)}, not ${b.protocol.slice(0, -1)}`;
  if (a.host !== b.host) return `its host is ${a.host}, not ${b.host}`;
  return `its path is ${a.pathname}, not ${b.pathname}`;
}
