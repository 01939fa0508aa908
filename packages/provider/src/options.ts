import { isIPv4 } from 'node:net';
import type { OAuthClient } from '@hangar/flyio';
import { HangarError, type Clock, type Log } from '@hangar/http';
import { type Sealer, type Secret } from '@hangar/security';
import type { Outgoing } from '@hangar/security/outgoing';
import type { ProviderStore } from './ports.ts';
import type { Seller } from './seller.ts';

/** Everything a provider is made of. */
export interface ProviderOptions {
  /** Where Fly.io reaches us, such as `https://logjam.io/flyio`. Never derived from a request. */
  readonly publicBaseUrl: string;
  /** The last part of the webhook address that Fly.io gave out. */
  readonly providerSlug: string;
  /** Verify requests from Fly.io; any of them counts, so that one can be rotated out. */
  readonly provisioningSecrets: readonly Secret[];
  /** Signs what we send to Fly.io. */
  readonly webhookSecret: Secret;
  /** Where webhooks go: `https://api.fly.io/api/hooks/extensions/<slug>`. */
  readonly webhookUrl: string;
  readonly oauth: OAuthClient;
  readonly store: ProviderStore;
  readonly sealer: Sealer;
  readonly outgoing: Outgoing;
  /** The names of all environment variables that `config` may ever hold. */
  readonly configKeys: readonly string[];
  readonly seller: Seller;
  /** Path of the page a sign-in for an extension leads to. */
  readonly landing: (extensionId: string) => string;
  /** Path of an organization's overview. Default `/`. */
  readonly organizationLanding?: (organizationId: string) => string;
  /** What `/login?return_to=` may name: exact paths, or prefixes when they end in `/`. Default `/` and `/extensions/`. */
  readonly returnPaths?: readonly string[];
  /** `secure: false` is only accepted when `publicBaseUrl` is plain http on this machine. */
  readonly cookie: { readonly secure: boolean };
  /** Regions on offer. Without it any three lower-case letters are taken. */
  readonly regions?: readonly string[];
  /** Plans on offer. Without it any word is taken, and the seller's code decides. */
  readonly plans?: readonly string[];
  /** Status of a finished creation; 200 for a peer that insists on it. Default 201. */
  readonly createdStatus?: 200 | 201;
  /** Accept base64 signatures too. Default off (docs/specs/extensions.md#signature). */
  readonly acceptBase64?: boolean;
  /** Verify machine events with secrets of their own. Default: the provisioning secrets. */
  readonly eventsSecrets?: readonly Secret[];
  /**
   * How long a deleted extension's data lives on, without anybody's access, when the seller can cut it off. Default
   * {@link DELETE_GRACE_MS}; 0 destroys at once.
   */
  readonly deleteGraceMs?: number;
  /**
   * Says in the log what is wrong with each signature that was refused. For development: it costs a few hundred digests, and strangers
   * may ask for that as often as they like. Default off.
   */
  readonly explainRefusals?: boolean | undefined;
  readonly timing?: Partial<Timing>;
  readonly now?: Clock;
  /** Default: warnings and errors on standard error, one line of JSON each. */
  readonly log?: Log;
}

/** Times, each with what breaks beside it. */
export interface Timing {
  /**
   * When a request turns asynchronous. Fly.io waits five seconds (docs/specs/extensions.md#asynchronous-work); one is
   * left for the rest.
   */
  readonly answerMs: number;
  /** How long provisioning may take. flyctl stops polling after four minutes. */
  readonly operationMs: number;
  /** How long a crashed process keeps others from resuming its work; renewed every third of it. */
  readonly leaseMs: number;
  /** How often a request that waits for another process looks at the database. */
  readonly pollMs: number;
  /** How long one attempt to deliver a webhook may take. */
  readonly webhookMs: number;
}

/**
 * 72 hours: a bucket was once lost because two had one name (superfly/flyctl issue 4467). Shorter, and a deletion on a
 * Friday evening is final before anybody is back; longer, and what nobody pays for is kept.
 */
export const DELETE_GRACE_MS = 72 * 3_600_000;

/** The times that apply when nothing else is said. */
export const defaultTiming: Timing = {
  answerMs: 4_000,
  operationMs: 240_000,
  leaseMs: 12_000,
  pollMs: 100,
  webhookMs: 15_000,
};

/** A secret that can be guessed is as good as none; Fly.io hands out longer ones. */
const MIN_SECRET_BYTES = 16;

const PLACEHOLDER =
  /^(?:x{4,}|changeme|change-me|replace-?me|your[-_ ]|example|placeholder|secret(?:[-_ ]?key)?$|todo|<)/i;

/**
 * Refuses options that would start an unsafe provider, with every problem at once.
 * @throws HangarError `config_invalid`
 */
export function checkOptions(options: ProviderOptions): void {
  const problems = [...secretProblems(options), ...addressProblems(options)];
  for (const key of options.configKeys) {
    if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(key))
      problems.push(`configKeys: ${JSON.stringify(key)} is not a variable name`);
  }
  if (problems.length > 0) {
    throw new HangarError('config_invalid', { public: `the provider cannot start: ${problems.join('; ')}` });
  }
}

function secretProblems(options: ProviderOptions): string[] {
  const problems: string[] = [];
  const named: [string, Secret][] = [
    ...options.provisioningSecrets.map((secret): [string, Secret] => ['provisioningSecrets', secret]),
    ...(options.eventsSecrets ?? []).map((secret): [string, Secret] => ['eventsSecrets', secret]),
    ['webhookSecret', options.webhookSecret],
  ];
  if (options.provisioningSecrets.length === 0) problems.push('provisioningSecrets: none is given');
  for (const [name, secret] of named) {
    if (secret.bytes().byteLength < MIN_SECRET_BYTES)
      problems.push(`${name}: shorter than ${MIN_SECRET_BYTES} bytes`);
    else if (PLACEHOLDER.test(secret.reveal())) problems.push(`${name}: looks like a placeholder`);
  }
  // Fly.io gives two, so that a webhook can never be replayed to us as a request (docs/specs/extensions.md#secrets).
  if (options.provisioningSecrets.some((secret) => secret.equals(options.webhookSecret))) {
    problems.push('webhookSecret: equals a provisioning secret');
  }
  return problems;
}

function addressProblems(options: ProviderOptions): string[] {
  if (!/^https?:/.test(options.publicBaseUrl) || !URL.canParse(options.publicBaseUrl)) {
    return ['publicBaseUrl: not an http address'];
  }
  const url = new URL(options.publicBaseUrl);
  const problems: string[] = [];
  if (url.search !== '' || url.hash !== '' || url.username !== '')
    problems.push('publicBaseUrl: only scheme, host and path');
  const plainLoopback = url.protocol === 'http:' && isLoopback(url.hostname);
  if (!options.cookie.secure && !plainLoopback)
    problems.push('cookie.secure: false is only for http on this machine');
  return problems;
}

/** True for names and addresses that never leave the machine. */
export function isLoopback(hostname: string): boolean {
  if (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    hostname === '::1'
  )
    return true;
  return isIPv4(hostname) && hostname.startsWith('127.');
}
