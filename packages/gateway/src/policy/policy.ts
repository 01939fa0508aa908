/** What the operator allows in any environment. Sizes are maxima; a list that is left out allows all of its kind. */
export interface EnvironmentPolicy {
  /** Live environments per workspace. */
  readonly maxEnvironments: number;
  readonly maxMachinesPerEnvironment: number;
  /** `shared`, `performance`. */
  readonly cpuKinds: readonly string[];
  readonly maxCpus: number;
  readonly maxMemoryMb: number;
  /** One volume, and one root disk. */
  readonly maxVolumeGb: number;
  readonly maxVolumesPerEnvironment: number;
  /** All volumes of an environment together, each with what it may grow to. */
  readonly maxTotalVolumeGb: number;
  /** Addresses of an environment's app, its own private one included. */
  readonly maxAddressesPerEnvironment: number;
  readonly regions?: readonly string[];
  /** Patterns with `*`, matched against the whole image reference. */
  readonly images?: readonly string[];
  /** Longest run of one command. */
  readonly maxExecSeconds: number;
  /** Bytes of output of one command, each of the two streams; the rest is cut off. */
  readonly maxExecOutputBytes: number;
  /** Public addresses: none, shared ones, or any. */
  readonly publicAddresses: 'none' | 'shared' | 'any';
  /** So long a deleted environment is only quarantined, and can be brought back. */
  readonly deleteGraceSeconds: number;
}

/** Wide enough for the guests that Fly.io sells without asking, without GPUs and without public addresses. */
export const DEFAULT_POLICY: EnvironmentPolicy = {
  maxEnvironments: 1000,
  maxMachinesPerEnvironment: 20,
  cpuKinds: ['shared', 'performance'],
  maxCpus: 16,
  maxMemoryMb: 131_072,
  maxVolumeGb: 500,
  maxVolumesPerEnvironment: 20,
  maxTotalVolumeGb: 1000,
  maxAddressesPerEnvironment: 8,
  maxExecSeconds: 60,
  maxExecOutputBytes: 1_048_576,
  publicAddresses: 'none',
  deleteGraceSeconds: 0,
};
