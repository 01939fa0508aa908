import { authenticateResponse, flyUrls, type FlyUrls, type RequestedAccess } from '@hangar/flyio';
import { effectiveExpiry, formatMask, type Macaroon, tokenId } from '@hangar/macaroon';
import { systemClock } from '@hangar/http';
import type { Command } from 'commander';
import { ApiError, sendTo } from './api.ts';
import type { HeldTokens } from './source/held.ts';
import type { TokenOptions } from './source/input.ts';
import { UsageError } from './source/usage-error.ts';

/** Options of the commands that can ask Fly.io itself. */
export interface FlyOptions extends TokenOptions {
  readonly fly?: boolean;
  /** First port of a simulated Fly.io. */
  readonly simulator?: string;
}

/** Adds the options that say: this is a token of Fly.io's, ask there. */
export function aboutFly(command: Command): Command {
  return command
    .option('--fly', "ask Fly.io instead of the gateway, for Fly.io's own tokens")
    .option('--simulator <port>', 'ask a simulated Fly.io on this machine, by the first of its ports');
}

/**
 * The Fly.io to ask; undefined when the gateway is meant.
 *
 * @throws UsageError for a port that is none
 */
export function flyOf(options: FlyOptions): FlyUrls | undefined {
  if (options.simulator === undefined) return options.fly === true ? flyUrls('real') : undefined;
  if (!/^\d{2,5}$/.test(options.simulator) || Number(options.simulator) > 65_532)
    throw new UsageError('--simulator takes the first port of a simulated Fly.io, such as 4700');
  return flyUrls({ simulatorPort: Number(options.simulator) });
}

/**
 * Which of the tokens Fly.io calls genuine, in the words of the gateway's own answer
 * (docs/specs/token-format.md#remote-verification).
 */
export async function inspectAtFly(urls: FlyUrls, held: HeldTokens): Promise<Record<string, unknown>> {
  const answer = await post(urls, '/v1/tokens/authenticate', { header: held.macaroons });
  const genuine = authenticateResponse.parse(answer).map((one) => one.permission_token);
  const tokens = held.permission.map((macaroon) => {
    const told = { kind: 'permission', id: tokenId(macaroon), location: macaroon.location };
    const problem = genuine.includes(Buffer.from(macaroon.bytes).toString('base64'))
      ? endOf(macaroon, held)
      : { code: 'token_bad_signature', sentence: `Fly.io does not know token ${told.id} as genuine.` };
    return { ...told, verified: problem === undefined, problem };
  });
  const end = effectiveExpiry([...held.permission, ...held.discharges]);
  return { tokens, effective_expiry: end === undefined ? null : new Date(end * 1000).toISOString() };
}

/** Whether Fly.io would allow a request, in the words of the gateway's own answer. Fly.io does not say which caveat refuses. */
export async function checkAtFly(
  urls: FlyUrls,
  held: HeldTokens,
  request: { method: string; path: string },
): Promise<Record<string, unknown>> {
  const { planRequest } = await import('@hangar/gateway');
  const planned = planRequest(request.method, request.path);
  if (!planned.ok)
    return { allowed: false, code: 'not_found', sentence: 'no route of the Machines API that is known here' };
  const { route, params } = planned.value;
  const access: RequestedAccess = {
    action: formatMask(route.action),
    app_name: params['app'],
    ...(route.resource === 'machine' ? { machine_id: params['machine'] } : {}),
    ...(route.resource === 'volume' ? { volume_id: params['volume'] } : {}),
  };
  if (params['app'] === undefined)
    return { allowed: false, code: 'not_found', sentence: 'only requests about an app can be asked about' };
  const over = held.permission.map((macaroon) => endOf(macaroon, held));
  if (over[0] !== undefined && over.every((one) => one !== undefined)) return { allowed: false, ...over[0] };
  try {
    await post(urls, '/v1/tokens/authorize', { header: held.macaroons, access });
    return { allowed: true };
  } catch (error) {
    const code = error instanceof ApiError ? REFUSALS.get(error.status) : undefined;
    if (code === undefined) throw error;
    return { allowed: false, code, sentence: `Fly.io says: ${(error as ApiError).message}` };
  }
}

const REFUSALS: ReadonlyMap<number, string> = new Map([
  [401, 'token_bad_signature'],
  [403, 'caveat_denied'],
  [404, 'not_found'],
]);

/** Fly.io proves tokens and leaves their end to whoever uses them. */
function endOf(macaroon: Macaroon, held: HeldTokens): { code: string; sentence: string } | undefined {
  const over = (tokens: readonly Macaroon[]): boolean =>
    (effectiveExpiry(tokens) ?? Number.POSITIVE_INFINITY) * 1000 < systemClock().getTime();
  if (over([macaroon])) return { code: 'token_expired', sentence: `Token ${tokenId(macaroon)} has expired.` };
  const tickets = macaroon.caveats.flatMap((one) => (one.type === '3P' ? [one.ticket] : []));
  const own = held.discharges.filter((one) =>
    tickets.some((ticket) => Buffer.from(ticket).equals(Buffer.from(one.nonce.keyId))),
  );
  const [dead] = own.filter((one) => over([one]));
  if (dead === undefined) return undefined;
  return {
    code: 'discharge_expired',
    sentence: `The discharge from ${dead.location} has expired: hangar token refresh.`,
  };
}

async function post(urls: FlyUrls, path: string, body: unknown): Promise<unknown> {
  return await sendTo(urls.machines, {
    method: 'POST',
    url: `${urls.machines}${path}`,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
