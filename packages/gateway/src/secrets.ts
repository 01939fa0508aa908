import type { Exchange } from './exchange.ts';
import { readJson } from './exchange.ts';
import { passOn } from './forward.ts';
import { invalid, isObject } from './machine-config.ts';
import type { Parts } from './parts.ts';
import { isReservedSecret } from './reserved.ts';
import { isSecretName } from './route.ts';

/**
 * Sets or deletes app secrets, one or many. Those of the environment's storage can be read like any other, but only
 * the gateway writes them: they are the credential that is switched off before the bucket is emptied.
 */
export async function setSecrets(exchange: Exchange, parts: Parts): Promise<Response> {
  const { plan } = exchange;
  const name = plan.params['secret'];
  if (name !== undefined) refuseReserved(name);
  if (plan.route.method === 'DELETE') return await passOn(exchange, undefined, 'stream', undefined, parts);
  const { value } = await readJson(exchange);
  const json = name === undefined ? { values: readValues(value) } : { value: readValue(value) };
  return await passOn(exchange, json, 'stream', undefined, parts);
}

function readValues(body: unknown): Record<string, string | null> {
  const values = isObject(body) ? body['values'] : undefined;
  if (!isObject(values)) throw invalid('values', 'an object is needed');
  const read: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(values)) {
    if (!isSecretName(name)) throw invalid(`values.${name.slice(0, 64)}`, 'not a name for a variable');
    refuseReserved(name);
    if (value !== null && typeof value !== 'string')
      throw invalid(`values.${name}`, 'a text or null is needed');
    read[name] = value;
  }
  return read;
}

function readValue(body: unknown): string {
  const value = isObject(body) ? body['value'] : undefined;
  if (typeof value !== 'string') throw invalid('value', 'a text is needed');
  return value;
}

function refuseReserved(name: string): void {
  if (isReservedSecret(name)) throw invalid(name, 'this secret belongs to the storage of the environment');
}
