import { randomBytes } from 'node:crypto';
import type { Exchange, Extension, QueuedEvent, ReceivedWebhook } from './extensions.ts';
import type { DischargeFlow, DischargeSession, LimitedToken } from './limited-tokens.ts';
import type { OAuthCode, OAuthGrant, Organization, User } from './people.ts';
import type { Address, App, Machine, Volume } from './platform.ts';
import type { AccessKey, Bucket, Policy } from './storage.ts';
import { operatorOf, operatorOrganization, seededOrganizations, seededUsers } from './seed.ts';

/** Everything that the simulated Fly.io and Tigris remember. Plain data: a world survives a restart as one JSON file. */
export interface World {
  clockOffsetMs: number;
  counter: number;
  /** Under which the macaroons of this world are signed. */
  readonly rootKey: Uint8Array;
  /** What the platform as an issuer of tokens shares with itself as their third party. */
  readonly ticketKey: Uint8Array;
  /** By id. */
  readonly limitedTokens: Map<string, LimitedToken>;
  /** By the secret of the page. */
  readonly dischargeFlows: Map<string, DischargeFlow>;
  /** By cookie. */
  readonly dischargeSessions: Map<string, DischargeSession>;
  readonly organizations: Map<string, Organization>;
  readonly users: Map<string, User>;
  readonly codes: Map<string, OAuthCode>;
  readonly grants: Map<string, OAuthGrant>;
  readonly apps: Map<string, App>;
  readonly machines: Map<string, Machine>;
  readonly volumes: Map<string, Volume>;
  readonly addresses: Map<string, Address>;
  readonly buckets: Map<string, Bucket>;
  readonly accessKeys: Map<string, AccessKey>;
  readonly policies: Map<string, Policy>;
  readonly extensions: Map<string, Extension>;
  readonly exchanges: Map<string, Exchange>;
  readonly webhooks: ReceivedWebhook[];
  readonly events: QueuedEvent[];
}

/** A world in which only the seeded people and organizations exist. */
export function emptyWorld(operator: string = operatorOrganization): World {
  return {
    clockOffsetMs: 0,
    counter: 0,
    rootKey: new Uint8Array(randomBytes(32)),
    ticketKey: new Uint8Array(randomBytes(32)),
    limitedTokens: new Map(),
    dischargeFlows: new Map(),
    dischargeSessions: new Map(),
    organizations: new Map([operatorOf(operator), ...seededOrganizations].map((one) => [one.slug, one])),
    users: new Map(seededUsers.map((one) => [one.id, one])),
    codes: new Map(),
    grants: new Map(),
    apps: new Map(),
    machines: new Map(),
    volumes: new Map(),
    addresses: new Map(),
    buckets: new Map(),
    accessKeys: new Map(),
    policies: new Map(),
    extensions: new Map(),
    exchanges: new Map(),
    webhooks: [],
    events: [],
  };
}

/** Empties a world in place: whoever holds it sees the fresh state. The clock keeps its offset, because time never goes back. */
export function resetWorld(world: World, operator: string): void {
  Object.assign(world, { ...emptyWorld(operator), clockOffsetMs: world.clockOffsetMs });
}

/** The organization with that opaque id, the one used in provisioning and in OAuth answers. */
export function organizationById(world: World, id: string): Organization | undefined {
  return [...world.organizations.values()].find((one) => one.id === id);
}

/** A number that no other thing of this world got. */
export function nextNumber(world: World): number {
  world.counter += 1;
  return world.counter;
}
