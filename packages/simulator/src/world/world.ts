import { randomBytes } from 'node:crypto';
import type { Build, CliSession, Release } from '../releases/release.ts';
import type { Exchange, Extension, QueuedEvent, ReceivedWebhook } from './extensions.ts';
import type { DischargeFlow, DischargeSession, LimitedToken } from './limited-tokens.ts';
import type { OAuthCode, OAuthGrant, Organization, User } from './people.ts';
import type { Address, App, Certificate, Machine, SecretKey, Volume } from './platform.ts';
import type { AccessKey, Bucket, Policy } from './storage.ts';
import { operatorOf, operatorOrganization, seededOrganizations, seededUsers } from './seed.ts';
import { Table } from './table.ts';

/**
 * Everything that the simulated Fly.io and Tigris remember: tables and nothing else, of plain data. That is what makes it possible
 * to write down a change instead of the world.
 */
export interface World {
  /** `counter` and `clock_offset_ms`. */
  readonly numbers: Table<number>;
  /** `root`, under which the macaroons of this world are signed; `ticket`, which the issuer shares with itself as third party. */
  readonly secrets: Table<Uint8Array>;
  /** By id. */
  readonly limitedTokens: Table<LimitedToken>;
  /** By the secret of the page. */
  readonly dischargeFlows: Table<DischargeFlow>;
  /** By cookie. */
  readonly dischargeSessions: Table<DischargeSession>;
  readonly organizations: Table<Organization>;
  readonly users: Table<User>;
  readonly codes: Table<OAuthCode>;
  readonly grants: Table<OAuthGrant>;
  readonly apps: Table<App>;
  readonly machines: Table<Machine>;
  readonly volumes: Table<Volume>;
  readonly addresses: Table<Address>;
  /** By id. */
  readonly releases: Table<Release>;
  readonly builds: Table<Build>;
  readonly cliSessions: Table<CliSession>;
  /** By `APP HOST`. */
  readonly certificates: Table<Certificate>;
  /** By `APP NAME`. */
  readonly secretKeys: Table<SecretKey>;
  /** Whose terms somebody has agreed to, by `USER PROVIDER`. */
  readonly agreements: Table<{ readonly agreedAtMs: number }>;
  readonly buckets: Table<Bucket>;
  readonly accessKeys: Table<AccessKey>;
  readonly policies: Table<Policy>;
  readonly extensions: Table<Extension>;
  readonly exchanges: Table<Exchange>;
  readonly webhooks: Table<ReceivedWebhook>;
  readonly events: Table<QueuedEvent>;
}

/** A world in which nothing exists, not even people. */
export function bareWorld(): World {
  return {
    numbers: new Table(),
    secrets: new Table(),
    limitedTokens: new Table(),
    dischargeFlows: new Table(),
    dischargeSessions: new Table(),
    organizations: new Table(),
    users: new Table(),
    codes: new Table(),
    grants: new Table(),
    apps: new Table(),
    machines: new Table(),
    volumes: new Table(),
    addresses: new Table(),
    releases: new Table(),
    builds: new Table(),
    cliSessions: new Table(),
    certificates: new Table(),
    secretKeys: new Table(),
    agreements: new Table(),
    buckets: new Table(),
    accessKeys: new Table(),
    policies: new Table(),
    extensions: new Table(),
    exchanges: new Table(),
    webhooks: new Table(),
    events: new Table(),
  };
}

/** Puts the seeded people and organizations into a bare world, and keys that nobody else has. */
export function seedWorld(world: World, operator: string = operatorOrganization): World {
  for (const name of ['root', 'ticket']) world.secrets.set(name, new Uint8Array(randomBytes(32)));
  for (const one of [operatorOf(operator), ...seededOrganizations]) world.organizations.set(one.slug, one);
  for (const one of seededUsers) world.users.set(one.id, one);
  return world;
}

/** Empties a world in place: whoever holds it sees the fresh state. The clock keeps its offset, because time never goes back. */
export function resetWorld(world: World, operator: string): void {
  const offsetMs = clockOffsetMs(world);
  for (const table of Object.values(world) as Table<unknown>[]) table.clear();
  setClockOffset(world, offsetMs);
  seedWorld(world, operator);
}

/** The organization with that opaque id, the one used in provisioning and in OAuth answers. */
export function organizationById(world: World, id: string): Organization | undefined {
  return [...world.organizations.values()].find((one) => one.id === id);
}

/** A number that no other thing of this world got. */
export function nextNumber(world: World): number {
  const number = (world.numbers.get('counter') ?? 0) + 1;
  world.numbers.set('counter', number);
  return number;
}

/** How far the simulated clock is ahead of the real one. */
export function clockOffsetMs(world: World): number {
  return world.numbers.get('clock_offset_ms') ?? 0;
}

/** Remembers how far the simulated clock is ahead. */
export function setClockOffset(world: World, offsetMs: number): void {
  world.numbers.set('clock_offset_ms', offsetMs);
}

/** The key under which macaroons are signed. */
export function rootKey(world: World): Uint8Array {
  return secretOf(world, 'root');
}

/** The key that the issuer shares with itself as a third party. */
export function ticketKey(world: World): Uint8Array {
  return secretOf(world, 'ticket');
}

function secretOf(world: World, name: string): Uint8Array {
  const key = world.secrets.get(name);
  if (key === undefined) throw new RangeError(`this world has no ${name} key`);
  return key;
}
