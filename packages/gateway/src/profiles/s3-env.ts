import { isJsonObject, type Json } from '@hangar/flyio';
import { AWS_SECRET_NAMES } from '../rules/storage-secrets.ts';

/**
 * The profile `s3-env`: the app's secrets have the names that S3 libraries read by themselves, and every container gets them.
 * A machine without containers has all secrets of its app anyway.
 */
export function withS3Secrets(config: Json): Json {
  const { containers } = config;
  if (!Array.isArray(containers) || containers.length === 0) return config;
  return {
    ...config,
    containers: containers.map((one: unknown) => (isJsonObject(one) ? withSecrets(one) : one)),
  };
}

/** What the container names itself stays as it is. */
function withSecrets(container: Json): Json {
  const given: readonly unknown[] = Array.isArray(container['secrets']) ? container['secrets'] : [];
  const variables = new Set([
    ...given.map((secret) => (isJsonObject(secret) ? secret['env_var'] : undefined)),
    ...Object.keys(isJsonObject(container['env']) ? container['env'] : {}),
  ]);
  const more = Object.values(AWS_SECRET_NAMES)
    .filter((name) => !variables.has(name))
    .map((name) => ({ env_var: name, name }));
  return { ...container, secrets: [...given, ...more] };
}
