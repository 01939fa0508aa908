import { GraphQLError } from 'graphql';
import { REGIONS } from '../../machines/request/regions.ts';
import type { Settings } from '../../options.ts';
import { regionNode } from './platform.ts';
import type { Node } from '../nodes/nodes.ts';

/** The provider under one of the names that the settings lend it. Throws GraphQLError for a name of somebody whose product is not simulated. */
export function providerOf(settings: Settings, name: string): Node {
  if (!settings.lending.names.includes(name)) {
    throw new GraphQLError(
      `extension provider ${name} is not simulated; the setting lending.names makes ${settings.provider.slug} answer to that name`,
    );
  }
  return providerNode(settings, name);
}

/** How flyctl is to deal with the provider. */
export function providerNode(settings: Settings, name: string): Node {
  const { lending, provider } = settings;
  return {
    id: `provider_${name}`,
    // flyctl compares it with the name that it asked for.
    name,
    displayName: lending.displayName,
    tosUrl: `${provider.baseUrl}/terms`,
    tosAgreement: `By provisioning this resource you agree to the terms of ${lending.displayName}, which is a rehearsal here: nothing is bought.`,
    // A provider may answer late, so the client always looks whether it is ready.
    asyncProvisioning: true,
    autoProvision: false,
    selectName: true,
    selectRegion: lending.selectsRegion,
    selectReplicaRegions: false,
    detectPlatform: false,
    resourceName: 'extension',
    nameSuffix: provider.slug,
    beta: false,
    internal: false,
    provisioningInstructions: `fly ext ${name} dashboard`,
    excludedRegions: REGIONS.filter((one) => lending.excludedRegions.includes(one.code)).map(regionNode),
  };
}

/** The plans of the provider, as flyctl lists them. */
export function plansOf({ lending }: Settings, name: string): Node[] {
  return lending.names.includes(name) ? lending.plans.map((plan) => ({ ...plan })) : [];
}

/** One of those plans. */
export function planOf({ lending }: Settings, id: string | undefined): Node | undefined {
  const plan = lending.plans.find((one) => one.id === id);
  return plan && { ...plan };
}
