import {
  createOutgoing,
  type Outgoing,
  type OutgoingAnswer,
  OutgoingError,
  type OutgoingRequest,
} from '@hangar/security/outgoing';
import { DOOR_HEADER, TOKENS_DOOR } from '../http/door-header.ts';
import { gatewayUrl, type TokenOptions } from './source/input.ts';

/** An answer of the gateway that is no success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(typeof body['error'] === 'string' ? body['error'] : `the answer was ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** The gateway gave no answer at all. */
export class GatewayUnreachable extends Error {
  override readonly name = 'GatewayUnreachable';

  constructor(base: string, cause: OutgoingError) {
    const why =
      cause.reason === 'blocked_url'
        ? 'tokens are sent over https, or to this machine'
        : (cause.detail ?? cause.message);
    super(
      `${base} cannot be asked (${why}). Is it running? The address of the gateway is --url or HANGAR_API_URL`,
      { cause },
    );
  }
}

/** Something answered, and it is no gateway: another port of Hangar, or a server of somebody else. */
export class NotAGateway extends Error {
  override readonly name = 'NotAGateway';

  constructor(base: string) {
    super(`${base} answers, but it is not a gateway of Hangar. Its address is --url or HANGAR_API_URL`);
  }
}

/** Long enough for a slow gateway, short enough for a person. */
const TIMEOUT_MS = 30_000;

/** The only plain addresses that tokens are sent to are those of this machine. */
function outgoingFor(url: string): Outgoing {
  const { origin, protocol, hostname } = new URL(url);
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return createOutgoing({
    allowedOrigins: protocol === 'https:' || local ? [origin] : [],
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: 1_048_576,
  });
}

/**
 * Asks the gateway's own surface below `/hangar/v1/tokens`.
 *
 * @throws ApiError for anything but a success, GatewayUnreachable when there is no answer, NotAGateway when somebody else
 * answers
 */
export async function ask(
  options: TokenOptions,
  request: { method: string; path: string; body?: unknown; token?: string },
): Promise<Record<string, unknown>> {
  const base = gatewayUrl(options);
  const answer = await send(base, {
    method: request.method,
    url: `${base}/hangar/v1/tokens${request.path}`,
    headers: {
      accept: 'application/json',
      ...(request.token === undefined ? {} : { authorization: `FlyV1 ${request.token}` }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: JSON.stringify(request.body),
  });
  // Whatever stands in front of a gateway may refuse in its own way; what says yes, or knows no such address, is another server.
  const elsewhere = answer.status < 400 || answer.status === 404 || answer.status === 405;
  if (elsewhere && answer.headers.get(DOOR_HEADER) !== TOKENS_DOOR) throw new NotAGateway(base);
  return read(base, answer);
}

/**
 * The number of an app, which is what caveats hold; undefined when there is none of that name. Asks the Machines API at the
 * gateway.
 *
 * @throws ApiError for anything but a success or a 404, GatewayUnreachable when there is no answer
 */
export async function appNumberOf(
  options: TokenOptions,
  token: string,
  name: string,
): Promise<bigint | undefined> {
  const base = gatewayUrl(options);
  const url = `${base}/v1/apps/${encodeURIComponent(name)}`;
  try {
    const app = await sendTo(base, { method: 'GET', url, headers: { authorization: `FlyV1 ${token}` } });
    const number = app['internal_numeric_id'];
    return typeof number === 'number' && Number.isSafeInteger(number) ? BigInt(number) : undefined;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * Sends one request and reads the JSON that comes back.
 *
 * @throws ApiError for anything but a success, GatewayUnreachable when there is no answer
 */
export async function sendTo(base: string, request: OutgoingRequest): Promise<Record<string, unknown>> {
  return read(base, await send(base, request));
}

async function send(base: string, request: OutgoingRequest): Promise<OutgoingAnswer> {
  const outgoing = outgoingFor(base);
  try {
    return await outgoing.send(request);
  } catch (error) {
    throw error instanceof OutgoingError ? new GatewayUnreachable(base, error) : error;
  } finally {
    await outgoing.close();
  }
}

function read(base: string, answer: OutgoingAnswer): Record<string, unknown> {
  const text = answer.text();
  const parsed = text === '' ? {} : parse(text);
  if (parsed === undefined)
    throw new ApiError(answer.status, { error: `${base} answered ${answer.status}, and not in JSON` });
  if (answer.status < 200 || answer.status > 299) throw new ApiError(answer.status, parsed);
  return parsed;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
