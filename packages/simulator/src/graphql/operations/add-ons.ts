import { Action } from '@hangar/macaroon';
import { GraphQLError } from 'graphql';
import type { Conversation } from '../../caller/extensions.ts';
import { isObject, type JsonObject } from '../../world/json.ts';
import { placeIn } from '../../machines/request/regions.ts';
import type { Extension } from '../../world/extensions.ts';
import type { Organization } from '../../world/people.ts';
import { organizationById } from '../../world/world.ts';
import { appOf, given, organizationOf, unauthorized, type Asked, type Mutation } from '../asked.ts';
import { connection, type PageAsked } from '../nodes/connection.ts';
import type { Nodes } from '../nodes/nodes.ts';
import { buyerOf } from './buyer.ts';
import { planOf, plansOf, providerOf } from './providers.ts';

interface Purchase {
  readonly organizationId?: string | null;
  readonly appId?: string | null;
  readonly name?: string | null;
  readonly type: string;
  readonly planId?: string | null;
  readonly organizationPlanId?: string | null;
  readonly primaryRegion?: string | null;
  readonly readRegions?: readonly string[] | null;
  readonly options?: JsonObject | null;
}

interface Sought {
  readonly name?: string | null | undefined;
  readonly id?: string | null | undefined;
  readonly provider?: string | null | undefined;
}

interface Change {
  readonly addOnId: string;
  readonly planId?: string | null;
  readonly readRegions?: readonly string[] | null;
  readonly options?: JsonObject | null;
  readonly metadata?: JsonObject | null;
}

/** States in which a provider has not yet said how it ended. */
const UNDER_WAY: ReadonlySet<string> = new Set(['provisioning', 'updating']);

/** The extensions that the caller sees, of a type, an organization or an app. */
export function addOnsWhere(
  { simulation, viewer }: Asked,
  where: { type?: string | null | undefined; organization?: Organization; app?: string },
): Extension[] {
  const { world } = simulation;
  return [...world.extensions.values()].filter((one) => {
    const owner = organizationById(world, one.organizationId);
    return (
      !one.deleted &&
      one.type !== undefined &&
      (!where.type || one.type === where.type) &&
      (where.organization === undefined || owner === where.organization) &&
      (where.app === undefined || one.app === where.app) &&
      owner !== undefined &&
      viewer.sees(owner)
    );
  });
}

/** Under which name it is kept that a person has agreed to somebody's terms. */
export function agreementKey(user: string, provider: string): string {
  return `${user} ${provider}`;
}

/** Extensions as flyctl buys, shows, changes and ends them: each is a signed request to the provider (docs/specs/extensions.md). */
export function addOnOperations(asked: Asked, nodes: Nodes) {
  const { simulation, caller, viewer } = asked;
  const { world, settings, clock } = simulation;

  const named = (by: Sought): Extension => {
    const found = addOnsWhere(asked, { type: by.provider }).find(
      (one) => one.id === by.id || one.name === by.name,
    );
    if (!found) throw new GraphQLError('Could not find AddOn', { extensions: { code: 'NOT_FOUND' } });
    return found;
  };
  const buysFor = (organization: Organization | undefined): Organization => {
    if (!organization || !viewer.may(Action.create, { organization, feature: 'addon' })) throw unauthorized();
    return organization;
  };
  const checkedPlan = (id: string | null | undefined): string | undefined => {
    const plan = given(id);
    if (plan !== undefined && !planOf(settings, plan)) throw new GraphQLError(`there is no plan ${plan}`);
    return plan;
  };

  return {
    addOnProvider: ({ name }: { name: string }) => providerOf(settings, name),
    addOnPlans: ({ type, ...page }: PageAsked & { readonly type: string }) =>
      connection(plansOf(settings, type), page, (plan) => plan),
    addOns: ({ type, ...page }: PageAsked & { readonly type?: string | null }) => {
      if (viewer.email === undefined) throw unauthorized();
      return connection(addOnsWhere(asked, { type }), page, nodes.addOn);
    },
    addOn: async (by: Sought) => {
      const extension = named(by);
      // A provider that answered late is asked how far it is, for as long as somebody wants to know.
      if (UNDER_WAY.has(extension.status)) await caller.show(extension);
      return nodes.addOn(extension);
    },

    createExtensionTosAgreement: ({ input }: Mutation<{ addOnProviderName: string }>) => {
      const [person] = viewer.people;
      if (!person) throw unauthorized();
      providerOf(settings, input.addOnProviderName);
      world.agreements.set(agreementKey(person.id, input.addOnProviderName), { agreedAtMs: clock.nowMs() });
      return { clientMutationId: input.clientMutationId };
    },
    createAddOn: async ({ input }: Mutation<Purchase>) => {
      providerOf(settings, input.type);
      const bound = given(input.appId) === undefined ? undefined : appOf(asked, input.appId);
      const organization = buysFor(bound?.owner ?? organizationOf(asked, input.organizationId));
      const name = given(input.name) ?? `${bound?.app.name ?? organization.slug}-${settings.provider.slug}`;
      if (addOnsWhere(asked, { type: input.type }).some((one) => one.name === name))
        throw new GraphQLError(`the name ${name} is unavailable for creation: it is already taken`);
      const twin = bound && addOnsWhere(asked, { type: input.type, app: bound.app.name })[0];
      if (twin)
        throw new GraphQLError(
          `A ${input.type} extension named ${twin.name} already exists for app ${twin.app}`,
        );
      const plan = checkedPlan(input.planId);
      const organizationPlan = checkedPlan(input.organizationPlanId);
      const region = given(input.primaryRegion);
      if (region !== undefined && settings.lending.excludedRegions.includes(placeIn(region)))
        throw new GraphQLError(`${settings.lending.displayName} is not offered in ${region}`);
      const talk = await caller.provision({
        name,
        organizationId: organization.id,
        userId: buyerOf(asked, organization).id,
        primaryRegion: region,
        readRegions: input.readRegions ?? undefined,
        options: input.options ?? undefined,
        extra: {
          plan_id: plan,
          organization_plan_id: organizationPlan,
        },
      });
      const extension = accepted(talk);
      // What the order leaves out must not overwrite what the provider's answer brought.
      Object.assign(extension, {
        type: input.type,
        ...(bound ? { app: bound.app.name } : {}),
        ...(plan === undefined ? {} : { planId: plan }),
        ...(region === undefined ? {} : { primaryRegion: region }),
        ...(input.readRegions ? { readRegions: input.readRegions } : {}),
        ...(input.options ? { options: input.options } : {}),
      });
      world.extensions.changed(extension.id);
      return { clientMutationId: input.clientMutationId, addOn: nodes.addOn(extension) };
    },
    updateAddOn: async ({ input }: Mutation<Change>) => {
      const extension = named({ id: input.addOnId });
      const owner = buysFor(organizationById(world, extension.organizationId));
      const plan = checkedPlan(input.planId);
      const { readRegions, options, metadata } = input;
      accepted(
        await caller.update(extension, {
          ...buyerOf(asked, owner).words,
          plan_id: plan,
          read_regions: readRegions,
          options,
        }),
      );
      Object.assign(extension, {
        ...(plan === undefined ? {} : { planId: plan }),
        ...(readRegions ? { readRegions } : {}),
        ...(options ? { options } : {}),
        ...(metadata ? { metadata } : {}),
      });
      world.extensions.changed(extension.id);
      return { clientMutationId: input.clientMutationId, addOn: nodes.addOn(extension) };
    },
    deleteAddOn: async ({
      input,
    }: Mutation<{ addOnId?: string | null; name?: string | null; provider?: string | null }>) => {
      const extension = named({ id: input.addOnId, name: input.name, provider: input.provider });
      buysFor(organizationById(world, extension.organizationId));
      const talk = await caller.remove(extension);
      if (talk.exchange.status !== 404) accepted(talk);
      return {
        clientMutationId: input.clientMutationId,
        deletedAddOnId: extension.id,
        deletedAddOnName: extension.name,
      };
    },
  };
}

/** What came of a request to the provider. Throws GraphQLError with the provider's own sentence when it refused. */
function accepted({ exchange, extension, json }: Conversation): Extension {
  if (exchange.status >= 200 && exchange.status < 300 && extension) return extension;
  const sentence = isObject(json) && typeof json['error'] === 'string' ? json['error'] : undefined;
  const silent =
    exchange.status === 0 ? 'the provider cannot be reached' : `the provider answered ${exchange.status}`;
  throw new GraphQLError(sentence ?? silent);
}
