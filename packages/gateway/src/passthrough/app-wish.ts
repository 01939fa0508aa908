import { foldName, SCHEMAS, type Fault, type Json } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { isAppName } from '@hangar/security';
import { invalidFields } from '../rules/body-rules.ts';
import { invalid, isObject } from '../rules/json.ts';
import { namesFit } from './storage/record.ts';

/** The app that is to be made. */
export interface AppWish {
  readonly app: string;
  readonly organization: string;
  /** For upstream: as it came, members that we do not know included. */
  readonly body: Json;
}

const APP_MEMBERS = Object.keys(SCHEMAS.CreateAppRequest);

/**
 * The body of `POST /v1/apps`. Both spellings of the name count (docs/specs/gateway.md#app-names). The organization is
 * needed, since it decides.
 * @throws HangarError `bad_request` without a readable `org_slug` or with two names, `invalid` for what cannot be
 */
export function readAppWish(body: unknown): AppWish {
  if (!isObject(body)) throw new HangarError('bad_request', { public: 'the body must be a JSON object' });
  const faults = spelledOtherwise(body, APP_MEMBERS, '');
  if (faults.length > 0) throw invalidFields(faults);
  const { org_slug: organization, name, app_name: old } = body;
  if (typeof organization !== 'string' || organization === '')
    throw new HangarError('bad_request', { public: 'org_slug is needed: the slug of an organization' });
  if (isGiven(name) && isGiven(old) && name !== old)
    throw new HangarError('bad_request', { public: 'name and app_name differ; either is enough' });
  const app = isGiven(name) ? name : old;
  const spelling = isGiven(name) ? 'name' : 'app_name';
  if (typeof app !== 'string' || !isAppName(app))
    throw invalid(spelling, 'must be 1 to 63 lower-case letters, digits and inner dashes');
  if (!namesFit(organization, app))
    throw invalid(spelling, 'is too long for storage, together with the slug of the organization');
  return { app, organization, body };
}

/** Go clients send what is not set as null or empty. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Upstream compares names without case, and takes the last: what is not written exactly would be read there, unchecked. */
export function spelledOtherwise(value: Json, names: readonly string[], path: string): readonly Fault[] {
  const folded = new Map(names.map((name) => [foldName(name), name]));
  return Object.keys(value).flatMap((member) => {
    const name = folded.get(foldName(member));
    if (name === undefined || name === member) return [];
    return [{ path: path === '' ? member : `${path}.${member}`, fault: `must be written ${name}` }];
  });
}
