import { GraphQLError } from 'graphql';
import type { Organization, User } from '../../world/people.ts';
import type { JsonObject } from '../../world/json.ts';
import type { Asked } from '../asked.ts';

/** The person in whose name a request goes to a provider. */
export interface Buyer {
  readonly id: string;
  /** The members of a signed request that say who acts. */
  readonly words: JsonObject;
}

/**
 * Whoever asks, when that is a person of the organization. A plain token and a macaroon stand for whoever made them, which nobody
 * remembers: an admin of the organization, or else a member. Throws GraphQLError for an organization without people.
 */
export function buyerOf({ simulation, viewer }: Asked, organization: Organization): Buyer {
  const members = [...simulation.world.users.values()].filter((one) => one.roles.has(organization.id));
  const asking = members.find((one) => viewer.people.some((person) => person.id === one.id));
  const admin = members.find((one) => one.roles.get(organization.id) === 'admin');
  const user: User | undefined = asking ?? admin ?? members[0];
  if (!user) {
    throw new GraphQLError(
      `nobody belongs to ${organization.name}: sign in with \`fly auth login\` as somebody whose organization buys extensions`,
    );
  }
  return {
    id: user.id,
    words: { user_id: user.id, user_email: user.email, user_role: user.roles.get(organization.id) },
  };
}
