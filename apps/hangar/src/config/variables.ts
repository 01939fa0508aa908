import { MACHINE_PROFILES } from '@hangar/gateway/policy';
import { GATEWAY_VARIABLES } from './gateway-variables.ts';

/**
 * Every environment variable that Hangar reads, as one table. The parser (`../config.ts`), `.env.example` and
 * `docs/configuration.md` come from it, so they cannot disagree.
 */
export interface Variable {
  readonly name: string;
  readonly section: Section;
  readonly kind: Kind;
  /** Shown as the default; values that are computed say how. */
  readonly fallback?: string;
  /** Required when `HANGAR_FLY=real`. In simulator mode a missing secret is generated. */
  readonly requiredInReal?: boolean;
  readonly secret?: boolean;
  /** Who has the value. Only what the operator makes can be generated; the rest has to be asked for. Default: the operator. */
  readonly givenBy?: 'Fly.io' | 'Tigris';
  /** What the value must look like with `HANGAR_FLY=real`. */
  readonly form?: Form;
  /** Another name for the same thing, read when the first is unset. */
  readonly alias?: string;
  readonly sentence: string;
}

export type Section =
  | 'addresses'
  | 'platform'
  | 'secrets'
  | 'storage'
  | 'organizations'
  | 'gateway'
  | 'operation'
  | 'clients';
export type Kind =
  | 'port'
  | 'host'
  | 'url'
  | 'folder'
  | 'file'
  | 'choice'
  | 'text'
  | 'list'
  | 'networks'
  | 'secret'
  | 'secrets'
  | 'days'
  | 'flag'
  | 'count'
  | 'duration';

/** Forms of values that Fly.io and Tigris give; `../config/forms.ts` knows them. */
export type Form = 'slug' | 'slugs' | 'app name' | 'Fly.io token' | 'Tigris key id' | 'Tigris secret';

/** What each section of the reference page is about. */
export const sections: Readonly<Record<Section, string>> = {
  addresses: 'Where Hangar listens, and how the world reaches it.',
  platform: 'Which Fly.io Hangar talks to, and as whom.',
  secrets: 'What Hangar shares with Fly.io, and the keys of its own. Never logged, never stored in clear.',
  storage: 'Where Hangar keeps its own data.',
  organizations: 'In which organizations of Fly.io environments may be created.',
  gateway: 'What the gateway does with requests.',
  operation: 'Logs and metrics.',
  clients: 'Read by `hangar token`, not by the server.',
};

/** The choices of variables of kind `choice`. */
export const choices = {
  HANGAR_FLY: ['simulator', 'real'],
  HANGAR_GATEWAY_MODE: ['swap', 'passthrough'],
  HANGAR_MACHINE_PROFILE: MACHINE_PROFILES,
  HANGAR_LOG_LEVEL: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
  HANGAR_TOKEN_ENGINE: ['wasm', 'node'],
} as const;

export const variables = [
  {
    name: 'PORT',
    section: 'addresses',
    kind: 'port',
    fallback: '4600',
    sentence: 'Port of the provider (under `/flyio`), the dashboard and the docs.',
  },
  {
    name: 'HANGAR_GATEWAY_PORT',
    section: 'addresses',
    kind: 'port',
    fallback: '4601',
    sentence: 'Port of the gateway. It has one of its own because real clients drop a path prefix.',
  },
  {
    name: 'HANGAR_SIMULATOR_PORT',
    section: 'addresses',
    kind: 'port',
    fallback: '4700',
    sentence: 'First of four ports of the simulated Fly.io: API, Machines, S3, IAM.',
  },
  {
    name: 'HANGAR_FLYCTL_NAMES',
    section: 'addresses',
    kind: 'list',
    sentence:
      'Names of extensions that flyctl knows, comma separated, such as `arcjet`: the simulated Fly.io lends them to this provider, so that `fly ext arcjet create` buys from it. Unset: none.',
  },
  {
    name: 'HANGAR_HOST',
    section: 'addresses',
    kind: 'host',
    fallback: '127.0.0.1',
    sentence: 'Address to listen on. Behind Fly Proxy: `0.0.0.0` or `::`.',
  },
  {
    name: 'HANGAR_TRUSTED_PROXIES',
    section: 'addresses',
    kind: 'networks',
    sentence:
      'Networks, comma separated, from which `Fly-Client-IP` is believed: those of the proxy in front. Unset: none, and callers are known by the address of their connection.',
  },
  {
    name: 'HANGAR_PUBLIC_URL',
    section: 'addresses',
    kind: 'url',
    fallback: 'http://127.0.0.1:PORT',
    requiredInReal: true,
    sentence:
      'The public address of the main port. Signed requests must name it; it is never taken from a request.',
  },
  {
    name: 'HANGAR_GATEWAY_URL',
    section: 'addresses',
    kind: 'url',
    fallback: 'http://127.0.0.1:HANGAR_GATEWAY_PORT',
    requiredInReal: true,
    sentence: 'The public address of the gateway, without a path. Customers get it as `HANGAR_API_URL`.',
  },
  {
    name: 'HANGAR_FLY',
    section: 'platform',
    kind: 'choice',
    fallback: 'simulator',
    sentence:
      'One switch for every address, trust root and the clock: `simulator` is the offline Fly.io beside Hangar, `real` is fly.io.',
  },
  {
    name: 'HANGAR_PROVIDER_SLUG',
    section: 'platform',
    kind: 'text',
    fallback: 'hangar',
    givenBy: 'Fly.io',
    form: 'slug',
    sentence: 'The name of the extension at Fly.io: the last part of the webhook address.',
  },
  {
    name: 'HANGAR_OAUTH_CLIENT_ID',
    section: 'platform',
    kind: 'text',
    fallback: 'hangar',
    requiredInReal: true,
    givenBy: 'Fly.io',
    sentence: 'OAuth client id, given by Fly.io.',
  },
  {
    name: 'HANGAR_FLY_ORG',
    section: 'platform',
    kind: 'text',
    fallback: 'operator',
    requiredInReal: true,
    form: 'slug',
    sentence: "Slug of the operator's own organization, in which environments are created.",
  },
  {
    name: 'HANGAR_PROVISIONING_SECRET',
    section: 'secrets',
    kind: 'secrets',
    secret: true,
    requiredInReal: true,
    givenBy: 'Fly.io',
    sentence:
      'Shared secret of provisioning requests, at least 16 bytes. Several, comma separated, while one is being rotated: any verifies.',
  },
  {
    name: 'HANGAR_WEBHOOK_SECRET',
    section: 'secrets',
    kind: 'secret',
    secret: true,
    requiredInReal: true,
    givenBy: 'Fly.io',
    sentence: 'Shared secret that signs webhooks to Fly.io. Must differ from the provisioning secret.',
  },
  {
    name: 'HANGAR_OAUTH_CLIENT_SECRET',
    section: 'secrets',
    kind: 'secret',
    secret: true,
    requiredInReal: true,
    givenBy: 'Fly.io',
    sentence: 'OAuth client secret, given by Fly.io.',
  },
  {
    name: 'HANGAR_MASTER_KEYS',
    section: 'secrets',
    kind: 'secrets',
    secret: true,
    requiredInReal: true,
    sentence:
      'Keys that seal secrets at rest, newest first, comma separated: `id:` and 32 bytes in base64. `openssl rand -base64 32` makes one.',
  },
  {
    name: 'FLY_API_TOKEN',
    section: 'secrets',
    kind: 'secret',
    secret: true,
    requiredInReal: true,
    givenBy: 'Fly.io',
    form: 'Fly.io token',
    sentence:
      "The operator's token for the Machines API (`fly tokens create org`), which never leaves the gateway. Discharges in it are renewed ahead of their end; an OAuth token (`fo1_…`) beside them signs in for that, at api.fly.io and auth.fly.io only.",
  },
  {
    name: 'FLY_TIGRIS_ACCESS_KEY_ID',
    section: 'secrets',
    kind: 'text',
    alias: 'FLY_TIGRIS_ACCESS_KEY',
    requiredInReal: true,
    givenBy: 'Tigris',
    form: 'Tigris key id',
    sentence: 'Access key id of the Tigris administrator that creates buckets, keys and policies.',
  },
  {
    name: 'FLY_TIGRIS_SECRET_ACCESS_KEY',
    section: 'secrets',
    kind: 'secret',
    secret: true,
    requiredInReal: true,
    givenBy: 'Tigris',
    form: 'Tigris secret',
    sentence: 'Secret of that access key.',
  },
  ...GATEWAY_VARIABLES,
  {
    name: 'DATABASE_URL',
    section: 'storage',
    kind: 'secret',
    secret: true,
    sentence: '`postgres://…` (15 or newer). Unset: the embedded database, which is for development.',
  },
  {
    name: 'HANGAR_DATA_DIR',
    section: 'storage',
    kind: 'folder',
    fallback: '.hangar/data',
    sentence: 'Folder of the embedded database. One process at a time.',
  },
  {
    name: 'HANGAR_AUTHORITY_SOCKETS',
    section: 'storage',
    kind: 'folder',
    sentence:
      'Folder of the Unix sockets of an authority that runs apart (`hangar authority`). Set: the keys that sign tokens are in that process and its database only. Unset: they are here.',
  },
  {
    name: 'HANGAR_ALLOW_EMBEDDED_DATABASE',
    section: 'storage',
    kind: 'flag',
    fallback: 'false',
    sentence:
      '`true` accepts the embedded database with `HANGAR_FLY=real`: one process, and a power cut may lose data.',
  },
  {
    name: 'FLY_ALLOWED_ORGS',
    section: 'organizations',
    kind: 'list',
    form: 'slugs',
    sentence:
      'Organization slugs, comma separated, in which environments may be created; `*` for all. Unset: the organization of `FLY_APP_NAME`. Neither: none, and in simulator mode `HANGAR_FLY_ORG`.',
  },
  {
    name: 'FLY_APP_NAME',
    section: 'organizations',
    kind: 'text',
    givenBy: 'Fly.io',
    form: 'app name',
    sentence:
      'Set by Fly.io inside a machine. Its organization is looked up when `FLY_ALLOWED_ORGS` is unset.',
  },
  {
    name: 'HANGAR_DELETE_GRACE',
    section: 'operation',
    kind: 'duration',
    fallback: '72h',
    sentence:
      'How long the data of a deleted extension lives: its tokens and keys end at once and its machines are stopped, but apps, volumes and buckets are destroyed only then. `0` destroys at once.',
  },
  {
    name: 'HANGAR_LOG_LEVEL',
    section: 'operation',
    kind: 'choice',
    fallback: 'info',
    sentence: 'How much is logged, as JSON lines on standard output.',
  },
  {
    name: 'HANGAR_MAX_LIVE_TOKENS',
    section: 'operation',
    kind: 'count',
    fallback: '1000',
    sentence:
      'How many tokens of one workspace may work at a time. Ten times as many are kept on record, revoked ones included, until they would have ended. Read by the process that signs.',
  },
  {
    name: 'HANGAR_MAX_TOKEN_DEPTH',
    section: 'operation',
    kind: 'count',
    fallback: '32',
    sentence:
      'How long a chain of tokens may be that were minted one with another; narrowing counts for nothing. Read by the process that signs.',
  },
  {
    name: 'HANGAR_TOKEN_ENGINE',
    section: 'operation',
    kind: 'choice',
    fallback: 'wasm',
    sentence:
      'What computes the signatures of tokens: a WebAssembly module of our own ([why](token-engine.md)), or Node alone, which takes about 2.5 times as long. The log says at start which one serves.',
  },
  {
    name: 'HANGAR_AUDIT_DAYS',
    section: 'operation',
    kind: 'days',
    fallback: '400',
    sentence: 'How long rows of the audit trail are kept, in days; 1 to 3650. Usage is kept.',
  },
  {
    name: 'HANGAR_POLICY_FILE',
    section: 'operation',
    kind: 'file',
    sentence:
      'File with what the operator allows in environments, as [below](#policy-file). Read at start by the process that serves. Unset: the defaults there.',
  },
  {
    name: 'HANGAR_LEAK_KEYS_FILE',
    section: 'operation',
    kind: 'file',
    sentence:
      "File with the public keys of whoever may send signed reports of leaked tokens to `/hangar/v1/tokens/leaks`, in the form of GitHub's list for secret scanning partners. Unset: none may.",
  },
  {
    name: 'HANGAR_METRICS_TOKEN',
    section: 'operation',
    kind: 'secret',
    secret: true,
    sentence:
      'Bearer token for `/metrics`. Unset: open in simulator mode, absent (404) with `HANGAR_FLY=real`.',
  },
  {
    name: 'HANGAR_API_URL',
    section: 'clients',
    kind: 'url',
    fallback: 'http://127.0.0.1:4601',
    sentence: 'The gateway that `hangar token` asks; customers find it in the config of their extension.',
  },
  {
    name: 'HANGAR_ORG',
    section: 'clients',
    kind: 'text',
    sentence: "The workspace's slug, as customers find it in the config of their extension.",
  },
  {
    name: 'HANGAR_API_TOKEN',
    section: 'clients',
    kind: 'secret',
    secret: true,
    sentence: 'The token that customers find in the config of their extension.',
  },
  {
    name: 'HANGAR_TOKEN',
    section: 'clients',
    kind: 'secret',
    secret: true,
    sentence: 'The token that `hangar token` works on; wins over `HANGAR_API_TOKEN`.',
  },
] as const satisfies readonly Variable[];

/** The name of a variable in the table. */
export type VariableName = (typeof variables)[number]['name'];
