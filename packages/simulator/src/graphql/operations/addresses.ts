import { Action } from '@hangar/macaroon';
import { GraphQLError } from 'graphql';
import { addressesOf, assignAddress, releaseAddress } from '../../machines/apps/addresses.ts';
import type { JsonObject } from '../../world/json.ts';
import { appOf, given, organizationOf, type Asked, type Mutation } from '../asked.ts';
import { addressId } from '../nodes/address.ts';
import type { Nodes } from '../nodes/nodes.ts';

interface Allocation {
  readonly appId: string;
  readonly type: string;
  readonly region?: string | null;
  readonly organizationId?: string | null;
  readonly network?: string | null;
  readonly serviceName?: string | null;
}

interface EgressOrder {
  readonly appId: string;
  readonly machineId?: string | null;
  readonly region?: string | null;
}

/** Addresses of apps: the same ones that the Machines API gives and takes. */
export function addressOperations(asked: Asked, nodes: Nodes) {
  const { simulation } = asked;
  const { world } = simulation;

  const egress = (input: EgressOrder) => {
    const { app } = appOf(asked, input.appId, Action.write);
    const machine = given(input.machineId);
    if (machine !== undefined && world.machines.get(machine)?.app !== app.name)
      throw new GraphQLError('Could not find Machine');
    const region = given(input.region) ?? world.machines.get(machine ?? '')?.region;
    const of = addressesOf(simulation, app).filter(
      (one) => one.type.startsWith('egress') && one.machine === machine,
    );
    return { app, machine, region, of };
  };
  const pair = (addresses: readonly { type: string; ip: string }[]) => ({
    v4: addresses.find((one) => one.type === 'egress_v4')?.ip ?? null,
    v6: addresses.find((one) => one.type === 'egress_v6')?.ip ?? null,
  });

  return {
    allocateIpAddress: ({ input }: Mutation<Allocation>) => {
      const owned = appOf(asked, input.appId, Action.write);
      const elsewhere = given(input.organizationId);
      const order: JsonObject = {
        type: input.type,
        region: given(input.region),
        network: given(input.network),
        service_name: given(input.serviceName),
        org_slug: elsewhere === undefined ? undefined : organizationOf(asked, elsewhere).slug,
      };
      const address = assignAddress(simulation, owned.app, order);
      return {
        clientMutationId: input.clientMutationId,
        app: nodes.app(owned),
        ipAddress: nodes.address(address),
      };
    },
    releaseIpAddress: ({
      input,
    }: Mutation<{ appId?: string | null; ip?: string | null; ipAddressId?: string | null }>) => {
      const owned = appOf(asked, input.appId, Action.write);
      const address = addressesOf(simulation, owned.app).find(
        (one) => one.ip === input.ip || addressId(one) === input.ipAddressId,
      );
      if (!address) throw new GraphQLError('Could not find IPAddress');
      releaseAddress(simulation, owned.app, address.ip);
      return { clientMutationId: input.clientMutationId, app: nodes.app(owned) };
    },
    allocateEgressIpAddress: ({ input }: Mutation<EgressOrder>) => {
      const { app, machine, region, of } = egress(input);
      if (machine === undefined && region === undefined)
        throw new GraphQLError('a machine or a region is needed');
      if (machine !== undefined && of.length > 0)
        return { clientMutationId: input.clientMutationId, ...pair(of) };
      const fresh = ['egress_v4', 'egress_v6'].map((type) =>
        assignAddress(simulation, app, { type, region }, machine),
      );
      return { clientMutationId: input.clientMutationId, ...pair(fresh) };
    },
    releaseEgressIpAddress: ({ input }: Mutation<EgressOrder>) => {
      const { app, of } = egress(input);
      if (of.length === 0) throw new GraphQLError('the machine has no egress address');
      for (const one of of) releaseAddress(simulation, app, one.ip);
      return { clientMutationId: input.clientMutationId, ...pair(of) };
    },
  };
}
