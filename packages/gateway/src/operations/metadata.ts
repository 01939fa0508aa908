import type { Machine } from '../nouns.ts';
import { checkBody } from '../rules/body-rules.ts';
import { appOf, type Exchange, type HandlerDeps } from '../upstream/exchange.ts';
import { passOn } from './forward.ts';
import { isObject } from '../rules/json.ts';
import { marksFor } from '../rules/machine-marks.ts';

/**
 * `PUT` and `PATCH …/machines/{machine}/metadata`. A PUT replaces all that the caller has written; the gateway's own marks
 * stay, since a machine whose answer was lost is found by them.
 */
export async function writeMetadata(given: Exchange, machine: Machine, deps: HandlerDeps): Promise<Response> {
  const exchange = appOf(given);
  const { value: body } = checkBody('updateMetadataRequest', exchange.whole.json(), deps.policy, (read) =>
    isObject(read['metadata']) ? [] : [{ path: 'metadata', fault: 'an object is needed' }],
  );
  const marks = marksFor(exchange.environment, machine.operation, deps.installation);
  const metadata = { ...(body['metadata'] as object), ...marks };
  const json = exchange.plan.route.method === 'PUT' ? { ...body, metadata } : body;
  return await passOn(exchange, json, 'stream', machine, deps);
}
