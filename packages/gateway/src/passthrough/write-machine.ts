import { SCHEMAS, type Json } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { needsSecretNames, rewriteConfig } from '../profiles/profile.ts';
import { invalidFields } from '../rules/body-rules.ts';
import { invalid, isObject } from '../rules/json.ts';
import { spelledOtherwise } from './app-wish.ts';
import { bringBack } from './caller-upstream.ts';
import type { PassthroughDeps } from './deps.ts';
import type { HandledRequest } from './handled-request.ts';
import { secretNames } from './secret-names.ts';

const CONFIG_MEMBERS = Object.keys(SCHEMAS['fly.MachineConfig']);

/**
 * `POST /v1/apps/{app}/machines` and `…/{machine}`, where a profile rewrites the config: of a new machine and of an update
 * alike, since an update replaces the whole config.
 */
export async function writeMachine(
  handled: HandledRequest,
  { app, target }: { app: string; target: string },
  deps: PassthroughDeps,
): Promise<Response> {
  const { authorization, door, request, headers } = handled;
  const { body, config } = readMachine(handled.json);
  const secrets = needsSecretNames(deps.profile) ? await secretNames(app, authorization, deps) : [];
  const { storageEndpoint } = deps;
  const rewritten = rewriteConfig(deps.profile, config, { secrets, storageEndpoint });
  if (!rewritten.ok) throw invalidFields(rewritten.reason);
  const reply = await deps.upstream.send({
    method: 'POST',
    target,
    authorization,
    headers,
    body: JSON.stringify({ ...body, config: rewritten.value }),
    signal: request.signal,
  });
  return await bringBack(reply, 'POST', door);
}

function readMachine(json: unknown): { body: Json; config: Json } {
  if (!isObject(json)) throw new HangarError('bad_request', { public: 'the body must be a JSON object' });
  const config = json['config'];
  const faults = [
    ...spelledOtherwise(json, ['config'], ''),
    ...(isObject(config) ? spelledOtherwise(config, CONFIG_MEMBERS, 'config') : []),
  ];
  if (faults.length > 0) throw invalidFields(faults);
  if (!isObject(config)) throw invalid('config', 'an object is needed');
  return { body: json, config };
}
