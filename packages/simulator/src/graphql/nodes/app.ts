import { isObject, type JsonObject } from '../../world/json.ts';
import { appWire, imageReference, machinesOf } from '../../machines/machine/wire.ts';
import { addressesOf } from '../../machines/apps/addresses.ts';
import { currentRelease, releasesOf } from '../../releases/releases.ts';
import type { Asked, Owned } from '../asked.ts';
import { addOnsWhere } from '../operations/add-ons.ts';
import { egressAddresses, egressNode, ordinaryAddresses } from './address.ts';
import { imageNode } from './image.ts';
import { connection, type PageAsked } from './connection.ts';
import { timeOf, type Node, type Nodes } from './nodes.ts';

/** The only version of the platform that is left. */
const PLATFORM_VERSION = 'machines';

/** An app. */
export function appNode({ app, owner }: Owned, asked: Asked, nodes: Nodes): Node {
  const { simulation } = asked;
  const { world } = simulation;
  const status = appWire(world, app)['status'];
  const hostname = `${app.name}.fly.dev`;
  const machines = () => machinesOf(world, app.name).filter((one) => one.state !== 'destroyed');
  const current = () => currentRelease(world, app.name);
  const releases = (page: PageAsked) => connection(releasesOf(world, app.name), page, nodes.release);
  const currentNode = () => {
    const release = current();
    return release ? nodes.release(release) : null;
  };
  return {
    id: app.id,
    name: app.name,
    internalNumericId: app.number,
    hostname,
    cnameTarget: hostname,
    appUrl: `https://${hostname}`,
    deployed: status === 'deployed',
    status,
    version: () => current()?.version ?? 0,
    network: app.network,
    platformVersion: PLATFORM_VERSION,
    role: app.role === undefined ? null : { name: app.role },
    organization: () => nodes.organization(owner),
    config: () => ({ definition: current()?.definition ?? {} }),
    services: () => servicesOf(machines()[0]?.config ?? {}),
    machines: (page: PageAsked) => connection(machines(), page, (one) => nodes.machine(one, { app, owner })),
    currentRelease: currentNode,
    currentReleaseUnprocessed: currentNode,
    releases,
    releasesUnprocessed: releases,
    image: ({ ref }: { ref: string }) => imageNode(ref),
    imageDetails: () => {
      const [machine] = machines();
      return machine ? imageReference(machine.config) : null;
    },
    // No host of this platform ever breaks.
    hostIssues: (page: PageAsked) => connection<Node>([], page, (one) => one),
    secrets: () =>
      [...app.secrets.values()].map(({ name, digest, createdAtMs }) => ({
        name,
        digest,
        createdAt: timeOf(createdAtMs),
      })),
    ipAddresses: (page: PageAsked) => connection(ordinaryAddresses(asked, app), page, nodes.address),
    sharedIpAddress: () => addressesOf(simulation, app).find((ip) => ip.type === 'shared_v4')?.ip ?? null,
    egressIpAddresses: (page: PageAsked) =>
      connection(egressAddresses(asked, app, undefined), page, egressNode),
    limitedAccessTokens: (page: PageAsked) =>
      connection(
        [...world.limitedTokens.values()].filter((row) => row.app === app.name),
        page,
        nodes.token,
      ),
    addOns: ({ type, ...page }: PageAsked & { readonly type?: string | null }) =>
      connection(addOnsWhere(asked, { type, app: app.name }), page, nodes.addOn),
  };
}

/** What a machine offers to the outside. */
function servicesOf(config: JsonObject): Node[] {
  const services = Array.isArray(config['services']) ? config['services'].filter(isObject) : [];
  return services.map((service) => ({
    description: '',
    protocol: typeof service['protocol'] === 'string' ? service['protocol'] : 'tcp',
    internalPort: Number(service['internal_port'] ?? 0),
    ports: (Array.isArray(service['ports']) ? service['ports'].filter(isObject) : []).map((port) => ({
      port: Number(port['port'] ?? 0),
      handlers: Array.isArray(port['handlers']) ? port['handlers'].map(String) : [],
    })),
  }));
}
