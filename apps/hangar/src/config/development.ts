import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Marks a secret that was generated for development; with `HANGAR_FLY=real` it is refused. */
export const DEVELOPMENT_MARK = 'hangar-dev-';

/** The secrets that simulator mode makes when they are not given. */
export const GENERATED_NAMES = [
  'HANGAR_PROVISIONING_SECRET',
  'HANGAR_WEBHOOK_SECRET',
  'HANGAR_OAUTH_CLIENT_SECRET',
  'HANGAR_MASTER_KEYS',
  'FLY_API_TOKEN',
  'FLY_TIGRIS_ACCESS_KEY_ID',
  'FLY_TIGRIS_SECRET_ACCESS_KEY',
] as const;

/** Development secrets by variable name. */
export type DevelopmentSecrets = Readonly<Record<(typeof GENERATED_NAMES)[number], string>>;

/** Where they are kept: beside the data folder, never in it, so that a copy of the data is not a copy of the keys. */
export function developmentFile(dataDir: string): string {
  return `${dataDir.replace(/\/+$/, '')}.development.json`;
}

/** Reads the development secrets of a data folder, making them (mode 0600) the first time. */
export function developmentSecrets(dataDir: string): DevelopmentSecrets {
  const file = developmentFile(dataDir);
  const present = readSecrets(file);
  if (present !== undefined) return present;
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(freshSecrets(), null, 2)}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    // Another starter was first; its secrets are as good as ours.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readSecrets(file) ?? gone(file);
}

function gone(file: string): never {
  throw new Error(`${file} went away while it was being read`);
}

/** A new set, marked as made for development. */
export function freshSecrets(): DevelopmentSecrets {
  const secret = (): string => `${DEVELOPMENT_MARK}${randomBytes(24).toString('hex')}`;
  return {
    HANGAR_PROVISIONING_SECRET: secret(),
    HANGAR_WEBHOOK_SECRET: secret(),
    HANGAR_OAUTH_CLIENT_SECRET: secret(),
    HANGAR_MASTER_KEYS: `${DEVELOPMENT_MARK}1:${randomBytes(32).toString('base64')}`,
    FLY_API_TOKEN: `fo1_${secret()}`,
    FLY_TIGRIS_ACCESS_KEY_ID: `tid_${secret()}`,
    FLY_TIGRIS_SECRET_ACCESS_KEY: `tsec_${secret()}`,
  };
}

/** The file is there and holds no such secrets. */
export class DevelopmentSecretsDamagedError extends Error {
  override readonly name = 'DevelopmentSecretsDamagedError';
}

function readSecrets(file: string): DevelopmentSecrets | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const parsed = JSON.parse(text) as Partial<DevelopmentSecrets>;
    if (GENERATED_NAMES.every((name) => typeof parsed[name] === 'string'))
      return parsed as DevelopmentSecrets;
  } catch {
    // Told below, together with a file that is JSON and something else.
  }
  throw new DevelopmentSecretsDamagedError(file);
}
