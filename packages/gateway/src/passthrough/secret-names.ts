import { secretsResponse } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import type { Secret } from '@hangar/security';
import { refusalOf } from './caller-upstream.ts';
import type { PassthroughDeps } from './deps.ts';

/**
 * Names of an app's secrets.
 * @throws HangarError in upstream's words when it does not tell: no list is not an empty list
 */
export async function secretNames(
  app: string,
  authorization: Secret,
  { upstream }: Pick<PassthroughDeps, 'upstream'>,
): Promise<readonly string[]> {
  const found = await upstream.json({ method: 'GET', target: `/v1/apps/${app}/secrets`, authorization });
  if ('refusal' in found) throw await refusalOf(found.refusal);
  const read = secretsResponse.safeParse(found.json);
  if (!read.success)
    throw new HangarError('upstream_failed', { status: 500, detail: 'the answer is no list of secrets' });
  return (read.data.secrets ?? []).map(({ name }) => name);
}
