import { addressesOf } from '../../machines/apps/addresses.ts';
import type { Address, App } from '../../world/platform.ts';
import type { Asked } from '../asked.ts';
import { timeOf, type Node, type Nodes } from './nodes.ts';

/** An address under which an app is reached. */
export function addressNode(one: Address, { simulation }: Asked, nodes: Nodes): Node {
  const elsewhere = simulation.world.organizations.get(one.organization ?? '');
  return {
    id: addressId(one),
    address: one.ip,
    type: one.type,
    region: one.region,
    serviceName: one.serviceName,
    createdAt: timeOf(one.createdAtMs),
    network:
      elsewhere === undefined
        ? null
        : { name: one.network ?? 'default', organization: () => nodes.organization(elsewhere) },
  };
}

/** The id of an address. */
export function addressId(one: Address): string {
  return `ip_${one.ip}`;
}

/** The addresses of an app without those that it calls out from, and without the shared one: clients add that themselves. */
export function ordinaryAddresses({ simulation }: Asked, app: App): Address[] {
  return addressesOf(simulation, app).filter(
    (one) => one.type !== 'shared_v4' && !one.type.startsWith('egress'),
  );
}

/** The addresses that a machine calls out from, or without a machine those that the app has for a region. */
export function egressAddresses({ simulation }: Asked, app: App, machine: string | undefined): Address[] {
  return addressesOf(simulation, app).filter(
    (one) => one.type.startsWith('egress') && one.machine === machine,
  );
}

/** One of those. */
export function egressNode(one: Address): Node {
  return {
    id: addressId(one),
    ip: one.ip,
    version: one.type.endsWith('v4') ? 4 : 6,
    region: one.region,
    updatedAt: timeOf(one.createdAtMs),
  };
}
