import type { Asked, Owned } from '../asked.ts';
import type { Principal } from '../../discharge/principals.ts';
import type { Extension } from '../../world/extensions.ts';
import type { LimitedToken } from '../../world/limited-tokens.ts';
import type { Organization } from '../../world/people.ts';
import type { Address, Machine } from '../../world/platform.ts';
import type { Release } from '../../releases/release.ts';
import { addOnNode } from './add-on.ts';
import { addressNode } from './address.ts';
import { appNode } from './app.ts';
import { machineNode } from './machine.ts';
import { organizationNode } from './organization.ts';
import { personNode } from './person.ts';
import { releaseNode } from './release.ts';
import { tokenNode } from './token.ts';

/** A thing of the world as GraphQL shows it. A member that is a function is asked only when a query names it. */
export type Node = Readonly<Record<string, unknown>>;

/** How each kind of thing looks to one request. */
export interface Nodes {
  readonly person: (one: Principal) => Node;
  readonly organization: (one: Organization) => Node;
  readonly app: (one: Owned) => Node;
  readonly machine: (one: Machine, app: Owned) => Node;
  readonly release: (one: Release) => Node;
  readonly address: (one: Address) => Node;
  readonly token: (one: LimitedToken) => Node;
  readonly addOn: (one: Extension) => Node;
}

/** Everything that one request may see, by kind. */
export function createNodes(asked: Asked): Nodes {
  const nodes: Nodes = {
    person: (one) => personNode(one, asked),
    organization: (one) => organizationNode(one, asked, nodes),
    app: (one) => appNode(one, asked, nodes),
    machine: (one, app) => machineNode(one, app, asked, nodes),
    release: (one) => releaseNode(one, asked, nodes),
    address: (one) => addressNode(one, asked, nodes),
    token: (one) => tokenNode(one, asked, nodes),
    addOn: (one) => addOnNode(one, asked, nodes),
  };
  return nodes;
}

/** An instant on the wire. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
