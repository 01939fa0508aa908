import { isObject } from '../../../rules/json.ts';
import type { Asking, Json } from '../../asking.ts';
import { connection, NONE, textIn, textOrNull, type Node } from './node.ts';

/** A machine, from the Machines API's answer about it. */
export function machineNode(wire: Json, app: string): Node {
  const address = textIn(wire, 'private_ip');
  return {
    id: textIn(wire, 'id'),
    name: textIn(wire, 'name'),
    state: textIn(wire, 'state'),
    region: textIn(wire, 'region'),
    config: wire['config'] ?? {},
    createdAt: textOrNull(wire, 'created_at'),
    app: { name: app },
    ips: connection(address === '' ? [] : [{ family: 'v6', kind: 'privatenet', ip: address, maskSize: 112 }]),
    // The Machines API names hosts to nobody.
    host: { id: '' },
    egressIpAddresses: NONE,
  };
}

/** What a machine offers to the outside, by its config. */
export function servicesOf(machine: Json | undefined, asking: Asking): Node[] {
  const config = isObject(machine?.['config']) ? machine['config'] : {};
  return asking.list(config['services']).map((service) => ({
    description: '',
    protocol: textIn(service, 'protocol', 'tcp'),
    internalPort: numberIn(service, 'internal_port'),
    ports: asking.list(service['ports']).map((port) => ({
      port: numberIn(port, 'port'),
      handlers: asking.listAny(port['handlers']).map(String),
    })),
  }));
}

/** The image that a machine runs, in its parts. */
export function imageDetailsOf(machine: Json | undefined): Node | null {
  const ref = machine?.['image_ref'];
  if (!isObject(ref)) return null;
  return {
    registry: textIn(ref, 'registry'),
    repository: textIn(ref, 'repository'),
    tag: textIn(ref, 'tag'),
    digest: textIn(ref, 'digest'),
    version: null,
  };
}

function numberIn(json: Json, name: string): number {
  const value = json[name];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}
