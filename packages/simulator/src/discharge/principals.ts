import { configuredTokenId, plainTokens } from '../machines/request/plain-tokens.ts';
import type { Simulation } from '../simulation.ts';

/** Somebody who may be signed in at the simulated Fly.io: a seeded person, or the holder of a configured token. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** The number that ConfineUser and FlyioUserID name. */
  readonly number: bigint;
  /** Slugs. */
  readonly organizations: readonly string[];
}

/** First number of a person, and of the holder of a configured token. */
const FIRST_PERSON = 70_001n;
const FIRST_HOLDER = 80_001n;

/** Everybody, people first. */
export function principals({ world, settings }: Simulation): readonly Principal[] {
  const people = [...world.users.values()].map((user, index) => ({
    id: user.id,
    name: user.name,
    email: user.email,
    number: FIRST_PERSON + BigInt(index),
    organizations: [...world.organizations.values()]
      .filter((one) => user.roles.has(one.id))
      .map((one) => one.slug),
  }));
  const holders = settings.tokens.map((token, index) => ({
    id: configuredTokenId(index),
    name: `Holder of configured token ${index + 1}`,
    email: `${configuredTokenId(index)}@tokens.fly.io`,
    number: FIRST_HOLDER + BigInt(index),
    organizations: token.organizations,
  }));
  return [...people, ...holders];
}

/** Whose plain tokens an Authorization header holds. Macaroons say nothing about who brings them. */
export function principalsOf(simulation: Simulation, authorization: string | undefined): Principal[] {
  const ids = new Set(plainTokens(simulation, authorization ?? '').map((token) => token.id));
  return principals(simulation).filter((one) => ids.has(one.id));
}
