import { HangarError, isAppName } from '@hangar/security';
import { appWireOf } from './app-wire.ts';
import type { Environment } from './environment.ts';
import { readJson, type Answer, type Exchange } from './exchange.ts';
import { once, type OperationFacts, type OnceAnswer } from './idempotency.ts';
import { claim, make, newOwner } from './lifecycle.ts';
import { invalid, isObject, withoutNulls } from './machine-config.ts';
import { bucketNameFor, markFor, newUlid } from './naming.ts';
import { checkOrganizationSlug } from './org-policy.ts';
import { pause, type Parts } from './parts.ts';
import { policyError } from './policy.ts';
import { leaseMs, ownerOf } from './saga.ts';

/** How long a repeated request waits for the one that is already at work. */
const waitTries = 100;
const waitPauseMs = 200;

/**
 * `POST /v1/apps`: an app of its own network with a bucket, a key that reaches nothing else, and the secrets for it.
 * Answers as upstream does. The network is always the environment's own, whatever the body says.
 */
export async function createApp(exchange: Exchange, parts: Parts): Promise<OnceAnswer> {
  const { bytes, value } = await readJson(exchange);
  const name = readName(value, exchange);
  return await once(
    exchange,
    bytes,
    parts,
    async (operation) => await createOnce(name, exchange, parts, operation),
  );
}

/** Both spellings of the name count (defect U9), and both organizations, of body and token. */
function readName(value: unknown, exchange: Exchange): string {
  if (!isObject(value)) throw invalid('body', 'a JSON object is needed');
  const organization = checkOrganizationSlug(value['org_slug'], exchange.caller.workspace);
  if (organization) throw organization;
  const { name, app_name: old } = withoutNulls(value);
  if (name !== undefined && old !== undefined && name !== old) throw invalid('name', 'differs from app_name');
  const given = name ?? old;
  if (typeof given !== 'string' || !isAppName(given)) {
    throw invalid('name', 'must be 1 to 63 lower-case letters, digits and inner dashes');
  }
  return given;
}

async function createOnce(
  name: string,
  exchange: Exchange,
  parts: Parts,
  operation: OperationFacts,
): Promise<Answer> {
  const { workspace } = exchange.caller;
  const reserved = await parts.store.reserve(newRow(name, exchange, parts), parts.policy.maxEnvironments);
  let environment: Environment;
  if (reserved.ok) {
    environment = await make(reserved.value, parts);
  } else if (reserved.reason.tag === 'quota_used') {
    const { limit } = reserved.reason;
    throw policyError('name', 'max_environments', limit, `the workspace already has ${limit} apps`);
  } else {
    environment = await goOn(reserved.reason.holder, exchange, parts, operation);
  }
  return {
    status: 201,
    json: { ...appWireOf(environment, workspace, 0), created_at: environment.createdAt.getTime() },
  };
}

/** Everything that will ever be named is named here, before the first call outside. */
function newRow(name: string, { caller }: Exchange, parts: Parts) {
  const createdAt = parts.now();
  const id = `env_${newUlid(createdAt)}`;
  const mark = markFor(parts.installation, id);
  return {
    id,
    workspace: caller.workspace.number,
    name,
    network: mark,
    bucket: bucketNameFor(name),
    keyName: mark,
    policyName: mark,
    createdByToken: caller.verified.tokenId,
    createdByBranch: caller.verified.branch,
    createdAt,
    leaseOwner: newOwner(),
    leaseUntil: new Date(createdAt.getTime() + leaseMs),
  };
}

/**
 * The name is held. A client that lost the answer sends its request again: then the same token holds the name, and the
 * creation is finished for it, or waited for. Anybody else hears what upstream would say.
 */
async function goOn(
  holder: Environment,
  exchange: Exchange,
  parts: Parts,
  operation: OperationFacts,
): Promise<Environment> {
  const { verified, workspace } = exchange.caller;
  if (holder.workspace !== workspace.number || holder.createdByBranch !== verified.branch) throw nameTaken();
  const madeByThis =
    operation.repeated && operation.since !== undefined && holder.createdAt >= operation.since;
  if (holder.phase === 'ready' && madeByThis) return holder;
  if (holder.phase === 'ready') throw nameTaken();
  for (let tries = 0; tries < waitTries; tries += 1) {
    const mine = await claim(holder.id, parts);
    if (mine?.phase === 'provisioning') return await make(mine, parts);
    const now = mine ?? (await parts.store.environment(holder.id));
    if (mine) await parts.store.release({ id: mine.id, owner: ownerOf(mine), notBefore: undefined });
    if (now?.phase === 'ready') return now;
    if (now?.phase !== 'provisioning') break;
    await pause(waitPauseMs);
  }
  throw new HangarError('state_conflict', {
    public: 'an app of this name is still being set up or deleted',
    retryAfterSeconds: 5,
  });
}

function nameTaken(): HangarError {
  return new HangarError('name_taken', {
    status: 422,
    public: 'Validation failed: Name has already been taken',
    extra: { status: 'name_taken' },
  });
}
