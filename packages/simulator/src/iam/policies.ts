import { randomBase36 } from '../ids.ts';
import type { Simulation } from '../simulation.ts';
import type { AccessKey, Policy } from '../world/storage.ts';
import { MalformedPolicy, readPolicy } from './document.ts';
import { keyOf } from './keys.ts';
import { IamRefusal } from './refusal.ts';

/** The organization that all simulated storage belongs to. Those that come from Fly.io begin with `flyio_`. */
const ORGANIZATION = 'flyio_operator';

const ONLY_VERSION = 'v1';

/** `CreatePolicy`: the document is judged now, and names are unique. */
export function createPolicy(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const name = form.get('PolicyName') ?? '';
  if (!/^[\w+=,.@-]{1,128}$/.test(name))
    throw new IamRefusal('ValidationError', 'The specified value for policyName is invalid');
  const arn = `arn:aws:iam::${ORGANIZATION}:policy/${name}`;
  if (simulation.world.policies.has(arn)) {
    throw new IamRefusal(
      'EntityAlreadyExists',
      `A policy called ${name} already exists. Duplicate names are not allowed.`,
    );
  }
  const document = form.get('PolicyDocument') ?? '';
  try {
    readPolicy(document);
  } catch (error) {
    if (error instanceof MalformedPolicy) throw new IamRefusal('MalformedPolicyDocument', error.message);
    throw error;
  }
  const policy: Policy = {
    arn,
    id: `policy_${randomBase36(12)}`,
    name,
    description: form.get('Description') ?? '',
    createdAtMs: simulation.clock.nowMs(),
    document,
  };
  simulation.world.policies.set(arn, policy);
  return { Policy: policyWire(simulation, policy) };
}

/** `GetPolicy`. */
export function getPolicy(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  return { Policy: policyWire(simulation, policyOf(simulation, form.get('PolicyArn'))) };
}

/** `GetPolicyVersion`: there is one version; its document comes URL-encoded, as on AWS. */
export function getPolicyVersion(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const policy = policyOf(simulation, form.get('PolicyArn'));
  if (form.get('VersionId') !== ONLY_VERSION) {
    throw new IamRefusal('NoSuchEntity', `Policy version ${form.get('VersionId') ?? ''} does not exist`);
  }
  return {
    PolicyVersion: {
      Document: encodeURIComponent(policy.document),
      VersionId: ONLY_VERSION,
      IsDefaultVersion: true,
      CreateDate: new Date(policy.createdAtMs).toISOString(),
    },
  };
}

/** `ListPolicies`. */
export function listPolicies(simulation: Simulation): Record<string, unknown> {
  const policies = [...simulation.world.policies.values()].map((policy) => policyWire(simulation, policy));
  return { Policies: { member: policies }, IsTruncated: false };
}

/** `DeletePolicy`; one that is still attached is refused. */
export function deletePolicy(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const policy = policyOf(simulation, form.get('PolicyArn'));
  if (holders(simulation, policy).length > 0) {
    throw new IamRefusal('DeleteConflict', 'Cannot delete a policy attached to entities.');
  }
  simulation.world.policies.delete(policy.arn);
  return {};
}

/** `AttachUserPolicy`: there are no users, `UserName` is the id of a key. */
export function attachPolicy(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const policy = policyOf(simulation, form.get('PolicyArn'));
  const key = keyOf(simulation, form.get('UserName'));
  key.policies.add(policy.arn);
  simulation.world.accessKeys.changed(key.id);
  return {};
}

/** `DetachUserPolicy`. */
export function detachPolicy(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const policy = policyOf(simulation, form.get('PolicyArn'));
  const key = keyOf(simulation, form.get('UserName'));
  if (!key.policies.delete(policy.arn)) {
    throw new IamRefusal('NoSuchEntity', `Policy ${policy.arn} was not found.`);
  }
  simulation.world.accessKeys.changed(key.id);
  return {};
}

/** `ListAttachedUserPolicies` of AWS; Tigris answers it under `ListUserPolicies` as well, with names. */
export function listUserPolicies(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const key = keyOf(simulation, form.get('UserName'));
  const names = [...key.policies].map((arn) => simulation.world.policies.get(arn)?.name ?? arn);
  return { PolicyNames: { member: names }, IsTruncated: false };
}

/** `ListEntitiesForPolicy`: the keys that hold it. */
export function listEntities(simulation: Simulation, form: URLSearchParams): Record<string, unknown> {
  const keys = holders(simulation, policyOf(simulation, form.get('PolicyArn')));
  return {
    PolicyUsers: { member: keys.map((key) => ({ UserName: key.id, UserId: key.id })) },
    PolicyGroups: {},
    PolicyRoles: {},
    IsTruncated: false,
  };
}

function policyOf(simulation: Simulation, arn: string | null): Policy {
  const policy = simulation.world.policies.get(arn ?? '');
  if (!policy)
    throw new IamRefusal('NoSuchEntity', `Policy ${arn ?? ''} does not exist or is not attachable.`);
  return policy;
}

function holders(simulation: Simulation, policy: Policy): AccessKey[] {
  return [...simulation.world.accessKeys.values()].filter((key) => key.policies.has(policy.arn));
}

function policyWire(simulation: Simulation, policy: Policy): Record<string, unknown> {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: '/',
    DefaultVersionId: ONLY_VERSION,
    AttachmentCount: holders(simulation, policy).length,
    IsAttachable: true,
    Description: policy.description,
    CreateDate: new Date(policy.createdAtMs).toISOString(),
    UpdateDate: new Date(policy.createdAtMs).toISOString(),
  };
}
