import { secretsResponse } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { needsSecretNames, rewriteConfig, wishedConfig } from '../profiles/profile.ts';
import { invalidFields } from '../rules/body-rules.ts';
import { isObject } from '../rules/json.ts';
import type { CheckedMachineBody } from '../rules/machine-config.ts';
import type { AppExchange, HandlerDeps } from '../upstream/exchange.ts';
import { jsonOf } from '../upstream/send.ts';

/** The body of a machine as its sender wishes it, before it is checked. */
export function wishedBody(body: unknown, { profile }: Pick<HandlerDeps, 'profile'>): unknown {
  if (!isObject(body) || !isObject(body['config'])) return body;
  return { ...body, config: wishedConfig(profile, body['config']) };
}

/**
 * A machine's config as the operator's profile has it (docs/specs/gateway.md#machine-profiles). It was checked before, so what
 * the profile writes is nobody's to forge.
 * @throws HangarError `invalid` naming what the profile has no place for
 */
export async function withProfile(
  checked: CheckedMachineBody,
  exchange: AppExchange,
  { profile, storageEndpoint }: HandlerDeps,
): Promise<CheckedMachineBody> {
  if (profile === 'none') return checked;
  const secrets = needsSecretNames(profile) ? await secretNames(exchange) : [];
  const rewritten = rewriteConfig(profile, checked.config, { secrets, storageEndpoint });
  if (!rewritten.ok) throw invalidFields(rewritten.reason);
  return { ...checked, config: rewritten.value };
}

async function secretNames(exchange: AppExchange): Promise<readonly string[]> {
  const call = {
    method: 'GET',
    target: `/v1/apps/${exchange.environment.name}/secrets`,
    repeatable: true,
  };
  const read = secretsResponse.safeParse(await jsonOf(await exchange.send(call), call));
  if (!read.success) throw new HangarError('upstream_failed', { detail: 'the answer is no list of secrets' });
  return (read.data.secrets ?? []).map(({ name }) => name);
}
