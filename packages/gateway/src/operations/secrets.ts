import type { Fault, Json } from '@hangar/flyio';
import { checkBody } from '../rules/body-rules.ts';
import type { Exchange, HandlerDeps } from '../upstream/exchange.ts';
import { passOn } from './forward.ts';
import { invalid } from '../rules/json.ts';
import { isReservedSecret } from '../rules/storage-secrets.ts';

/**
 * Sets or deletes app secrets, one or many. Those of the environment's storage can be read like any other, but only
 * the gateway writes them: they are the credential that is switched off before the bucket is emptied.
 */
export async function setSecrets(exchange: Exchange, deps: HandlerDeps): Promise<Response> {
  const { plan } = exchange;
  const name = plan.params['secret'];
  if (name !== undefined) refuseReserved(name);
  if (plan.route.method === 'DELETE') return await passOn(exchange, undefined, 'stream', undefined, deps);
  const schema = name === undefined ? 'AppSecretsUpdateRequest' : 'SetAppSecretRequest';
  const { value: json } = checkBody(schema, exchange.whole.json(), deps.policy, (body) =>
    name === undefined
      ? missing(body, 'values', 'an object is needed')
      : missing(body, 'value', 'a text is needed'),
  );
  return await passOn(exchange, json, 'stream', undefined, deps);
}

function missing(body: Json, member: string, fault: string): readonly Fault[] {
  return body[member] === undefined ? [{ path: member, fault }] : [];
}

function refuseReserved(name: string): void {
  if (isReservedSecret(name)) throw invalid(name, 'this secret belongs to the storage of the environment');
}
