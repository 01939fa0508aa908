import { isJsonObject, nearestName, pathTo, type Fault } from '@hangar/flyio/bodies';
import { ok, refuse, type Result } from '@hangar/http';
import { DEFAULT_POLICY, type EnvironmentPolicy } from './policy.ts';
import { POLICY_RULES, type PolicyMember, type PolicyRule } from './policy-rules.ts';

/** A policy, and which of its members somebody has decided; the others are those of {@link DEFAULT_POLICY}. */
export interface ReadPolicy {
  readonly policy: EnvironmentPolicy;
  readonly decided: readonly PolicyMember[];
}

/** The form of the file that this version reads. */
const VERSION = 1;

/**
 * What a policy is going to say, and nothing enforces yet. An operator who wrote it would believe that it holds, so it is
 * refused like a name that means nothing, but in words that do not send anybody looking for a slip.
 */
const NOT_SUPPORTED_YET: ReadonlySet<string> = new Set([
  ...['max_creates_per_minute', 'name_prefixes'].map((name) => `environments.${name}`),
  'images.deny',
  'guests.gpu',
  'machines.max_running',
  ...['mode', 'flycast', 'ports'].map((name) => `network.${name}`),
  ...['ttl', 'max_ttl', 'idle_after', 'idle_action', 'delete_stopped_after', 'checkpoint_before_delete'].map(
    (name) => `lifecycle.${name}`,
  ),
  ...['enabled', 'allow', 'deny_first_arg'].map((name) => `exec.${name}`),
  'storage',
  'config',
  'tokens',
  'budget',
  'rate',
  'previews',
]);

const RULES: ReadonlyMap<string, { readonly member: PolicyMember; readonly rule: PolicyRule<unknown> }> =
  new Map(
    (Object.keys(POLICY_RULES) as PolicyMember[]).map((member) => {
      const rule: PolicyRule<unknown> = POLICY_RULES[member];
      return [rule.name, { member, rule }];
    }),
  );

/** The objects of the file, each with the names that may stand in it; '' is the file itself. */
const SECTIONS: ReadonlyMap<string, readonly string[]> = sectionsOf([...RULES.keys()]);

function sectionsOf(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>([['', ['version']]]);
  for (const name of names) {
    const [section = '', member] = name.split('.');
    if (member === undefined) sections.get('')?.push(section);
    else if (sections.has(section)) sections.get(section)?.push(member);
    else {
      sections.set(section, [member]);
      sections.get('')?.push(section);
    }
  }
  return sections;
}

/** Reads a policy as an operator wrote it, and finds everything that is wrong with it. */
export function readPolicy(file: unknown): Result<ReadPolicy, readonly Fault[]> {
  if (!isJsonObject(file)) return refuse([{ path: '', fault: 'must be an object' }]);
  const faults: Fault[] = [];
  const read = new Map<PolicyMember, unknown>();
  if (file['version'] !== VERSION)
    faults.push({ path: 'version', fault: `must be ${VERSION}, the form that this Hangar reads` });
  const visit = (given: Readonly<Record<string, unknown>>, section: string): void => {
    for (const [name, value] of Object.entries(given)) {
      const path = pathTo(section, name);
      const found = RULES.get(path);
      if (found !== undefined) {
        const { member, rule } = found;
        const understood = rule.read(value);
        if (understood === undefined) faults.push({ path, fault: `must be ${rule.form}` });
        else read.set(member, understood);
      } else if (section === '' && SECTIONS.has(name)) {
        if (isJsonObject(value)) visit(value, name);
        else faults.push({ path, fault: 'must be an object' });
      } else if (path !== 'version') faults.push({ path, fault: unknownName(name, section) });
    }
  };
  visit(file, '');
  if (faults.length > 0) return refuse(faults);
  return ok({ policy: { ...DEFAULT_POLICY, ...Object.fromEntries(read) }, decided: [...read.keys()] });
}

function unknownName(name: string, section: string): string {
  if (NOT_SUPPORTED_YET.has(pathTo(section, name)))
    return 'is not supported yet: nothing would enforce it. Leave it out';
  const known = SECTIONS.get(section) ?? [];
  const near = nearestName(name, known);
  return near === undefined
    ? `is not known; expected one of ${known.map((each) => pathTo(section, each)).join(', ')}`
    : `is not known; did you mean ${pathTo(section, near)}?`;
}
