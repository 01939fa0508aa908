import type { Fault, Json } from '@hangar/flyio';
import { ok, type Result } from '@hangar/http';
import type { StorageSecretNames } from '../rules/storage-secrets.ts';
import { plainConfig, toAppStorage } from './app-storage.ts';
import { withS3Secrets } from './s3-env.ts';

/** How machine configs are rewritten before they go upstream. */
export const MACHINE_PROFILES = ['none', 's3-env', 'app-storage'] as const;
export type MachineProfile = (typeof MACHINE_PROFILES)[number];

/** What a rewriting depends on beside the config. */
export interface ProfileFacts {
  /** Names of the app's secrets; asked for where {@link needsSecretNames} says so. */
  readonly secrets: readonly string[];
  /** Where the buckets answer, as a machine sees it. */
  readonly storageEndpoint: string;
}

/** Whether the profile has to know the names of the app's secrets. */
export function needsSecretNames(profile: MachineProfile): boolean {
  return profile === 'app-storage';
}

/** The names that the storage secrets of an app get for machines of the profile. */
export function storageSecretNamesFor(profile: MachineProfile): StorageSecretNames {
  return profile === 's3-env' ? 'fly-and-aws' : 'fly';
}

/** What a user asks for with a config, which may be one that was rewritten before: what a policy has to see. */
export function wishedConfig(profile: MachineProfile, config: Json): Json {
  return profile === 'app-storage' ? plainConfig(config) : config;
}

/**
 * Rewrites a machine's config, of a new machine and of an update alike, since an update replaces the whole config. Pure, and
 * the same done twice is done once: clients send back what they were answered. A refusal names what the profile has no place
 * for.
 */
export function rewriteConfig(
  profile: MachineProfile,
  config: Json,
  facts: ProfileFacts,
): Result<Json, readonly Fault[]> {
  switch (profile) {
    case 'none':
      return ok(config);
    case 's3-env':
      return ok(withS3Secrets(config));
    case 'app-storage':
      return toAppStorage(config, facts);
  }
}
