import { Secret } from '@hangar/security';
import { z } from 'zod';
import type { SimulatorOptions } from '../options.ts';

const secret = z.string().min(1);

/** The settings of a file, or those that a parent process sends; every member has a default. */
const configuration = z.strictObject({
  port: z.int().min(0).max(65_532).optional(),
  address: z.string().optional(),
  state: z.string().optional(),
  organization: z.string().optional(),
  provider: z
    .strictObject({
      base_url: z.url(),
      slug: z.string(),
      provisioning_secret: secret,
      webhook_secret: secret,
    })
    .partial()
    .optional(),
  lending: z
    .strictObject({
      names: z.array(z.string()),
      display_name: z.string(),
      selects_region: z.boolean(),
      excluded_regions: z.array(z.string()),
      plans: z.array(
        z.strictObject({
          id: z.string(),
          name: z.string(),
          display_name: z.string(),
          description: z.string(),
          price_per_month: z.int(),
        }),
      ),
    })
    .partial()
    .optional(),
  third_party: z.enum(['fly', 'loopback', 'nobody']).optional(),
  oauth: z
    .strictObject({ client_id: z.string(), client_secret: secret, redirect_uris: z.array(z.string()) })
    .partial()
    .optional(),
  tokens: z.array(z.strictObject({ token: secret, organizations: z.array(z.string()) })).optional(),
  storage_admin: z.strictObject({ access_key_id: z.string(), secret_access_key: secret }).optional(),
  delays: z
    .strictObject({
      launch: z.number(),
      start: z.number(),
      stop: z.number(),
      suspend: z.number(),
      replace: z.number(),
      destroy: z.number(),
      appDeletionLag: z.number(),
    })
    .partial()
    .optional(),
  rate_limits: z.boolean().optional(),
});
type Configuration = z.infer<typeof configuration>;

const sealed = (text: string | undefined): Secret | undefined =>
  text === undefined ? undefined : Secret.of(text);

/** Leaves out what is undefined: absent and undefined are different things to the options. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** Settings as a simulation and its process take them. */
export interface Configured {
  readonly port?: number;
  readonly address?: string;
  readonly options: SimulatorOptions;
}

/** Reads settings from their JSON. Throws RangeError, with every member that is wrong, and SyntaxError for what is no JSON. */
export function readConfiguration(text: string): Configured {
  const read = configuration.safeParse(JSON.parse(text));
  if (!read.success) throw new RangeError(z.prettifyError(read.error));
  const { port, address } = read.data;
  return { ...present({ port, address }), options: optionsOf(read.data) };
}

function optionsOf(config: Configuration): SimulatorOptions {
  const { provider, oauth, lending } = config;
  return present({
    provider: present({
      baseUrl: provider?.base_url,
      slug: provider?.slug,
      provisioningSecret: sealed(provider?.provisioning_secret),
      webhookSecret: sealed(provider?.webhook_secret),
    }),
    lending:
      lending &&
      present({
        names: lending.names,
        displayName: lending.display_name,
        selectsRegion: lending.selects_region,
        excludedRegions: lending.excluded_regions,
        plans: lending.plans?.map(({ display_name, price_per_month, ...plan }) => ({
          ...plan,
          displayName: display_name,
          pricePerMonth: price_per_month,
        })),
      }),
    thirdParty: config.third_party,
    oauth: present({
      clientId: oauth?.client_id,
      clientSecret: sealed(oauth?.client_secret),
      redirectUris: oauth?.redirect_uris,
    }),
    tokens: config.tokens?.map((one) => ({ token: Secret.of(one.token), organizations: one.organizations })),
    storageAdmin: config.storage_admin && {
      accessKeyId: config.storage_admin.access_key_id,
      secretAccessKey: Secret.of(config.storage_admin.secret_access_key),
    },
    delays: config.delays && present(config.delays),
    rateLimits: config.rate_limits,
    state: config.state,
    organization: config.organization,
  });
}
