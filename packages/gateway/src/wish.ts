import { isAppName } from '@hangar/security';
import { invalid, isObject, withoutNulls } from './machine-config.ts';

/** What somebody wants an environment to be, before anything is made. */
export interface EnvironmentWish {
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

const members: readonly string[] = ['name', 'key', 'class', 'labels', 'ttl'];
const maxLabels = 64;
const maxTtlSeconds = 366 * 86_400;
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The body of `POST /v1/apps`, which is upstream's. Both spellings of the name count (defect U9). */
export function readAppWish(value: unknown): EnvironmentWish {
  if (!isObject(value)) throw invalid('body', 'a JSON object is needed');
  const { name, app_name: old, network, app_role_id: role } = withoutNulls(value);
  if (name !== undefined && old !== undefined && name !== old) throw invalid('name', 'differs from app_name');
  return {
    name: nameOf(name ?? old),
    key: undefined,
    class: undefined,
    role: role === undefined || role === '' ? undefined : textOf(role, 'app_role_id'),
    labels: {},
    ttlSeconds: undefined,
    organization: value['org_slug'],
    network,
  };
}

/** The body of `POST /hangar/v1/environments`, which is ours: an unknown member is refused with its name. */
export function readEnvironmentWish(value: unknown): EnvironmentWish {
  if (!isObject(value)) throw invalid('body', 'a JSON object is needed');
  for (const member of Object.keys(value)) {
    if (!members.includes(member))
      throw invalid(member, `is not known here; known are ${members.join(', ')}`);
  }
  const { name, key, class: kind, labels, ttl } = withoutNulls(value);
  return {
    name: nameOf(name),
    key: key === undefined ? undefined : textOf(key, 'key'),
    class: kind === undefined ? undefined : textOf(kind, 'class'),
    role: undefined,
    labels: labels === undefined ? {} : labelsOf(labels),
    ttlSeconds: ttl === undefined ? undefined : ttlOf(ttl),
    organization: undefined,
    network: undefined,
  };
}

function nameOf(given: unknown): string {
  if (typeof given === 'string' && isAppName(given)) return given;
  throw invalid('name', 'must be 1 to 63 lower-case letters, digits and inner dashes');
}

/** Nothing that a page, a shell or a log could take for more than text: it is shown in all of them. */
function textOf(given: unknown, field: string): string {
  if (typeof given === 'string' && /^[A-Za-z0-9][A-Za-z0-9._:/#@-]{0,254}$/.test(given)) return given;
  throw invalid(
    field,
    'must be 1 to 255 letters, digits and . _ : / # @ -, beginning with a letter or digit',
  );
}

function labelsOf(given: unknown): Record<string, string> {
  if (!isObject(given)) throw invalid('labels', 'an object of texts is needed');
  const entries = Object.entries(given);
  if (entries.length > maxLabels) throw invalid('labels', `${maxLabels} at most`);
  return Object.fromEntries(
    entries.map(([label, value]) => {
      if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(label))
        throw invalid('labels', 'names are 1 to 63 letters, digits and . _ / -');
      return [label, textOf(value, `labels.${label}`)];
    }),
  );
}

/** Seconds, or a number with s, m, h or d. */
function ttlOf(given: unknown): number {
  const text = typeof given === 'string' || typeof given === 'number' ? String(given) : '';
  const [, digits = '', unit = ''] = /^([0-9]{1,9})([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(digits) * (unitSeconds[unit === '' ? 's' : unit] ?? 0);
  if (digits !== '' && seconds >= 1 && seconds <= maxTtlSeconds) return seconds;
  throw invalid('ttl', 'a time such as 90m, 72h or 7d is needed, 366 days at most');
}
