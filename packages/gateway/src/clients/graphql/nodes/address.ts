import { isIP } from 'node:net';
import { pathTo, type Asking, type Json } from '../../asking.ts';
import { textIn, textOrNull, type Node } from './node.ts';

/** All private addresses of Fly.io lie in it. */
const PRIVATE = 'fdaa:';

/** An address of an app, from the Machines API's answer about it, which does not say its kind. */
export function addressNode(wire: Json): Node {
  const address = textIn(wire, 'ip');
  return {
    id: addressId(address),
    address,
    type: typeOf(wire, address),
    region: textIn(wire, 'region', 'global'),
    serviceName: textIn(wire, 'service_name'),
    createdAt: textOrNull(wire, 'created_at'),
    network: null,
  };
}

/** The addresses of an app. */
export async function addressesOf(app: string, asking: Asking): Promise<readonly Json[]> {
  const answer = await asking.get(pathTo`/v1/apps/${app}/ip_assignments`);
  return asking.list(answer['ips']);
}

/** Whether many apps have this address. */
export function isShared(wire: Json): boolean {
  return wire['shared'] === true;
}

/** The id of an address, and the address of an id. */
export function addressId(address: string): string {
  return `ip_${address}`;
}
export function addressWithId(id: string): string {
  return id.replace(/^ip_/, '');
}

function typeOf(wire: Json, address: string): string {
  if (address.startsWith(PRIVATE)) return 'private_v6';
  if (isIP(address) === 6) return 'v6';
  return isShared(wire) ? 'shared_v4' : 'v4';
}
