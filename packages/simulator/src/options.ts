import { systemClock, type Clock, withDefaults } from '@hangar/http';
import { Secret } from '@hangar/security/secret';
import type { Runner } from './runner/runner.ts';
import type { Seed } from './seed/file.ts';
import type { Simulation } from './simulation.ts';
import { operatorOrganization } from './world/seed.ts';

/** How long each step of a machine's life takes, in simulated milliseconds. */
export interface Delays {
  /** From created to starting, the time in which an image would be pulled. */
  launch: number;
  /** From starting to started. */
  start: number;
  stop: number;
  suspend: number;
  /** From replacing to the new version. */
  replace: number;
  destroy: number;
  /** How long a deleted app still answers 200. Fly.io's deletion is accepted, not done; 0 means gone at once. */
  appDeletionLag: number;
}

/**
 * The provider as Fly.io has it on file: its address, its slug and the two shared secrets
 * (docs/specs/extensions.md#secrets).
 */
export interface ProviderRecord {
  /** Example `http://127.0.0.1:4600/flyio`, no slash at the end. */
  baseUrl: string;
  slug: string;
  provisioningSecret: Secret;
  webhookSecret: Secret;
}

/** A plan that a provider sells, as flyctl lists it. */
export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  /** In dollars. */
  readonly pricePerMonth: number;
}

/**
 * Under which names flyctl finds the provider. It knows only those that were built in, so an existing one is lent: with `arcjet` in the
 * list, `fly ext arcjet create` buys from the provider of this simulation.
 */
export interface Lending {
  /** Names such as `arcjet`, `sentry`, `tigris`. None by default. */
  readonly names: readonly string[];
  /** What flyctl calls the product. */
  readonly displayName: string;
  /** Whether a customer chooses the region of an extension. */
  readonly selectsRegion: boolean;
  /** Codes of regions where the product is not offered. */
  readonly excludedRegions: readonly string[];
  readonly plans: readonly Plan[];
}

/**
 * Whom a token that was made through GraphQL asks. `fly`: api.fly.io, as at Fly.io, where the tickets can only be discharged by a client
 * that was told who plays it. `loopback`: the simulator's own address, which flyctl reaches offline. `nobody`: such a token asks nobody.
 */
export type ThirdParty = 'fly' | 'loopback' | 'nobody';

/** The provider's OAuth application. */
export interface OAuthApplication {
  clientId: string;
  clientSecret: Secret;
  redirectUris: readonly string[];
}

/** What a simulation is made of. Every field has a default that fits a fresh `npm start`. */
export interface SimulatorOptions {
  /** Slug of the organization whose token Hangar holds and whose machines are announced. `operator` by default. */
  organization?: string;
  provider?: Partial<ProviderRecord>;
  lending?: Partial<Lending>;
  oauth?: Partial<OAuthApplication>;
  /** Whom tokens made through GraphQL ask for a discharge. `fly` by default. */
  thirdParty?: ThirdParty;
  /** Tokens that the Machines API accepts, each with the slugs of the organizations it may see. */
  tokens?: readonly { token: Secret; organizations: readonly string[] }[];
  /** The key that passes every policy, as the operator's own Tigris key does. */
  storageAdmin?: { accessKeyId: string; secretAccessKey: Secret };
  delays?: Partial<Delays>;
  /** The documented limits of the Machines API: one request a second per machine and action. Off by default. */
  rateLimits?: boolean;
  /** File that the world is kept in; absent means the world lives as long as the simulator. */
  state?: string;
  /** What a new world, and one that is reset, begins with. */
  seed?: Seed;
  /** Makes machines run; without it they only say that they do. */
  createRunner?: (simulation: Simulation) => Runner;
  /** Asked by `POST /_fly/stop` to end; where nobody can, there is no such route. */
  onStop?: () => void;
  /** The real clock under the simulated one. */
  now?: Clock;
  /** Told of what went wrong inside the simulator. Silent by default. */
  onError?: (error: unknown) => void;
}

/** Options with every default filled in. */
export interface Settings {
  readonly organization: string;
  readonly provider: ProviderRecord;
  /** Whether machine events go out: only to a provider whose address somebody gave. */
  readonly announces: boolean;
  readonly lending: Lending;
  readonly oauth: OAuthApplication;
  readonly thirdParty: ThirdParty;
  readonly tokens: readonly { token: Secret; organizations: readonly string[] }[];
  readonly storageAdmin: { accessKeyId: string; secretAccessKey: Secret };
  readonly delays: Delays;
  readonly rateLimits: boolean;
  readonly state: string | undefined;
  readonly now: Clock;
  readonly onError: (error: unknown) => void;
}

/**
 * Secrets of a simulation nobody configured. They are public on purpose and name themselves: whoever finds one
 * in a real configuration knows where it came from.
 */
export const simulatedSecrets = {
  provisioning: 'simulated-provisioning-secret',
  webhook: 'simulated-webhook-secret',
  oauthClientId: 'simulated-client',
  oauthClientSecret: 'simulated-client-secret',
  operatorToken: 'fo1_simulated-operator-token',
  storageKeyId: 'tid_simulated_admin',
  storageSecret: 'tsec_simulated_admin_secret',
} as const;

const defaultDelays: Delays = {
  launch: 20,
  start: 20,
  stop: 15,
  suspend: 20,
  replace: 15,
  destroy: 15,
  appDeletionLag: 0,
};

const DEFAULT_SLUG = 'hangar';
const DEFAULT_PROVIDER_URL = 'http://127.0.0.1:4600/flyio';

/** Fills in the defaults. */
export function settle(options: SimulatorOptions): Settings {
  const baseUrl = (options.provider?.baseUrl ?? DEFAULT_PROVIDER_URL).replace(/\/+$/, '');
  const organization = options.organization ?? operatorOrganization;
  return {
    organization,
    announces: options.provider?.baseUrl !== undefined,
    provider: {
      baseUrl,
      slug: options.provider?.slug ?? DEFAULT_SLUG,
      provisioningSecret: options.provider?.provisioningSecret ?? Secret.of(simulatedSecrets.provisioning),
      webhookSecret: options.provider?.webhookSecret ?? Secret.of(simulatedSecrets.webhook),
    },
    lending: {
      names: options.lending?.names ?? [],
      displayName: options.lending?.displayName ?? options.provider?.slug ?? DEFAULT_SLUG,
      selectsRegion: options.lending?.selectsRegion ?? false,
      excludedRegions: options.lending?.excludedRegions ?? [],
      plans: options.lending?.plans ?? [],
    },
    thirdParty: options.thirdParty ?? 'fly',
    oauth: {
      clientId: options.oauth?.clientId ?? simulatedSecrets.oauthClientId,
      clientSecret: options.oauth?.clientSecret ?? Secret.of(simulatedSecrets.oauthClientSecret),
      redirectUris: options.oauth?.redirectUris ?? [`${baseUrl}/callback`],
    },
    tokens: (
      options.tokens ?? [{ token: Secret.of(simulatedSecrets.operatorToken), organizations: [organization] }]
    ).flatMap(plainParts),
    storageAdmin: options.storageAdmin ?? {
      accessKeyId: simulatedSecrets.storageKeyId,
      secretAccessKey: Secret.of(simulatedSecrets.storageSecret),
    },
    delays: withDefaults(defaultDelays, options.delays),
    rateLimits: options.rateLimits ?? false,
    state: options.state,
    now: options.now ?? systemClock,
    onError: options.onError ?? (() => undefined),
  };
}

/**
 * A configured token as people hold it: perhaps a bundle with macaroons in it. Those prove themselves; what must be known
 * is every plain token.
 */
function plainParts(given: { token: Secret; organizations: readonly string[] }): Settings['tokens'] {
  return given.token
    .reveal()
    .replace(/^\s*(?:(?:bearer|flyv1)\s+)+/i, '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '' && !/^fm(?:2|1r|1a)_/.test(text))
    .map((text) => ({ token: Secret.of(text), organizations: given.organizations }));
}
