import { HangarError, ok, parseStrictJson, refuse, type JsonReason, type Result } from '@hangar/http';
import {
  checkEnvelope,
  sha256Hex,
  verifySignature,
  type EnvelopeReason,
  type Secret,
  type SignatureReason,
} from '@hangar/security';

/** Why a request was not taken as Fly.io's. Outside, all but the JSON faults are one and the same 401. */
export type GuardReason =
  | SignatureReason
  | EnvelopeReason
  | JsonReason
  | { readonly tag: 'not_an_object' }
  | { readonly tag: 'query_malformed' }
  | { readonly tag: 'parameter_repeated'; readonly name: string };

/** Nothing but this file can make a {@link SignedMessage}. */
const verified = Symbol('verified');

/** A request whose signature, address and time hold. Its nonce is still to be consumed. */
export interface SignedMessage {
  readonly [verified]: true;
  readonly members: Readonly<Record<string, unknown>>;
  /** Seconds, as signed. */
  readonly timestamp: number;
  readonly nonce: string;
  /** Which of the secrets it was signed with. */
  readonly secretIndex: number;
  /** SHA-256 of method, path and signed bytes: two requests with the same one are the same request. */
  readonly digest: string;
}

/**
 * What the guard looks at: bytes as they were received, nothing decoded. What no signature of Fly.io covers is in
 * docs/specs/extensions.md#what-a-signature-leaves-open.
 */
export interface UnsafeRequest {
  readonly method: string;
  /** Of the route, below the base URL, as received. */
  readonly path: string;
  readonly query: string;
  readonly body: Uint8Array;
  readonly signature: string | null;
  /** The configured public address of the route; never built from `Host` or a forwarded header. */
  readonly url: string;
}

/** How the guard is set up. */
export interface GuardOptions {
  readonly secrets: readonly Secret[];
  readonly acceptBase64: boolean;
}

/** Objects deeper than this are nobody's honest request. */
const MAX_DEPTH = 32;
const MAX_PARAMETERS = 100;

/**
 * Verifies a request of Fly.io's (docs/specs/extensions.md#order-of-checks): signature over raw bytes
 * first, and only then is anything parsed. POST and PATCH sign their body, GET and DELETE their query string. The `url` is mandatory, because for GET and DELETE nothing else binds the path.
 */
export function openSigned(
  request: UnsafeRequest,
  now: Date,
  options: GuardOptions,
): Result<SignedMessage, GuardReason> {
  const inBody = request.method === 'POST' || request.method === 'PATCH';
  // A raw target holds one character per byte, so latin1 gives back what was received.
  const bytes = inBody ? request.body : new Uint8Array(Buffer.from(request.query, 'latin1'));
  const signed = verifySignature(options.secrets, bytes, request.signature, {
    acceptBase64: options.acceptBase64,
  });
  if (!signed.ok) return signed;
  const members = inBody ? readBodyMembers(bytes) : readQueryMembers(bytes);
  if (!members.ok) return members;
  const { timestamp, nonce, url } = members.value;
  const envelope = checkEnvelope({ timestamp, nonce, url }, { url: request.url, now, ignoreQuery: !inBody });
  if (!envelope.ok) return envelope;
  return ok({
    [verified]: true,
    members: members.value,
    ...envelope.value,
    secretIndex: signed.value.secretIndex,
    digest: sha256Hex(Buffer.concat([Buffer.from(`${request.method} ${request.path}\n`, 'latin1'), bytes])),
  });
}

function readBodyMembers(bytes: Uint8Array): Result<Record<string, unknown>, GuardReason> {
  const json = parseStrictJson(bytes, { maxDepth: MAX_DEPTH });
  if (!json.ok) return json;
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) {
    return refuse({ tag: 'not_an_object' });
  }
  return ok(json.value as Record<string, unknown>);
}

function readQueryMembers(bytes: Uint8Array): Result<Record<string, unknown>, GuardReason> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse({ tag: 'query_malformed' });
  }
  const parameters = [...new URLSearchParams(text)];
  if (parameters.length > MAX_PARAMETERS) return refuse({ tag: 'query_malformed' });
  const members = new Map<string, string>();
  for (const [name, value] of parameters) {
    // Libraries disagree on which of two counts, so two are none.
    if (members.has(name)) return refuse({ tag: 'parameter_repeated', name: name.slice(0, 40) });
    members.set(name, value);
  }
  return ok(Object.fromEntries(members));
}

/** The public answer to a refusal. The reason itself goes to the log only. */
export function guardError(reason: GuardReason): HangarError {
  switch (reason.tag) {
    case 'signature_missing':
    case 'signature_repeated':
    case 'signature_malformed':
    case 'signature_mismatch':
    case 'timestamp_missing':
    case 'timestamp_malformed':
    case 'timestamp_in_milliseconds':
    case 'timestamp_stale':
    case 'timestamp_ahead':
    case 'url_missing':
    case 'url_malformed':
    case 'url_mismatch':
    case 'nonce_missing':
    case 'nonce_malformed':
    case 'query_malformed':
    case 'parameter_repeated':
      return new HangarError('unauthorized', { detail: `not signed by Fly.io: ${JSON.stringify(reason)}` });
    case 'json_too_large':
      return new HangarError('too_large', { detail: reason.tag });
    case 'json_not_utf8':
    case 'json_too_deep':
    case 'json_duplicate_key':
    case 'json_malformed':
      return new HangarError('bad_request', {
        public: 'the body is not plain JSON in UTF-8',
        detail: `the signed body could not be read: ${JSON.stringify(reason)}`,
      });
    case 'not_an_object':
      return new HangarError('bad_request', { public: 'the body is not a JSON object', detail: reason.tag });
  }
}
