import type { Machine } from '../../world/platform.ts';
import type { Asked, Owned } from '../asked.ts';
import { egressAddresses, egressNode } from './address.ts';
import { connection, type PageAsked } from './connection.ts';
import { timeOf, type Node, type Nodes } from './nodes.ts';

/** A machine. The Machines API says more about it. */
export function machineNode(one: Machine, app: Owned, asked: Asked, nodes: Nodes): Node {
  return {
    id: one.id,
    name: one.name,
    state: one.state,
    region: one.region,
    config: one.config,
    createdAt: timeOf(one.createdAtMs),
    app: () => nodes.app(app),
    ips: (page: PageAsked) =>
      connection([one.privateIp], page, (ip) => ({ family: 'v6', kind: 'privatenet', ip, maskSize: 112 })),
    host: { id: `host-${one.region}` },
    egressIpAddresses: (page: PageAsked) =>
      connection(egressAddresses(asked, app.app, one.id), page, egressNode),
  };
}
