import type { MachineProfile } from '@hangar/gateway';
import { ok, refuse, type Result } from '@hangar/http';
import { Secret } from '@hangar/security';
import { DEVELOPMENT_MARK, developmentFile, GENERATED_NAMES } from './config/development.ts';
import { NO_POLICY_FILE, type OperatorPolicy, readPolicyFile } from './config/policy-file.ts';
import { badMasterKey, durationMs, splitList, weakSecret } from './config/parsers.ts';
import { type ConfigProblem, Reading } from './config/reading.ts';
import type { VariableName } from './config/variables.ts';

/** Everything Hangar is told from outside, parsed and checked. Secrets are {@link Secret}s from here on. */
export interface Config {
  readonly fly: 'simulator' | 'real';
  readonly host: string;
  readonly port: number;
  readonly gatewayPort: number;
  /** Networks whose `Fly-Client-IP` is believed. */
  readonly trustedProxies: readonly string[];
  readonly simulatorPort: number;
  /** Names of flyctl's that the simulated Fly.io lends to the provider. */
  readonly flyctlNames: readonly string[];
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly gatewayUrl: string;
  readonly providerSlug: string;
  readonly oauthClientId: string;
  readonly flyOrg: string;
  readonly provisioningSecrets: readonly Secret[];
  readonly webhookSecret: Secret;
  readonly oauthClientSecret: Secret;
  readonly masterKeys: readonly Secret[];
  readonly flyApiToken: Secret;
  readonly tigrisAccessKeyId: string;
  readonly tigrisSecretAccessKey: Secret;
  readonly databaseUrl: Secret | undefined;
  readonly dataDir: string;
  /** Where the sockets of an authority apart are; undefined keeps the keys in this process. */
  readonly authoritySockets: string | undefined;
  /** `*` is every organization; undefined leaves the decision to `appName`. */
  readonly allowedOrgs: readonly string[] | '*' | undefined;
  readonly appName: string | undefined;
  /** How long the data of a deleted extension lives. */
  readonly deleteGraceMs: number;
  readonly logLevel: string;
  /** How long the audit trail goes back. */
  readonly auditDays: number;
  readonly metricsToken: Secret | undefined;
  readonly leakKeysFile: string | undefined;
  readonly mintLimits: MintLimitsConfig;
  /** What computes the signatures of tokens. */
  readonly tokenEngine: 'wasm' | 'node';
  readonly policy: OperatorPolicy;
  /** How machine configs are rewritten. */
  readonly machineProfile: MachineProfile;
  /** Names of the secrets that were generated for development, and the file that holds them. */
  readonly generated: { readonly names: readonly string[]; readonly file: string };
}

export type { ConfigProblem } from './config/reading.ts';

/** Bounds of what one workspace may mint. */
export interface MintLimitsConfig {
  readonly liveTokens: number;
  readonly depth: number;
}

/** The process environment; this file is the only one that reads it. */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/**
 * The AWS SDK warns on Node 20 at every start that its releases of 2027 will need Node 22. The lock file pins the
 * version; whoever runs Hangar can do nothing about it.
 */
export function silenceKnownWarnings(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
}

/**
 * Reads the configuration. In simulator mode missing secrets are generated and kept beside the data
 * folder; in real mode they must be given. Reports every problem at once.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>> = processEnvironment(),
): Result<Config, readonly ConfigProblem[]> {
  const reading = new Reading(environment);
  const fly = reading.text('HANGAR_FLY') === 'real' ? 'real' : 'simulator';
  if (fly === 'real') reading.requireAll();
  const dataDir = reading.text('HANGAR_DATA_DIR');
  if (fly === 'simulator' && reading.problems.length === 0) reading.generateMissing(dataDir);
  checkSecrets(reading, fly);
  checkReal(reading, fly);
  if (fly === 'real') reading.checkForms();
  const policy = operatorPolicy(reading);
  if (reading.problems.length > 0) return refuse(reading.problems);

  const port = Number(reading.text('PORT'));
  const gatewayPort = Number(reading.text('HANGAR_GATEWAY_PORT'));
  return ok({
    fly,
    host: reading.text('HANGAR_HOST'),
    port,
    gatewayPort,
    trustedProxies: splitList(reading.given('HANGAR_TRUSTED_PROXIES') ?? ''),
    simulatorPort: Number(reading.text('HANGAR_SIMULATOR_PORT')),
    flyctlNames: splitList(reading.given('HANGAR_FLYCTL_NAMES') ?? ''),
    publicUrl: trimSlash(reading.given('HANGAR_PUBLIC_URL') ?? `http://127.0.0.1:${port}`),
    gatewayUrl: trimSlash(reading.given('HANGAR_GATEWAY_URL') ?? `http://127.0.0.1:${gatewayPort}`),
    providerSlug: reading.text('HANGAR_PROVIDER_SLUG'),
    oauthClientId: reading.text('HANGAR_OAUTH_CLIENT_ID'),
    flyOrg: reading.text('HANGAR_FLY_ORG'),
    provisioningSecrets: splitList(reading.text('HANGAR_PROVISIONING_SECRET')).map((text) => Secret.of(text)),
    webhookSecret: Secret.of(reading.text('HANGAR_WEBHOOK_SECRET')),
    oauthClientSecret: Secret.of(reading.text('HANGAR_OAUTH_CLIENT_SECRET')),
    masterKeys: splitList(reading.text('HANGAR_MASTER_KEYS')).map((text) => Secret.of(text)),
    flyApiToken: Secret.of(reading.text('FLY_API_TOKEN')),
    tigrisAccessKeyId: reading.text('FLY_TIGRIS_ACCESS_KEY_ID'),
    tigrisSecretAccessKey: Secret.of(reading.text('FLY_TIGRIS_SECRET_ACCESS_KEY')),
    databaseUrl: reading.secret('DATABASE_URL'),
    dataDir,
    authoritySockets: reading.given('HANGAR_AUTHORITY_SOCKETS'),
    allowedOrgs: reading.allowedOrgs(fly),
    appName: reading.given('FLY_APP_NAME'),
    deleteGraceMs: durationMs(reading.text('HANGAR_DELETE_GRACE')) ?? 0,
    logLevel: reading.text('HANGAR_LOG_LEVEL'),
    auditDays: Number(reading.text('HANGAR_AUDIT_DAYS')),
    metricsToken: reading.secret('HANGAR_METRICS_TOKEN'),
    leakKeysFile: reading.given('HANGAR_LEAK_KEYS_FILE'),
    mintLimits: mintLimits(reading),
    tokenEngine: reading.text('HANGAR_TOKEN_ENGINE') === 'node' ? 'node' : 'wasm',
    policy,
    machineProfile: reading.machineProfile(),
    generated: { names: reading.generated, file: developmentFile(dataDir) },
  });
}

/** What the authority's own process is told: nothing of Fly.io's secrets, nothing of the customers'. */
export interface AuthorityConfig {
  readonly fly: 'simulator' | 'real';
  readonly simulatorPort: number;
  readonly publicUrl: string;
  readonly masterKeys: readonly Secret[];
  readonly databaseUrl: Secret | undefined;
  readonly dataDir: string;
  readonly sockets: string;
  readonly mintLimits: MintLimitsConfig;
  /** What computes the signatures of tokens. */
  readonly tokenEngine: 'wasm' | 'node';
  readonly logLevel: string;
}

/** The authority's data must not share a folder with the data it is kept from. */
const AUTHORITY_DATA_DIR = '.hangar/authority';

const NEEDED_BY_AUTHORITY: readonly VariableName[] = [
  'HANGAR_PUBLIC_URL',
  'HANGAR_MASTER_KEYS',
  'HANGAR_AUTHORITY_SOCKETS',
];

/** Reads what `hangar authority` needs. Reports every problem at once. */
export function readAuthorityConfig(
  environment: Readonly<Record<string, string | undefined>> = processEnvironment(),
): Result<AuthorityConfig, readonly ConfigProblem[]> {
  const reading = new Reading(environment);
  const fly = reading.text('HANGAR_FLY') === 'real' ? 'real' : 'simulator';
  if (fly === 'real') reading.require(NEEDED_BY_AUTHORITY);
  const dataDir = reading.given('HANGAR_DATA_DIR') ?? AUTHORITY_DATA_DIR;
  const sockets = reading.given('HANGAR_AUTHORITY_SOCKETS') ?? `${dataDir}.sockets`;
  if (fly === 'simulator' && reading.problems.length === 0) reading.generateMissing(dataDir);
  checkMasterKeys(reading, fly);
  checkDatabase(reading, fly);
  if (reading.problems.length > 0) return refuse(reading.problems);
  return ok({
    fly,
    simulatorPort: Number(reading.text('HANGAR_SIMULATOR_PORT')),
    publicUrl: trimSlash(reading.given('HANGAR_PUBLIC_URL') ?? `http://127.0.0.1:${reading.text('PORT')}`),
    masterKeys: splitList(reading.text('HANGAR_MASTER_KEYS')).map((text) => Secret.of(text)),
    databaseUrl: reading.secret('DATABASE_URL'),
    dataDir,
    sockets,
    mintLimits: mintLimits(reading),
    tokenEngine: reading.text('HANGAR_TOKEN_ENGINE') === 'node' ? 'node' : 'wasm',
    logLevel: reading.text('HANGAR_LOG_LEVEL'),
  });
}

function checkSecrets(reading: Reading, fly: 'simulator' | 'real'): void {
  const shared = [
    'HANGAR_PROVISIONING_SECRET',
    'HANGAR_WEBHOOK_SECRET',
    'HANGAR_OAUTH_CLIENT_SECRET',
  ] as const;
  for (const name of shared) {
    const value = reading.given(name);
    if (value === undefined) continue;
    const parts = name === 'HANGAR_PROVISIONING_SECRET' ? splitList(value) : [value];
    const complaint = parts
      .map((part) => weakSecret(part, reading.row(name)?.givenBy))
      .find((found) => found !== undefined);
    if (complaint !== undefined) reading.complain(name, complaint);
  }
  const provisioning = splitList(reading.given('HANGAR_PROVISIONING_SECRET') ?? '');
  const webhook = reading.given('HANGAR_WEBHOOK_SECRET');
  if (webhook !== undefined && provisioning.includes(webhook)) {
    reading.complain(
      'HANGAR_WEBHOOK_SECRET',
      'must differ from HANGAR_PROVISIONING_SECRET; Fly.io gives two secrets',
    );
  }
  checkMasterKeys(reading, fly);
  if (fly === 'simulator') return;
  for (const name of GENERATED_NAMES) {
    if (name !== 'HANGAR_MASTER_KEYS') checkMadeForDevelopment(reading, name);
  }
}

function checkMasterKeys(reading: Reading, fly: 'simulator' | 'real'): void {
  const keys = splitList(reading.given('HANGAR_MASTER_KEYS') ?? '');
  const bad = keys.map(badMasterKey).find((found) => found !== undefined);
  if (bad !== undefined) reading.complain('HANGAR_MASTER_KEYS', bad);
  const ids = keys.map((key) => key.split(':')[0]);
  if (new Set(ids).size !== ids.length) reading.complain('HANGAR_MASTER_KEYS', 'names the same key id twice');
  if (fly === 'real') checkMadeForDevelopment(reading, 'HANGAR_MASTER_KEYS');
}

function checkMadeForDevelopment(reading: Reading, name: (typeof GENERATED_NAMES)[number]): void {
  const complaint =
    'was generated for development and is refused with HANGAR_FLY=real; use the one for production';
  if (NOT_FOR_PRODUCTION.test(reading.given(name) ?? '')) reading.complain(name, complaint);
}

/** Secrets of a development folder, and the simulator's own defaults, which are public. */
const NOT_FOR_PRODUCTION = new RegExp(`${DEVELOPMENT_MARK}|simulated`);

function checkReal(reading: Reading, fly: 'simulator' | 'real'): void {
  if (fly === 'real') {
    for (const name of ['HANGAR_PUBLIC_URL', 'HANGAR_GATEWAY_URL'] as const) {
      if (reading.given(name)?.startsWith('http://') === true) {
        reading.complain(name, 'must start with https:// with HANGAR_FLY=real');
      }
    }
  }
  checkDatabase(reading, fly);
}

function checkDatabase(reading: Reading, fly: 'simulator' | 'real'): void {
  const database = reading.given('DATABASE_URL');
  if (database !== undefined && !/^postgres(?:ql)?:\/\/[^/]+\/.+/.test(database)) {
    reading.complain('DATABASE_URL', 'must look like postgres://USER:PASSWORD@HOST:PORT/NAME');
  }
  const embedded = fly === 'real' && database === undefined;
  if (embedded && reading.text('HANGAR_ALLOW_EMBEDDED_DATABASE') !== 'true') {
    reading.complain(
      'DATABASE_URL',
      'is required with HANGAR_FLY=real. HANGAR_ALLOW_EMBEDDED_DATABASE=true accepts one process and no protection against power loss',
    );
  }
}

function operatorPolicy(reading: Reading): OperatorPolicy {
  const file = reading.given('HANGAR_POLICY_FILE');
  if (file === undefined) return NO_POLICY_FILE;
  const read = readPolicyFile(file);
  if (read.ok) return read.value;
  for (const remedy of read.reason) reading.complain('HANGAR_POLICY_FILE', remedy);
  return NO_POLICY_FILE;
}

function mintLimits(reading: Reading): MintLimitsConfig {
  return {
    liveTokens: Number(reading.text('HANGAR_MAX_LIVE_TOKENS')),
    depth: Number(reading.text('HANGAR_MAX_TOKEN_DEPTH')),
  };
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
