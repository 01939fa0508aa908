import { HangarError } from '@hangar/http';
import type { EnvironmentPolicy } from './policy.ts';
import type { RuleName } from './policy-rules.ts';

/** A refusal by policy: which field, which rule, which limit. */
export function policyError(path: string, rule: RuleName, limit: unknown, sentence: string): HangarError {
  return new HangarError('policy_denied', { public: `policy: ${sentence}`, extra: { path, rule, limit } });
}

/** Matches a text against a pattern in which `*` stands for anything. Linear: no backtracking over a caller's text. */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return text === pattern;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Checks an image reference. */
export function checkImage(image: string, path: string, policy: EnvironmentPolicy): HangarError | undefined {
  if (!policy.images || policy.images.some((pattern) => matchesPattern(pattern, image))) return undefined;
  return policyError(path, 'images.allow', policy.images, `${path} is not among the images that are allowed`);
}

/** Checks a region, where one is given. */
export function checkRegion(
  region: string,
  path: string,
  policy: EnvironmentPolicy,
): HangarError | undefined {
  if (!policy.regions || policy.regions.includes(region)) return undefined;
  return policyError(path, 'regions', policy.regions, `region ${region} is not allowed`);
}

/** Checks that what is new has a region at all, where the policy has a list: upstream would choose one, and any. */
export function checkPlace(region: unknown, policy: EnvironmentPolicy): HangarError | undefined {
  const { regions } = policy;
  if (!regions || (typeof region === 'string' && region !== '')) return undefined;
  return policyError('region', 'regions', regions, `a region is needed: ${regions.join(' or ')}`);
}

/** Checks a kind of processor. */
export function checkCpuKind(kind: string, path: string, policy: EnvironmentPolicy): HangarError | undefined {
  if (policy.cpuKinds.includes(kind)) return undefined;
  return policyError(path, 'guests.kinds', policy.cpuKinds, `cpu_kind ${kind.slice(0, 64)} is not allowed`);
}

/** Checks a number of processors. */
export function checkCpus(cpus: number, path: string, policy: EnvironmentPolicy): HangarError | undefined {
  if (cpus <= policy.maxCpus) return undefined;
  return policyError(path, 'guests.max_cpus', policy.maxCpus, `${path} ${cpus} exceeds ${policy.maxCpus}`);
}

/** Checks the memory of a machine in MB. */
export function checkMemory(
  megabytes: number,
  path: string,
  policy: EnvironmentPolicy,
): HangarError | undefined {
  if (megabytes <= policy.maxMemoryMb) return undefined;
  return policyError(
    path,
    'guests.max_memory_mb',
    policy.maxMemoryMb,
    `${path} ${megabytes} exceeds ${policy.maxMemoryMb}`,
  );
}

/** Checks a guest that is written as `shared-cpu-2x` or `performance-4x`. Names of GPUs do not fit the form. */
export function checkPreset(size: string, path: string, policy: EnvironmentPolicy): HangarError | undefined {
  const [, prefix, cpus] = /^(shared-cpu|performance)-([0-9]{1,2})x$/.exec(size) ?? [];
  const kind = prefix === 'shared-cpu' ? 'shared' : prefix;
  const sentence = `size ${size.slice(0, 64)} is not allowed`;
  if (kind === undefined || !policy.cpuKinds.includes(kind))
    return policyError(path, 'guests.kinds', policy.cpuKinds, sentence);
  if (Number(cpus) > policy.maxCpus) return policyError(path, 'guests.max_cpus', policy.maxCpus, sentence);
  return undefined;
}

/** Checks the size of a volume in GB. */
export function checkVolumeSize(
  gigabytes: number,
  path: string,
  policy: EnvironmentPolicy,
): HangarError | undefined {
  if (gigabytes <= policy.maxVolumeGb) return undefined;
  return policyError(
    path,
    'volumes.max_gb',
    policy.maxVolumeGb,
    `${path} ${gigabytes} exceeds ${policy.maxVolumeGb}`,
  );
}
