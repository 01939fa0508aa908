import { isRegion } from '@hangar/security';
import type { EnvironmentPolicy } from './policy.ts';

/** One value of the policy: its name for operators and refused callers alike, and what it may be. */
export interface PolicyRule<T> {
  /** Its place in the policy file, and the `rule` of a refusal. */
  readonly name: string;
  /** What is accepted, as a clause behind "must be". */
  readonly form: string;
  /** The value, or undefined for anything that does not have the form. */
  readonly read: (given: unknown) => T | undefined;
  readonly sentence: string;
}

/** A petabyte: nobody has that much at Fly.io, and a number beyond it is a slip. */
const MOST_GB = 1_000_000;
/** Two streams of this size are one answer of 8 MiB, the most that is read from upstream. */
const MOST_OUTPUT_BYTES = 4_194_304;
/** A deleted environment is billed, and its name is held, for all of its grace. */
const MOST_GRACE_DAYS = 366;
/** Each entry is held against every image that is named; a list that long is a mistake, not a policy. */
const MOST_ENTRIES = 100;
const LONGEST_PATTERN = 512;

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Every value that the gateway enforces, by its member in {@link EnvironmentPolicy}. */
export const POLICY_RULES = {
  maxEnvironments: {
    name: 'environments.max_live',
    ...wholeNumber(0, 1_000_000),
    sentence: 'Live environments of a workspace. `0` stops the making of new ones.',
  },
  images: {
    name: 'images.allow',
    ...list(isPattern, `a list of 1 to ${MOST_ENTRIES} patterns in which an asterisk stands for anything`),
    sentence: 'Images that machines may run, matched against the whole reference.',
  },
  cpuKinds: {
    name: 'guests.kinds',
    ...list(
      (kind) => kind === 'shared' || kind === 'performance',
      'a list of shared, performance or both, each once',
    ),
    sentence: 'Kinds of processors.',
  },
  maxCpus: {
    name: 'guests.max_cpus',
    ...wholeNumber(1, 1024),
    sentence: 'Processors of a machine.',
  },
  maxMemoryMb: {
    name: 'guests.max_memory_mb',
    ...wholeNumber(256, 1_048_576),
    sentence: 'Memory of a machine.',
  },
  regions: {
    name: 'regions',
    ...list(isRegion, `a list of 1 to ${MOST_ENTRIES} region codes of three lower-case letters, each once`),
    sentence: 'Where machines and volumes may be. With a list, each has to name its region.',
  },
  maxMachinesPerEnvironment: {
    name: 'machines.max_per_environment',
    ...wholeNumber(0, 10_000),
    sentence: 'Machines of an environment.',
  },
  maxVolumesPerEnvironment: {
    name: 'volumes.max_per_environment',
    ...wholeNumber(0, 10_000),
    sentence: 'Volumes of an environment.',
  },
  maxVolumeGb: {
    name: 'volumes.max_gb',
    ...wholeNumber(1, MOST_GB),
    sentence: 'Size of one volume or root disk.',
  },
  maxTotalVolumeGb: {
    name: 'volumes.max_total_gb',
    ...wholeNumber(0, MOST_GB),
    sentence: 'All volumes of an environment together, each with what it may grow to.',
  },
  maxAddressesPerEnvironment: {
    name: 'addresses.max_per_environment',
    ...wholeNumber(1, 1000),
    sentence: "Addresses of an environment's app, its own private one included.",
  },
  publicAddresses: {
    name: 'network.public_ip',
    form: 'none, shared or any',
    read: (given: unknown) => (given === 'none' || given === 'shared' || given === 'any' ? given : undefined),
    sentence: 'Public addresses: none, shared ones (`shared_v4`, `v6`), or any.',
  },
  deleteGraceSeconds: {
    name: 'lifecycle.delete_grace',
    form: `"0", or a whole number and s, m, h or d such as "72h", ${MOST_GRACE_DAYS} days at most`,
    read: readGrace,
    sentence: 'So long a deleted environment is only quarantined, and can be brought back.',
  },
  maxExecSeconds: {
    name: 'exec.timeout_s',
    ...wholeNumber(1, 3600),
    sentence: 'Longest run of one command, in seconds; a caller that asks for more gets this.',
  },
  maxExecOutputBytes: {
    name: 'exec.max_output_bytes',
    ...wholeNumber(1, MOST_OUTPUT_BYTES),
    sentence: 'Output of one command, each of the two streams; the rest is cut off.',
  },
} as const satisfies {
  readonly [Member in keyof EnvironmentPolicy]-?: PolicyRule<NonNullable<EnvironmentPolicy[Member]>>;
};

/** A member of the policy. */
export type PolicyMember = keyof typeof POLICY_RULES;

/** What a policy holds, as the file would say it; `any` where a list was left out. */
export function valueIn(policy: EnvironmentPolicy, member: PolicyMember): unknown {
  if (member !== 'deleteGraceSeconds') return policy[member] ?? 'any';
  const { deleteGraceSeconds: seconds } = policy;
  return seconds === 0 ? '0' : `${seconds}s`;
}

/** What a refusal may name: a value of the policy, or one of two rules that no operator can change. */
export type RuleName = (typeof POLICY_RULES)[PolicyMember]['name'] | 'network' | 'environment_address';

function wholeNumber(least: number, most: number) {
  return {
    form: `a whole number from ${least} to ${most}`,
    read: (given: unknown) =>
      typeof given === 'number' && Number.isInteger(given) && given >= least && given <= most
        ? given
        : undefined,
  };
}

/** An empty list would allow nothing at all, which nobody writes on purpose. */
function list(fits: (entry: string) => boolean, form: string) {
  return {
    form,
    read: (given: unknown): readonly string[] | undefined => {
      if (!Array.isArray(given) || given.length === 0 || given.length > MOST_ENTRIES) return undefined;
      const entries = given.filter((entry): entry is string => typeof entry === 'string' && fits(entry));
      return new Set(entries).size === given.length ? entries : undefined;
    },
  };
}

function isPattern(text: string): boolean {
  return text.length <= LONGEST_PATTERN && /^[!-~]+$/.test(text);
}

function readGrace(given: unknown): number | undefined {
  if (given === '0') return 0;
  const [, count, unit] = typeof given === 'string' ? (/^([0-9]{1,8})([smhd])$/.exec(given) ?? []) : [];
  const seconds = Number(count) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
  return seconds <= MOST_GRACE_DAYS * UNIT_SECONDS.d ? seconds : undefined;
}
