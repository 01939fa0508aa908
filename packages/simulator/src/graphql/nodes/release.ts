import { inProgress } from '../../releases/releases.ts';
import { principals } from '../../discharge/principals.ts';
import type { Release } from '../../releases/release.ts';
import type { Asked } from '../asked.ts';
import { timeOf, type Node, type Nodes } from './nodes.ts';

/** A release. */
export function releaseNode(one: Release, { simulation }: Asked, nodes: Nodes): Node {
  return {
    id: one.id,
    version: one.version,
    status: one.status,
    stable: one.status === 'complete',
    inProgress: inProgress(one),
    description: 'Release',
    reason: 'change',
    imageRef: one.imageRef,
    configDefinition: one.definition,
    deploymentStrategy: one.strategy,
    evaluationId: one.id,
    user: () => {
      const person = principals(simulation).find((each) => each.email === one.user);
      // A macaroon made it: it has an address, and is nobody.
      return person ? nodes.person(person) : { __typename: 'User', id: '', email: one.user, name: one.user };
    },
    createdAt: timeOf(one.createdAtMs),
  };
}
