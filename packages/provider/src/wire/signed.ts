import {
  asHangarError,
  errorResponse,
  HangarError,
  readBody,
  splitTarget,
  type RequestContext,
} from '@hangar/http';
import { diagnoseSignature, type Secret } from '@hangar/security';
import { guardError, openSigned, type SignedMessage } from './guard.ts';
import type { Deps } from '../deps.ts';
import type { NonceClaim } from '../ports.ts';

/** The largest signed body (docs/specs/extensions.md#order-of-checks). */
const MAX_BODY_BYTES = 64 * 1024;

/** A nonce is kept this long after its timestamp, which covers the window on both sides. */
const NONCE_KEPT_MS = 600_000;

/** Answers one verified request of Fly.io's, whose nonce is spent. */
export type SignedHandler<B = never> = (
  message: SignedMessage,
  body: Uint8Array,
  begun: B | undefined,
) => Promise<Response>;

/**
 * Spends the nonce together with its effect, in one statement. Undefined: it wrote nothing, not even the nonce.
 * @throws HangarError `unauthorized` when the nonce was used before
 */
export type Beginning<B> = (message: SignedMessage, nonce: NonceClaim) => Promise<B | undefined>;

/**
 * Lets a request through to `handler` only when its signature, address and time hold and its nonce was not
 * used before, by whichever method and on whichever replica. The nonce is given back when our own answer is
 * a failure, so that the same request may be sent again, and no other with its bytes; never otherwise, so that a replay
 * gets nothing. A process that dies before it answers gives nothing back: Fly.io signs its next try anew.
 * @param routePath path below the base URL, as received
 * @param begin a shorter road for what is usual
 */
export async function answerSigned<B = never>(
  request: Request,
  door: RequestContext,
  routePath: string,
  handler: SignedHandler<B>,
  begin: Beginning<B> | undefined,
  deps: Deps,
): Promise<Response> {
  const { options } = deps;
  const body = await readPlain(request, door);
  const opened = openSigned(
    {
      method: request.method,
      path: routePath,
      query: splitTarget(door.rawTarget).query,
      body,
      signature: request.headers.get('x-signature'),
      url: publicUrl(options.publicBaseUrl, routePath),
    },
    deps.now(),
    { secrets: options.provisioningSecrets, acceptBase64: options.acceptBase64 ?? false },
  );
  if (!opened.ok) {
    explain(request, body, door, routePath, deps);
    throw guardError(opened.reason);
  }
  noteOldSecret(opened.value.secretIndex, deps);
  return await oncePerNonce(
    opened.value,
    (begun: B | undefined) => handler(opened.value, body, begun),
    begin,
    deps,
  );
}

/**
 * The same for machine events. Their body is signed, but need not hold an address or a nonce; if it does, they
 * are held to it (docs/specs/extensions.md#events).
 */
export async function answerSignedEvent(
  request: Request,
  door: RequestContext,
  routePath: string,
  handler: (body: Uint8Array) => Promise<Response>,
  deps: Deps,
): Promise<Response> {
  const { options } = deps;
  const body = await readPlain(request, door);
  const secrets: readonly Secret[] = options.eventsSecrets ?? options.provisioningSecrets;
  const signature = request.headers.get('x-signature');
  const url = publicUrl(options.publicBaseUrl, routePath);
  const rules = { secrets, acceptBase64: options.acceptBase64 ?? false };
  const unsafe = { method: 'POST', path: routePath, query: '', body, signature, url };
  const opened = openSigned(unsafe, deps.now(), rules);
  if (opened.ok) return await oncePerNonce(opened.value, () => handler(body), undefined, deps);
  switch (opened.reason.tag) {
    case 'signature_missing':
    case 'signature_repeated':
    case 'signature_malformed':
    case 'signature_mismatch':
      explain(request, body, door, routePath, deps);
      throw guardError(opened.reason);
    default:
      if (holdsEnvelope(body)) throw guardError(opened.reason);
      return await handler(body);
  }
}

async function readPlain(request: Request, door: RequestContext): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    throw new HangarError('unsupported_media_type', {
      public: 'bodies with a Content-Encoding are not accepted',
    });
  }
  return await readBody(request, MAX_BODY_BYTES, door);
}

async function oncePerNonce<B>(
  message: SignedMessage,
  handler: (begun: B | undefined) => Promise<Response>,
  begin: Beginning<B> | undefined,
  deps: Deps,
): Promise<Response> {
  const { nonce, digest } = message;
  const expiresAt = new Date(message.timestamp * 1_000 + NONCE_KEPT_MS);
  const claim: NonceClaim = { nonce, digest, expiresAt, now: deps.now() };
  // Until the nonce is known to be ours nothing is given back: it may be another's, whose request this one repeats.
  const begun = await begin?.(message, claim);
  if (begun === undefined) await consume(claim, deps);
  try {
    const answer = await handler(begun);
    if (answer.status >= 500) await giveBack(message, deps);
    return answer;
  } catch (error) {
    if (asHangarError(error).status >= 500) await giveBack(message, deps);
    throw error;
  }
}

async function consume(claim: NonceClaim, deps: Deps): Promise<void> {
  let won: boolean;
  try {
    won = await deps.options.store.nonces.consume(claim);
  } catch (error) {
    // Without the memory of nonces nothing can be accepted.
    throw new HangarError('unavailable', { detail: 'nonces cannot be stored', cause: error });
  }
  if (!won) throw new HangarError('unauthorized', { detail: 'the nonce was used before' });
}

/** When it cannot be given back the same bytes stay refused, which is the safe side; the failure at hand is told. */
async function giveBack({ nonce, digest }: SignedMessage, deps: Deps): Promise<void> {
  try {
    await deps.options.store.nonces.release({ nonce, digest });
  } catch (error) {
    deps.log.warn({ error }, 'the nonce of a failed request could not be given back');
  }
}

function holdsEnvelope(body: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === 'object' && value !== null && ('url' in value || 'nonce' in value);
  } catch {
    return false;
  }
}

function publicUrl(base: string, routePath: string): string {
  return base.replace(/\/$/, '') + routePath;
}

/** Tells whoever develops against us what they did instead of what the page says; outside there is only the one 401. */
function explain(
  { method, headers }: Request,
  body: Uint8Array,
  { rawTarget, requestId }: RequestContext,
  routePath: string,
  { options, now, log }: Deps,
): void {
  if (options.explainRefusals !== true) return;
  const mistakes = diagnoseSignature(
    { method, target: rawTarget, headers, body },
    {
      secrets: options.provisioningSecrets,
      others: [{ name: 'the secret of the webhooks', secret: options.webhookSecret }],
      url: publicUrl(options.publicBaseUrl, routePath),
      now: now(),
    },
  );
  log.warn({ mistakes: mistakes.map(({ says }) => says), requestId }, 'what is wrong with a signed request');
}

/** An operator who rotates a secret waits for this to fall silent before dropping the old one. */
function noteOldSecret(secretIndex: number, deps: Deps): void {
  if (secretIndex > 0) deps.log.info({ secretIndex }, 'a request was signed with an older secret');
}

/**
 * Any failure as an answer in the one dialect of the signed routes. The private reason is told to whoever serves the door,
 * or else written to the log: a caller with a wrong secret hears only "invalid signature", and somebody must learn why.
 */
export function failureResponse(error: unknown, door: RequestContext, deps: Deps): Response {
  const known = asHangarError(error);
  if (door.onError === undefined) noteFailure(known, door, deps);
  else door.onError(known);
  return errorResponse(known, door.requestId);
}

function noteFailure(error: HangarError, { requestId }: RequestContext, { log }: Deps): void {
  const reason = { code: error.code, reason: error.message, cause: error.cause, requestId };
  if (error.status >= 500) log.error(reason, 'failed');
  else if (error.code === 'unauthorized') log.warn(reason, 'refused');
  else log.info(reason, 'refused');
}
