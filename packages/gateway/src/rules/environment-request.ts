import { isJsonObject, nearestName, pathTo, readBody, type Fault } from '@hangar/flyio';
import { isAppName } from '@hangar/security';
import { invalidFields } from './body-rules.ts';
import { withoutNulls, invalid } from './json.ts';

/** What somebody wants an environment to be, before anything is made. */
export interface EnvironmentRequest {
  readonly name: string;
  readonly key: string | undefined;
  readonly class: string | undefined;
  /** Upstream's word for what an app is for; most have none. */
  readonly role: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** How long it shall live; undefined is as long as it may. */
  readonly ttlSeconds: number | undefined;
  /** What the body says about these two; the policy judges it. */
  readonly organization: unknown;
  readonly network: unknown;
}

const MEMBERS: readonly string[] = ['name', 'key', 'class', 'labels', 'ttl'];
const MOST_LABELS = 64;
const LONGEST_TTL_SECONDS = 366 * 86_400;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** What is read of a body, and everything that is wrong with it. */
type Read<T> = (given: unknown, path: string, faults: Fault[]) => T | undefined;

/**
 * The body of `POST /v1/apps`, which is upstream's. Both spellings of the name count
 * (docs/specs/gateway.md#app-names); a fault names the one that was used.
 */
export function readAppRequest(body: unknown): EnvironmentRequest {
  if (!isJsonObject(body)) throw invalid('body', 'must be an object');
  // What these two may be is for the policy to say, whatever their type.
  const { org_slug: organization, network, ...rest } = body;
  const read = readBody('CreateAppRequest', rest, {
    notOffered: { CreateAppRequest: ['enable_subdomains'] },
  });
  const faults = [...read.faults];
  const { name, app_name: old, app_role_id: role } = read.value;
  const spelling = rest['name'] === undefined && rest['app_name'] !== undefined ? 'app_name' : 'name';
  if (name !== undefined && old !== undefined && name !== old)
    faults.push({ path: 'app_name', fault: 'must be the same as name; either is enough' });
  const wish = {
    name: readName(name ?? old, spelling, faults) ?? '',
    key: undefined,
    class: undefined,
    role: role === undefined || role === '' ? undefined : readText(role, 'app_role_id', faults),
    labels: {},
    ttlSeconds: undefined,
    organization,
    network: network ?? undefined,
  };
  if (faults.length > 0) throw invalidFields(faults);
  return wish;
}

/** The body of `POST /hangar/v1/environments`, which is ours: an unknown member is refused with its name. */
export function readEnvironmentRequest(body: unknown): EnvironmentRequest {
  if (!isJsonObject(body)) throw invalid('body', 'must be an object');
  const faults: Fault[] = Object.keys(body)
    .filter((member) => !MEMBERS.includes(member))
    .map((member) => ({ path: pathTo('', member), fault: unknownMember(member) }));
  const { name, key, class: kind, labels, ttl } = withoutNulls(body);
  const wish = {
    name: readName(name, 'name', faults) ?? '',
    key: optional(readText, key, 'key', faults),
    class: optional(readText, kind, 'class', faults),
    role: undefined,
    labels: optional(readLabels, labels, 'labels', faults) ?? {},
    ttlSeconds: optional(readTtl, ttl, 'ttl', faults),
    organization: undefined,
    network: undefined,
  };
  if (faults.length > 0) throw invalidFields(faults);
  return wish;
}

function optional<T>(read: Read<T>, given: unknown, path: string, faults: Fault[]): T | undefined {
  return given === undefined ? undefined : read(given, path, faults);
}

function unknownMember(member: string): string {
  const near = nearestName(member, MEMBERS);
  return near === undefined
    ? `unknown; expected one of ${MEMBERS.join(', ')}`
    : `unknown; did you mean ${near}?`;
}

const readName: Read<string> = (given, path, faults) => {
  if (typeof given === 'string' && isAppName(given)) return given;
  const rule = 'must be 1 to 63 lower-case letters, digits and inner dashes';
  faults.push({ path, fault: given === undefined ? `is needed, and ${rule}` : rule });
  return undefined;
};

/** Nothing that a page, a shell or a log could take for more than text: it is shown in all of them. */
const readText: Read<string> = (given, path, faults) => {
  if (typeof given === 'string' && /^[A-Za-z0-9][A-Za-z0-9._:/#@-]{0,254}$/.test(given)) return given;
  const fault = 'must be 1 to 255 letters, digits and . _ : / # @ -, beginning with a letter or digit';
  faults.push({ path, fault });
  return undefined;
};

const readLabels: Read<Record<string, string>> = (given, path, faults) => {
  if (!isJsonObject(given)) {
    faults.push({ path, fault: 'must be an object of strings' });
    return undefined;
  }
  const entries = Object.entries(given);
  if (entries.length > MOST_LABELS) {
    faults.push({ path, fault: `must be ${MOST_LABELS} at most` });
    return undefined;
  }
  const labels: Record<string, string> = {};
  for (const [label, value] of entries) {
    const at = pathTo(path, label);
    if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(label))
      faults.push({ path: at, fault: 'the name of a label is 1 to 63 letters, digits and . _ / -' });
    labels[label] = readText(value, at, faults) ?? '';
  }
  return labels;
};

/** Seconds, or a number with s, m, h or d. */
const readTtl: Read<number> = (given, path, faults) => {
  const text = typeof given === 'string' || typeof given === 'number' ? String(given) : '';
  const [, digits = '', unit = ''] = /^([0-9]{1,9})([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNIT_SECONDS[unit === '' ? 's' : unit] ?? 0);
  if (digits !== '' && seconds >= 1 && seconds <= LONGEST_TTL_SECONDS) return seconds;
  faults.push({ path, fault: 'must be a time such as 90m, 72h or 7d, 366 days at most' });
  return undefined;
};
