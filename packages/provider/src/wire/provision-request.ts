import { provisionRequest, updateRequest, type ProvisionRequest, type UpdateRequest } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { sha256Hex } from '@hangar/security';
import type { Extension, ExtensionChanges, Json, JsonObject } from '../extension.ts';
import type { AccountEvidence } from '../ports.ts';
import { holdsUnstorable } from './storable-text.ts';

/** The resource that a provisioning request asks for. */
export type Wanted = Pick<
  Extension,
  'name' | 'organizationId' | 'userId' | 'plan' | 'primaryRegion' | 'readRegions' | 'ipAddress' | 'options'
>;

/** A provisioning request in our words. */
export interface ProvisionOrder {
  readonly flyId: string;
  readonly wanted: Wanted;
  readonly evidence: AccountEvidence;
}

/** A PATCH in our words: what may change, what must not differ, and who is acting. */
export interface UpdateOrder {
  readonly changes: ExtensionChanges;
  readonly fixed: Partial<
    Pick<Extension, 'flyId' | 'name' | 'organizationId' | 'primaryRegion' | 'ipAddress'>
  >;
  readonly acting: Pick<UpdateRequest, 'user_id' | 'user_email' | 'user_role' | 'organization_name'>;
}

/** What is on offer; a request for anything else is refused with the list. */
export interface Offer {
  readonly regions?: readonly string[] | undefined;
  readonly plans?: readonly string[] | undefined;
}

/**
 * Reads the members of a provisioning request (docs/specs/extensions.md#provision).
 * @throws HangarError `invalid` naming each faulty member, `region_unavailable`
 */
export function readProvision(
  members: Record<string, unknown>,
  timestamp: number,
  offer: Offer,
): ProvisionOrder {
  checkTexts(members);
  const request = read(provisionRequest, members) as ProvisionRequest;
  const primaryRegion = request.primary_region;
  const wanted: Wanted = {
    name: request.name,
    organizationId: request.organization_id,
    userId: request.user_id,
    plan: request.plan ?? request.plan_id,
    primaryRegion,
    readRegions: regionSet(request.read_regions ?? [], primaryRegion),
    ipAddress: request.ip_address === undefined ? undefined : canonicalAddress(request.ip_address),
    options: readOptions(request.options) ?? {},
  };
  checkOffer(wanted, offer);
  return {
    flyId: request.id,
    wanted,
    evidence: {
      organization: {
        id: request.organization_id,
        name: request.organization_name,
        email: request.organization_email,
      },
      user: { id: request.user_id, email: request.user_email, name: undefined },
      role: request.user_role,
      at: new Date(timestamp * 1000),
    },
  };
}

/**
 * Reads the members of a PATCH (docs/specs/extensions.md#update).
 * @throws HangarError `invalid`, `region_unavailable`
 */
export function readUpdate(members: Record<string, unknown>, current: Extension, offer: Offer): UpdateOrder {
  const request = read(updateRequest, members) as UpdateRequest;
  const plan = request.plan ?? request.plan_id;
  const options = readOptions(request.options);
  // The members of both objects are counted and laid over the record: what did not change must not be in them.
  const changes: ExtensionChanges = {
    ...(plan === undefined || plan === current.plan ? {} : { plan }),
    ...changedRegions(request.read_regions, current),
    ...(options === undefined || canonical(options) === canonical(current.options) ? {} : { options }),
  };
  checkOffer({ plan: changes.plan, primaryRegion: undefined, readRegions: changes.readRegions ?? [] }, offer);
  return {
    changes,
    fixed: {
      ...(request.id === undefined ? {} : { flyId: request.id }),
      ...(request.name === undefined ? {} : { name: request.name }),
      ...(request.organization_id === undefined ? {} : { organizationId: request.organization_id }),
      ...(request.primary_region === undefined ? {} : { primaryRegion: request.primary_region }),
      ...(request.ip_address === undefined ? {} : { ipAddress: canonicalAddress(request.ip_address) }),
    },
    acting: request,
  };
}

/** What two provisioning requests must share to be the same one (docs/specs/extensions.md#idempotency). */
export function fingerprintOf(wanted: Wanted): string {
  const { organizationId, name, primaryRegion, readRegions, ipAddress, plan, options } = wanted;
  const said = [primaryRegion ?? null, readRegions, ipAddress ?? null, plan ?? null, options];
  return sha256Hex(canonical([organizationId, name, ...said]));
}

/** JSON with sorted keys, so that equal values give equal text. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const object = value as JsonObject;
  const members = Object.keys(object)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonical(object[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

/** Invisible characters in a name deceive whoever reads it in a list, a log or a terminal. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029]/u;

function checkTexts(members: Record<string, unknown>): void {
  for (const name of ['name', 'id', 'organization_id', 'user_id', 'user_email']) {
    const value = members[name];
    if (typeof value === 'string' && INVISIBLE.test(value))
      throw invalid({ [name]: 'must not hold invisible characters' });
  }
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

interface Schema {
  safeParse(
    value: unknown,
  ): { success: true; data: unknown } | { success: false; error: { issues: readonly Issue[] } };
}

function read(schema: Schema, members: Record<string, unknown>): unknown {
  const parsed = schema.safeParse(members);
  if (parsed.success) return parsed.data;
  const fields: Record<string, string> = {};
  for (const issue of parsed.error.issues) {
    const name = String(issue.path[0] ?? 'body');
    fields[name] ??= Object.hasOwn(members, name) ? issue.message : 'is missing';
  }
  throw invalid(fields);
}

function invalid(fields: Record<string, string>): HangarError {
  const names = Object.keys(fields).join(', ');
  return new HangarError('invalid', { public: `some fields are missing or malformed: ${names}`, fields });
}

/** A set without the primary region, sorted: order carries no meaning (docs/specs/extensions.md#region-sets). */
function regionSet(codes: readonly string[], primary: string | undefined): string[] {
  return [...new Set(codes)].filter((code) => code !== primary).toSorted();
}

function changedRegions(
  codes: readonly string[] | undefined,
  current: Extension,
): { readRegions?: string[] } {
  if (codes === undefined) return {};
  const readRegions = regionSet(codes, current.primaryRegion);
  return readRegions.join() === current.readRegions.join() ? {} : { readRegions };
}

function checkOffer(wanted: Pick<Wanted, 'plan' | 'primaryRegion' | 'readRegions'>, offer: Offer): void {
  const { regions, plans } = offer;
  if (regions !== undefined) {
    const fields: Record<string, string> = {};
    const sentence = `is not offered; choose one of ${regions.join(', ')}`;
    if (wanted.primaryRegion !== undefined && !regions.includes(wanted.primaryRegion)) {
      fields['primary_region'] = `${wanted.primaryRegion} ${sentence}`;
    }
    const unknown = wanted.readRegions.filter((code) => !regions.includes(code));
    if (unknown.length > 0) fields['read_regions'] = `${unknown.join(', ')} ${sentence}`;
    if (Object.keys(fields).length > 0) {
      throw new HangarError('region_unavailable', { public: Object.values(fields).join('; '), fields });
    }
  }
  if (plans !== undefined && wanted.plan !== undefined && !plans.includes(wanted.plan)) {
    throw invalid({ plan: `no such plan; choose one of ${plans.join(', ')}` });
  }
}

const MAX_OPTIONS_BYTES = 16 * 1024;

function readOptions(options: Record<string, unknown> | undefined): JsonObject | undefined {
  if (options === undefined) return undefined;
  const text = canonical(options as JsonObject);
  if (Buffer.byteLength(text) > MAX_OPTIONS_BYTES) throw invalid({ options: 'is too large' });
  if (holdsUnstorable(options)) throw invalid({ options: 'holds text that is not valid Unicode' });
  return JSON.parse(text) as JsonObject;
}

/** One spelling of an IPv6 address (RFC 5952): `fdaa:0:47fb:0:1::1d` has several. */
function canonicalAddress(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
