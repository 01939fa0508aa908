import { HangarError } from '@hangar/http';
import { isObject } from '../../../rules/json.ts';
import { pathTo, type Asking, type Json } from '../../asking.ts';
import { addressNode, addressWithId } from '../nodes/address.ts';
import { appNamed } from '../nodes/app.ts';
import { textIn } from '../nodes/node.ts';
import { tokenNode } from '../nodes/token.ts';

/** What a mutation is given. */
interface Input<T> {
  readonly input: T & { readonly clientMutationId?: string | null };
}

interface NewAddress {
  readonly appId: string;
  readonly type: string;
  readonly region?: string | null;
  readonly organizationId?: string | null;
  readonly network?: string | null;
  readonly serviceName?: string | null;
}

interface NewToken {
  readonly name: string;
  readonly organizationId: string;
  readonly profile: string;
  readonly profileParams?: unknown;
  readonly expiry?: string | null;
}

/** What is changed: as much as flyctl has no other way for, by the routes that any client changes it by. */
export function mutations(asking: Asking) {
  const setSecrets = async (app: string, values: Readonly<Record<string, string | null>>) => {
    await asking.change('POST', pathTo`/v1/apps/${app}/secrets`, { values });
    return { app: () => appNamed(app, asking), release: null };
  };
  return {
    allocateIpAddress: async ({ input }: Input<NewAddress>) => {
      const { clientMutationId, appId, type, region, organizationId, network, serviceName } = input;
      const path = pathTo`/v1/apps/${appId}/ip_assignments`;
      const address = await asking.change('POST', path, {
        type,
        region: region ?? '',
        org_slug: organizationId ?? '',
        network: network ?? '',
        service_name: serviceName ?? '',
      });
      const shared = type === 'shared_v4';
      return {
        clientMutationId,
        app: () => appNamed(appId, asking),
        ipAddress: shared ? null : addressNode(address),
      };
    },
    releaseIpAddress: async ({
      input: { clientMutationId, appId, ipAddressId, ip },
    }: Input<{ appId: string; ipAddressId?: string | null; ip?: string | null }>) => {
      const address = ip ?? addressWithId(ipAddressId ?? '');
      await asking.change('DELETE', pathTo`/v1/apps/${appId}/ip_assignments/${address}`);
      return { clientMutationId, app: () => appNamed(appId, asking) };
    },
    setSecrets: async ({
      input: { clientMutationId, appId, replaceAll, secrets },
    }: Input<{
      appId: string;
      replaceAll?: boolean | null;
      secrets: readonly { key: string; value: string }[];
    }>) => {
      if (replaceAll === true)
        throw new HangarError('invalid', { public: 'replaceAll is not offered through the gateway' });
      const values = Object.fromEntries(secrets.map(({ key, value }) => [key, value]));
      return { clientMutationId, ...(await setSecrets(appId, values)) };
    },
    unsetSecrets: async ({
      input: { clientMutationId, appId, keys },
    }: Input<{ appId: string; keys: readonly string[] }>) => {
      const values = Object.fromEntries(keys.map((key) => [key, null]));
      return { clientMutationId, ...(await setSecrets(appId, values)) };
    },
    createLimitedAccessToken: async ({ input }: Input<NewToken>) => {
      const minted = await asking.change('POST', '/hangar/v1/tokens', {
        name: input.name,
        org_slug: input.organizationId,
        ...presetFor(input),
        ...lifetimeFor(input),
      });
      const token = textIn(minted, 'token');
      return {
        clientMutationId: input.clientMutationId,
        limitedAccessToken: { ...tokenNode(minted), token, tokenHeader: `FlyV1 ${token}` },
      };
    },
    deleteLimitedAccessToken: async ({ input: { clientMutationId, id } }: Input<{ id: string }>) => {
      await asking.change('DELETE', pathTo`/hangar/v1/tokens/${id}`);
      return { clientMutationId, token: id };
    },
  };
}

/** Fly.io's profiles by our presets; what a profile makes is narrowed by flyctl itself, as for `ssh` and `readonly`. */
function presetFor({ profile, profileParams }: NewToken): Json {
  if (profile === 'deploy_organization') return { preset: 'org' };
  if (profile !== 'deploy')
    throw new HangarError('invalid', {
      public: `the token profile ${profile} is not offered through the gateway`,
    });
  const app = isObject(profileParams) ? profileParams['app_id'] : undefined;
  if (typeof app === 'string') return { preset: 'deploy', app };
  throw new HangarError('invalid', { public: 'profileParams.app_id: must be the name of an app' });
}

/** What flyctl asks for when nobody said anything: twenty years. */
const UNASKED_EXPIRY = '175200h0m0s';
const LONGEST_EXPIRY = '366d';

/** As long as there is, where nobody said how long; any other length is the authority's to judge. */
function lifetimeFor({ expiry }: NewToken): Json {
  if (expiry === undefined || expiry === null || expiry === '') return {};
  return { expires_in: expiry === UNASKED_EXPIRY ? LONGEST_EXPIRY : expiry };
}
