import type { Asked } from '../asked.ts';
import { agreementKey } from '../operations/add-ons.ts';
import type { Principal } from '../../discharge/principals.ts';
import type { Node } from './nodes.ts';

/** A person, or the holder of a configured token. */
export function personNode(one: Principal, { simulation }: Asked): Node {
  return {
    __typename: 'User',
    id: one.id,
    email: one.email,
    name: one.name,
    enablePaidHobby: true,
    agreedToProviderTos: ({ providerName }: { providerName: string }) =>
      simulation.world.agreements.has(agreementKey(one.id, providerName)),
  };
}
