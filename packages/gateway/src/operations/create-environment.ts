import { newLease } from '@hangar/contract';
import { HangarError } from '@hangar/http';
import { appWireOf, environmentWire } from './environment-views.ts';
import type { Environment } from '../nouns.ts';
import type { Exchange } from '../upstream/exchange.ts';
import type { Answer } from '../answer/respond.ts';
import { once, type OperationFacts, type OnceAnswer } from '../reserve/idempotency.ts';
import { opening } from '../note/audited-change.ts';
import { claim } from '../making/lease.ts';
import { make } from '../making/lifecycle.ts';
import { heldSince, nameTaken } from '../making/name-hold.ts';
import { bucketNameFor, markFor, newUlid } from '../rules/naming.ts';
import { checkOrganizationSlug } from '../policy/org-policy.ts';
import { sleep, type Deps } from '../deps.ts';
import { policyError } from '../policy/policy-checks.ts';
import type { ReserveReason } from '../ports.ts';
import { LEASE_MS } from '../making/saga.ts';
import type { EnvironmentRequest } from '../rules/environment-request.ts';

/** The role of the app that flyctl makes in order to build images in it, of a size that no environment has. */
const REMOTE_BUILDER = 'remote-docker-builder';

/** How long a repeated request waits for the one that is already at work. */
const WAIT_TRIES = 100;
const WAIT_PAUSE_MS = 200;

/**
 * `POST /v1/apps`: an app of its own network with a bucket, a key that reaches nothing else, and the secrets for it.
 * Answers as upstream does. The network is always the environment's own.
 */
export async function createApp(exchange: Exchange, deps: Deps): Promise<OnceAnswer> {
  const { workspace } = exchange.caller;
  const wish = wishOf(exchange);
  const organization = checkOrganizationSlug(wish.organization, workspace);
  if (organization) throw organization;
  if (wish.role === REMOTE_BUILDER)
    throw new HangarError('policy_denied', {
      public: 'images are not built through the gateway: deploy one that is there with --image',
    });
  await checkNetwork(wish, exchange, deps);
  return await once(exchange, deps, async (operation) => {
    const environment = await createOnce(wish, exchange, deps, operation);
    return {
      status: 201,
      json: {
        ...appWireOf(environment, workspace, { machines: 0, volumes: 0 }),
        created_at: environment.createdAt.getTime(),
      },
    };
  });
}

/**
 * Every app lives on a network of its own: on a network that the caller names, tenants could meet. Leaving it out and
 * the empty text, which stock clients send for nothing, ask for none; the name that the app has already is no other one.
 */
async function checkNetwork(
  { name, network }: EnvironmentRequest,
  { caller }: Exchange,
  { store }: Deps,
): Promise<void> {
  if (network === undefined || network === '') return;
  const holder = await store.environmentNamed(name);
  if (holder?.workspace === caller.workspace.number && holder.network === network) return;
  throw policyError(
    'network',
    'network',
    'isolated',
    'every app gets a network of its own; leave network out',
  );
}

/** `POST /hangar/v1/environments`: the same thing with what upstream has no words for: key, class, labels, lifetime. */
export async function createEnvironment(exchange: Exchange, deps: Deps): Promise<OnceAnswer> {
  const wish = wishOf(exchange);
  return await once(exchange, deps, async (operation): Promise<Answer> => {
    const environment = await createOnce(wish, exchange, deps, operation);
    return { status: 201, json: environmentWire(environment, [], deps.storageEndpoint) };
  });
}

/** The pipeline has read it out of the body, for the caveats. */
function wishOf({ wanted, plan }: Exchange): EnvironmentRequest {
  if (wanted.wish) return wanted.wish;
  throw new HangarError('internal', { detail: `${plan.route.id} has no wish` });
}

async function createOnce(
  wish: EnvironmentRequest,
  exchange: Exchange,
  deps: Deps,
  operation: OperationFacts,
): Promise<Environment> {
  const live = (exchange.clearance?.limits ?? []).filter((limit) => limit.kind === 'live');
  const row = newRow(wish, exchange, deps);
  const limits = { workspace: deps.policy.maxEnvironments, branches: live };
  const reserved = await opening(
    exchange.change,
    async (audit) => await deps.store.reserve({ ...row, audit }, limits),
    ({ ok }) => ok,
  );
  if (reserved.ok) return await makeFor(exchange, reserved.value, deps);
  if (reserved.reason.tag === 'name_in_use')
    return await goOn(reserved.reason.holder, exchange, deps, operation);
  throw placeError(reserved.reason, exchange);
}

/** From its end on there is an app, whatever becomes of the answer. */
async function makeFor(exchange: Exchange, environment: Environment, deps: Deps): Promise<Environment> {
  const made = await make(environment, deps);
  exchange.noteWritten();
  return made;
}

function placeError(reason: Exclude<ReserveReason, { tag: 'name_in_use' }>, exchange: Exchange): HangarError {
  switch (reason.tag) {
    case 'workspace_closed':
      return new HangarError('gone', { public: 'the organization of this token was deleted' });
    case 'name_held':
      return nameTaken();
    case 'key_held':
      return new HangarError('conflict', { public: 'another environment has this key' });
    case 'quota_used': {
      const { limit } = reason;
      return policyError('name', 'environments.max_live', limit, `the workspace already has ${limit} apps`);
    }
    case 'branch_quota_used': {
      const { limit, branch } = reason;
      const clearance = exchange.clearance;
      const caveat = clearance?.limits.find((each) => each.kind === 'live' && each.branch === branch);
      return new HangarError('caveat_denied', {
        public: `Token ${clearance?.tokenId ?? ''} does not allow another environment now. It may have ${limit} alive.`,
        extra: {
          caveat: caveat?.kind === 'live' ? caveat.caveat : '',
          rule: 'EnvCreate.max_live',
          limit,
        },
      });
    }
  }
}

/** Everything that will ever be named is named here, before the first call outside. */
function newRow(wish: EnvironmentRequest, { caller, clearance }: Exchange, deps: Deps) {
  const { name, key, role, class: kind, labels } = wish;
  const createdAt = deps.now();
  const id = `env_${newUlid(createdAt)}`;
  const mark = markFor(deps.installation, id);
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
    key,
    role,
    class: kind,
    labels,
    expiresAt: endOf(wish, clearance, createdAt),
    branches: clearance?.branches ?? [caller.verified.branch],
    lease: newLease(createdAt, LEASE_MS),
    heldSince: heldSince(createdAt),
  };
}

/** The shortest of what was asked for and what the token allows. */
function endOf(
  { ttlSeconds }: EnvironmentRequest,
  clearance: Exchange['clearance'],
  createdAt: Date,
): Date | undefined {
  const allowed = (clearance?.limits ?? []).flatMap((limit) =>
    limit.kind === 'live' ? [limit.maxTtlSeconds] : [],
  );
  const seconds = Math.min(ttlSeconds ?? Number.POSITIVE_INFINITY, ...allowed);
  return Number.isFinite(seconds) ? new Date(createdAt.getTime() + seconds * 1000) : undefined;
}

/**
 * The name is held. A client that lost the answer sends its request again: then the same token holds the name, and the
 * creation is finished for it, or waited for. Anybody else hears what upstream would say.
 */
async function goOn(
  holder: Environment,
  exchange: Exchange,
  deps: Deps,
  operation: OperationFacts,
): Promise<Environment> {
  const { verified, workspace } = exchange.caller;
  if (holder.workspace !== workspace.number || holder.createdByBranch !== verified.branch) throw nameTaken();
  const madeByThis =
    operation.repeated && operation.since !== undefined && holder.createdAt >= operation.since;
  if (holder.phase === 'ready' && madeByThis) return holder;
  if (holder.phase === 'ready') throw nameTaken();
  for (let tries = 0; tries < WAIT_TRIES; tries += 1) {
    if (tries > 0) await exchange.checkBetweenLooks();
    const mine = await claim(holder.id, ['provisioning'], deps);
    if (mine) return await makeFor(exchange, mine, deps);
    const now = await deps.store.environment(holder.id);
    if (now?.phase === 'ready') return now;
    if (now?.phase !== 'provisioning') break;
    await sleep(WAIT_PAUSE_MS);
  }
  throw new HangarError('state_conflict', {
    public: 'an app of this name is still being set up or deleted',
    retryAfterSeconds: 5,
  });
}
