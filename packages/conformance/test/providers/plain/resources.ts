import { randomUUID } from 'node:crypto';
import type { Has } from './faults.ts';
import type { Members } from './signed.ts';

export interface Resource {
  readonly id: string;
  readonly flyId: string | undefined;
  organizationId: string;
  readonly userId: string;
  name: string;
  plan: string | null;
  readonly primaryRegion: string | null;
  readRegions: string[];
  readonly ipAddress: string | null;
  status: string;
  readonly config: Record<string, string>;
  readonly madeMs: number;
  readonly role: string;
  deletedMs: number | undefined;
}

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** Everything that is sold, by the provider's id. */
export type Shop = Map<string, Resource>;

const REQUIRED = ['name', 'id', 'organization_id', 'organization_name', 'user_id', 'user_email'];
const REGION = /^[a-z]{3}$/;
const STRANGE = /[\p{Cc}\p{Cf}]/u;

const invalid = (...names: string[]): Reply => ({
  status: 422,
  body: { error: `these members are missing or wrong: ${names.join(', ')}`, code: 'invalid' },
});

/** Members that make no sense, by name. */
function faulty(members: Members, has: Has): Reply | undefined {
  const text = (name: string): boolean => {
    const value = members[name];
    return typeof value === 'string' && value !== '' && value.length <= 200;
  };
  if (!has('types are not looked at')) {
    const wrong = REQUIRED.filter((name) => !text(name));
    if (members['user_role'] !== undefined && !text('user_role')) wrong.push('user_role');
    if (wrong.length > 0)
      return has('a missing member is a failure')
        ? { status: 500, body: { error: 'broken' } }
        : invalid(...wrong);
  }
  const { name, primary_region: primary, read_regions: regions, ip_address: address } = members;
  if (typeof name === 'string' && STRANGE.test(name))
    return has('a strange name is a failure') ? { status: 500, body: { error: 'broken' } } : invalid('name');
  if (primary !== undefined && !(typeof primary === 'string' && REGION.test(primary)))
    return has('a strange region is a failure')
      ? { status: 500, body: { error: 'broken' } }
      : invalid('primary_region');
  const many = Array.isArray(regions) && regions.every((one) => typeof one === 'string' && REGION.test(one));
  if (regions !== undefined && !many && !has('regions may be text')) return invalid('read_regions');
  if (regions !== undefined && has('regions are refused')) return invalid('read_regions');
  const flycast = typeof address === 'string' && /^fdaa:[0-9a-f:]+$/i.test(address);
  if (address !== undefined && !flycast && !has('any address is accepted')) return invalid('ip_address');
  const known = [
    ...REQUIRED,
    'user_role',
    'primary_region',
    'read_regions',
    'ip_address',
    'url',
    'nonce',
    'timestamp',
  ];
  if (has('unknown members are refused') && Object.keys(members).some((one) => !known.includes(one)))
    return invalid('unknown');
  return undefined;
}

/** Makes a resource, or finds the one that was made for the same id. */
export async function provision(members: Members, shop: Shop, has: Has): Promise<Reply> {
  const wrong = faulty(members, has);
  if (wrong !== undefined) return wrong;
  const asked = wanted(members, has);
  const find = (): Resource | undefined =>
    [...shop.values()].find((one) =>
      has('one resource for each organization')
        ? one.organizationId === asked.organizationId && one.deletedMs === undefined
        : has('resources are found by name')
          ? one.name === asked.name && one.deletedMs === undefined
          : one.flyId === asked.flyId,
    );
  const known = find();
  if (has('looks before it writes')) await new Promise((resolve) => setTimeout(resolve, 20));
  const anew = has('a second resource for the same id') || has('a repetition is a second resource');
  if (known !== undefined && !anew) return again(known, asked, has);
  const name = [...shop.values()].some((one) => one.name === asked.name && one.deletedMs === undefined)
    ? `${asked.name}-${shop.size}`
    : asked.name;
  const made = { ...asked, name };
  const put = (): void => void shop.set(made.id, made);
  if (has('an id works only later')) setTimeout(put, 200);
  else put();
  return { status: 201, body: sold(made, has) };
}

function again(known: Resource, asked: Resource, has: Has): Reply {
  if (has('one resource for each organization') || has('resources are found by name'))
    return { status: 200, body: sold(known, has) };
  if (known.deletedMs !== undefined) {
    if (!has('what was deleted is back'))
      return { status: 409, body: { error: 'the id was used by a deleted resource', code: 'conflict' } };
    known.deletedMs = undefined;
    return { status: 200, body: sold(known, has) };
  }
  const same =
    (known.organizationId === asked.organizationId || has('another organization gets the same resource')) &&
    (known.primaryRegion === asked.primaryRegion || has('another region is the same')) &&
    (!has('who asks is part of what is asked') || known.userId === asked.userId);
  if (!same) return { status: 409, body: { error: 'the id is in use', code: 'conflict' } };
  const answer = sold(known, has);
  return {
    status: 200,
    body: has('new credentials for the same id') ? { ...answer, config: asked.config } : answer,
  };
}

function wanted(members: Members, has: Has): Resource {
  const text = (name: string): string => {
    const value = members[name];
    return typeof value === 'string' ? value : JSON.stringify(value ?? '');
  };
  const regions = members['read_regions'];
  const role = text('user_role');
  const id = randomUUID();
  return {
    id,
    flyId: text('id'),
    organizationId: text('organization_id'),
    userId: text('user_id'),
    name: text('name'),
    plan: null,
    primaryRegion: members['primary_region'] === undefined ? null : text('primary_region'),
    readRegions: Array.isArray(regions) ? regions.map(String) : [],
    ipAddress: members['ip_address'] === undefined ? null : text('ip_address'),
    status: has('the status is Ready') ? 'Ready' : has('the status is active') ? 'active' : 'ready',
    config: { LOGJAM_URL: `https://drain:${randomUUID()}@${id}.logjam.example` },
    madeMs: Date.now(),
    role:
      role === 'member' || role === '' || (role !== 'admin' && !has('an unknown role is an admin'))
        ? 'member'
        : 'admin',
    deletedMs: undefined,
  };
}

function sold(one: Resource, has: Has): Record<string, unknown> {
  const answer: Record<string, unknown> = {
    ...shown(one, has),
    config: one.config,
    fly_app_name: 'logjam-edge',
  };
  if (has('config is missing')) delete answer['config'];
  if (has('a number in config')) answer['config'] = { ...one.config, LOGJAM_PORT: 5432 };
  if (has('a lower-case name in config')) answer['config'] = { logjam_url: one.config['LOGJAM_URL'] };
  if (has('an address without a host in config')) answer['config'] = { LOGJAM_URL: 'drain' };
  if (has('the name is empty')) answer['name'] = '';
  if (has('the app name is none')) answer['fly_app_name'] = 'Logjam Edge';
  if (has('an unknown role is an admin')) answer['role'] = one.role;
  return answer;
}

let times = 0;

/** A resource as GET and webhooks tell it. */
export function shown(one: Resource, has: Has): Record<string, unknown> {
  times += 1;
  const owner = has('the owner is not shown')
    ? {}
    : { organization_id: one.organizationId, user_id: one.userId };
  return {
    ...owner,
    id: has('a resource is shown without its id') ? undefined : one.id,
    name: one.name,
    plan: one.plan,
    status: one.status,
    primary_region: one.primaryRegion,
    read_regions: one.readRegions,
    ...(has('no two answers are alike') ? { seen: times } : {}),
  };
}

/** Changes what may change. */
export async function update(one: Resource, members: Members, has: Has): Promise<Reply> {
  const immutable = (name: string): Reply => ({
    status: 422,
    body: { error: `${name} cannot be changed`, code: 'immutable' },
  });
  const { organization_id: owner, primary_region: primary, read_regions: regions, plan, name } = members;
  if (typeof owner === 'string' && owner !== one.organizationId) {
    if (!has('the owner may be changed')) return immutable('organization_id');
    one.organizationId = owner;
  }
  if (primary !== undefined && primary !== one.primaryRegion && !has('a move is agreed to and not done'))
    return immutable('primary_region');
  if (plan !== undefined && !has('any plan is agreed to'))
    return { status: 422, body: { error: 'no such plan', code: 'invalid' } };
  if (has('a PATCH changes the name') && typeof name === 'string') one.name = `${one.name}-again`;
  if (Array.isArray(regions) && !has('regions are not stored')) {
    if (regions.length === 0 && has('an empty list changes nothing'))
      return { status: 200, body: shown(one, has) };
    const before = one.readRegions;
    one.readRegions = regions.map(String).toSorted();
    if (has('two changes are mixed') && before.length === 1)
      one.readRegions = [...before, ...one.readRegions];
  }
  if (regions === undefined && has('absent is empty')) one.readRegions = [];
  return { status: 200, body: shown(one, has) };
}
