import type { Answer } from '../../answer/respond.ts';
import { formatTarget } from '../../request/target.ts';
import { isObject } from '../../rules/json.ts';
import { appOf, type Exchange } from '../../upstream/exchange.ts';
import { jsonOf } from '../../upstream/send.ts';

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
  return {
    status: 200,
    json: {
      data: lines.map(({ id, attributes }) => ({
        id,
        attributes: isObject(attributes) ? told(attributes) : {},
      })),
      meta: { next_token: typeof token === 'string' ? token : '' },
    },
  };
}

/** A line of a log: where it came from and what it says. */
function told(line: Readonly<Record<string, unknown>>) {
  const { timestamp, message, level, instance, region, meta } = line;
  return { timestamp, message, level, instance, region, meta: meta ?? {} };
}
