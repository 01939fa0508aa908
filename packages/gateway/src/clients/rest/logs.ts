import type { Answer } from '../../answer/respond.ts';
import { NAME_HOLD_MS } from '../../making/name-hold.ts';
import type { Environment } from '../../nouns.ts';
import { formatTarget } from '../../request/target.ts';
import { isObject } from '../../rules/json.ts';
import { appOf, type Exchange } from '../../upstream/exchange.ts';
import { jsonOf } from '../../upstream/send.ts';

/**
 * Fly.io keeps lines by the name of the app, which may have been a stranger's before: what is older than the app is not told. So much
 * may clocks differ: half the time for which the name of an app that is gone is held.
 */
const SKEW_MS = NAME_HOLD_MS / 2;

/** `GET /api/v1/apps/{app}/logs`: what the app's machines printed, a page after the one that the token names. */
export async function readLogs(given: Exchange): Promise<Answer> {
  const { environment, plan } = appOf(given);
  const segments = ['api', 'v1', 'apps', environment.name, 'logs'];
  const target = formatTarget({ segments, query: plan.query });
  const call = { method: 'GET', target, at: 'api', repeatable: true } as const;
  const answer = await jsonOf(await given.send(call), call);
  const { data, meta } = isObject(answer) ? answer : {};
  const token = isObject(meta) ? meta['next_token'] : undefined;
  const lines = Array.isArray(data) ? data.filter(isObject) : [];
  const own = lines.flatMap(({ id, attributes }) =>
    isObject(attributes) && isOf(environment, attributes) ? [{ id, attributes: told(attributes) }] : [],
  );
  return {
    status: 200,
    json: {
      data: own,
      meta: { next_token: typeof token === 'string' ? token : '' },
    },
  };
}

function isOf({ createdAt }: Environment, { timestamp }: Readonly<Record<string, unknown>>): boolean {
  return typeof timestamp === 'string' && Date.parse(timestamp) >= createdAt.getTime() - SKEW_MS;
}

/** A line of a log: where it came from and what it says. */
function told(line: Readonly<Record<string, unknown>>) {
  const { timestamp, message, level, instance, region, meta } = line;
  return { timestamp, message, level, instance, region, meta: meta ?? {} };
}
