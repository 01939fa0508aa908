import { HangarError } from '@hangar/http';
import { isObject } from '../../../rules/json.ts';
import { pathTo, type Asking, type Json } from '../../asking.ts';
import { addressesOf, addressNode, isShared } from './address.ts';
import { imageDetailsOf, machineNode, servicesOf } from './machine.ts';
import { connection, NONE, textIn, textOrNull, type Node } from './node.ts';
import { organizationNamed } from './organization.ts';
import { definitionOf, releaseNode } from './release.ts';
import { tokensOf } from './token.ts';

/** The only version of the platform that is left. */
const PLATFORM_VERSION = 'machines';

const USUAL_RELEASES = 20;

/** An app, from what `GET /v1/apps/{app}` says of it. What else is wanted of it is asked for when it is. */
export function appNode(wire: Json, asking: Asking): Node {
  const name = textIn(wire, 'name');
  const status = textIn(wire, 'status');
  const hostname = `${name}.fly.dev`;
  const organization = isObject(wire['organization']) ? wire['organization'] : {};
  const machines = async () => await asking.getList(pathTo`/v1/apps/${name}/machines`);
  const current = async () => {
    const release = await currentRelease(name, asking);
    return release ? releaseNode(release, name, asking) : null;
  };
  const releases = async ({ first }: { first?: number | null }) => {
    const limit = Math.min(Math.max(first ?? USUAL_RELEASES, 1), 100);
    const answer = await asking.get(`${pathTo`/api/v1/apps/${name}/releases`}?limit=${limit}`);
    return connection(asking.list(answer['releases']).map((one) => releaseNode(one, name, asking)));
  };
  return {
    id: name,
    name,
    internalNumericId: wire['internal_numeric_id'],
    hostname,
    cnameTarget: hostname,
    appUrl: `https://${hostname}`,
    deployed: status === 'deployed',
    status,
    version: async () => (await currentRelease(name, asking))?.['version'] ?? 0,
    network: textOrNull(wire, 'network'),
    platformVersion: PLATFORM_VERSION,
    role: wire['app_role'] === undefined ? null : { name: wire['app_role'] },
    organization: async () => await organizationNamed(textIn(organization, 'slug'), asking),
    config: async () => {
      const release = await currentRelease(name, asking);
      return { definition: release ? await definitionOf(release, name, asking) : {} };
    },
    services: async () => servicesOf((await machines())[0], asking),
    machines: async () => connection((await machines()).map((one) => machineNode(one, name))),
    currentRelease: current,
    currentReleaseUnprocessed: current,
    releases,
    releasesUnprocessed: releases,
    image: async ({ ref }: { ref: string }) => await imageNode(name, ref, asking),
    imageDetails: async () => imageDetailsOf((await machines())[0]),
    hostIssues: async () => {
      const answer = await asking.get(pathTo`/hangar/v1/apps/${name}/host-issues`);
      return connection(asking.list(answer['issues']));
    },
    secrets: async () => {
      const answer = await asking.get(pathTo`/v1/apps/${name}/secrets`);
      return asking
        .list(answer['secrets'])
        .map((one) => ({ name: one['name'], digest: textIn(one, 'digest'), createdAt: one['created_at'] }));
    },
    ipAddresses: async () => {
      const addresses = await addressesOf(name, asking);
      // Clients add the shared one themselves.
      return connection(addresses.filter((one) => !isShared(one)).map(addressNode));
    },
    sharedIpAddress: async () => (await addressesOf(name, asking)).find(isShared)?.['ip'] ?? null,
    egressIpAddresses: NONE,
    limitedAccessTokens: async ({ first }: { first?: number | null }) =>
      await tokensOf({ app: name }, first, asking),
    addOns: NONE,
  };
}

/** The app with that name. */
export async function appNamed(name: string, asking: Asking): Promise<Node> {
  return appNode(await asking.get(pathTo`/v1/apps/${name}`), asking);
}

/** In a list of apps each has its own: all are asked for at once. */
async function currentRelease(app: string, asking: Asking): Promise<Json | undefined> {
  const { releases } = await asking.get('/hangar/v1/releases');
  const release = isObject(releases) ? releases[app] : undefined;
  return isObject(release) ? release : undefined;
}

/** An image that the app may run; null where there is none. */
async function imageNode(app: string, ref: string, asking: Asking): Promise<Node | null> {
  try {
    const path = pathTo`/hangar/v1/apps/${app}/image`;
    const image = await asking.get(`${path}?ref=${encodeURIComponent(ref)}`);
    return { ...image, compressedSizeFull: String(image['compressed_size_full']) };
  } catch (error) {
    if (error instanceof HangarError && error.code === 'not_found') return null;
    throw error;
  }
}
