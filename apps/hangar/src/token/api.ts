import { createOutgoing, type Outgoing } from '@hangar/security/outgoing';
import { gatewayUrl, type TokenOptions } from './input.ts';

/** An answer of the gateway that is no success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(typeof body['error'] === 'string' ? body['error'] : `the gateway answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** Long enough for a slow gateway, short enough for a person. */
const TIMEOUT_MS = 30_000;

/** The only plain addresses that tokens are sent to are those of this machine. */
export function outgoingFor(url: string): Outgoing {
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
 * @throws ApiError for anything but a success.
 */
export async function ask(
  options: TokenOptions,
  request: { method: string; path: string; body?: unknown; token?: string },
): Promise<Record<string, unknown>> {
  const base = gatewayUrl(options);
  const outgoing = outgoingFor(base);
  try {
    const answer = await outgoing.send({
      method: request.method,
      url: `${base}/hangar/v1/tokens${request.path}`,
      headers: {
        accept: 'application/json',
        ...(request.token === undefined
          ? {}
          : { authorization: `FlyV1 ${request.token.replace(/^(?:(?:Bearer|FlyV1) )+/i, '')}` }),
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    const text = answer.text();
    const parsed =
      text === ''
        ? {}
        : (parse(text) ?? { error: `the gateway at ${base} answered ${answer.status}, and not in JSON` });
    if (answer.status < 200 || answer.status > 299) throw new ApiError(answer.status, parsed);
    return parsed;
  } finally {
    await outgoing.close();
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
