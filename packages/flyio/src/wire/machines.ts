/**
 * The Machines API, as far as a control plane speaks it (fly.io/docs/machines/api). Answers are read loosely:
 * Fly.io adds members without notice. Machine configs pass through whole, since an update replaces the whole
 * config.
 */
import { isAppName } from '@hangar/security';
import { z } from 'zod';

/** Go clients send every unset field as null. */
const optionalText = z.string().nullish();

/** `POST /v1/apps`. Old clients say `app_name`, new ones `name`. */
export const createAppRequest = z
  .looseObject({
    name: z.string().nullish(),
    app_name: z.string().nullish(),
    org_slug: optionalText,
    network: optionalText,
    enable_subdomains: z.boolean().nullish(),
    app_role_id: optionalText,
  })
  .refine((request) => isAppName(request.name ?? request.app_name ?? ''), {
    path: ['name'],
    error: 'must be 1 to 63 lower-case letters, digits and dashes',
  });
export type CreateAppRequest = z.infer<typeof createAppRequest>;

/** An app, as GET and lists answer it. */
export const appWire = z.looseObject({
  id: z.string().optional(),
  name: z.string(),
  internal_numeric_id: z.number().optional(),
  network: z.string().nullish(),
  status: z.string().optional(),
  machine_count: z.number().optional(),
  volume_count: z.number().optional(),
  organization: z
    .looseObject({
      name: z.string().optional(),
      slug: z.string(),
      internal_numeric_id: z.number().optional(),
    })
    .optional(),
});
export type AppWire = z.infer<typeof appWire>;

/**
 * `POST /v1/apps` answers little on the public page (`id`, `created_at`) and a whole app in fact; either will
 * do.
 */
export const createdApp = z.looseObject({
  id: z.string().optional(),
  name: z.string().optional(),
  internal_numeric_id: z.number().optional(),
  created_at: z.union([z.number(), z.string()]).optional(),
});
export type CreatedApp = z.infer<typeof createdApp>;

/** `GET /v1/apps`. */
export const appList = z.looseObject({ total_apps: z.number().optional(), apps: z.array(appWire) });

/** A machine's config: known where policy looks, open elsewhere. */
export const machineConfig = z.looseObject({
  image: optionalText,
  env: z.record(z.string(), z.string()).nullish(),
  guest: z
    .looseObject({
      cpu_kind: optionalText,
      cpus: z.number().nullish(),
      memory_mb: z.number().nullish(),
      gpu_kind: optionalText,
      gpus: z.number().nullish(),
    })
    .nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  auto_destroy: z.boolean().nullish(),
});
export type MachineConfig = z.infer<typeof machineConfig>;

/** `POST /v1/apps/{app}/machines`, and `POST …/machines/{id}` for an update. */
export const createMachineRequest = z.looseObject({
  name: optionalText,
  region: optionalText,
  config: machineConfig,
  skip_launch: z.boolean().nullish(),
  skip_service_registration: z.boolean().nullish(),
  lease_ttl: z.number().nullish(),
  min_secrets_version: z.number().nullish(),
  current_version: optionalText,
});
export type CreateMachineRequest = z.infer<typeof createMachineRequest>;

/** A list read element by element: one that does not fit hides itself, not its neighbours. */
function eachThatFits<T>(element: z.ZodType<T>) {
  return z.array(z.unknown()).transform((all) =>
    all.flatMap((one) => {
      const parsed = element.safeParse(one);
      return parsed.success ? [parsed.data] : [];
    }),
  );
}

/** What happened to a machine. `timestamp` is in milliseconds. */
export const machineEvent = z.looseObject({
  id: z.string().optional(),
  type: z.string(),
  status: z.string().optional(),
  source: z.string().optional(),
  timestamp: z.number().optional(),
  /** Of an exit: `exit_event` says how the process ended. */
  request: z.unknown().optional(),
});

/**
 * A config as an answer echoes it. A tenant may have written anything into it, and Fly.io may give a member another type
 * tomorrow; neither may make a machine unreadable. What is not as expected counts as absent.
 */
const echoedConfig = z.looseObject({
  image: optionalText.catch(undefined),
  guest: machineConfig.shape.guest.catch(undefined),
  env: machineConfig.shape.env.catch(undefined),
  metadata: z
    .record(z.string(), z.unknown())
    .transform((all) =>
      Object.fromEntries(
        Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
      ),
    )
    .nullish()
    .catch(undefined),
  auto_destroy: machineConfig.shape.auto_destroy.catch(undefined),
  mounts: eachThatFits(
    z.looseObject({
      volume: optionalText,
      size_gb: z.number().nullish(),
      size_gb_limit: z.number().nullish(),
    }),
  )
    .nullish()
    .catch(undefined),
});

/** A machine. Only what says which one it is and how it is must be there. */
export const machineWire = z.looseObject({
  id: z.string(),
  name: z.string().optional(),
  state: z.string(),
  region: z.string().optional(),
  instance_id: z.string().optional(),
  private_ip: optionalText,
  config: echoedConfig.nullish().catch(undefined),
  incomplete_config: echoedConfig.nullish().catch(undefined),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
  events: eachThatFits(machineEvent).nullish().catch(undefined),
  nonce: z.string().optional(),
});
export type MachineWire = z.infer<typeof machineWire>;

/** `GET /v1/apps/{app}/machines`. */
export const machineList = eachThatFits(machineWire);

/** `POST /v1/apps/{app}/secrets`: null removes. */
export const secretsRequest = z.object({ values: z.record(z.string(), z.string().nullable()) });
export type SecretsRequest = z.infer<typeof secretsRequest>;

/** The answer to it. Both spellings of `version` are sent. */
export const secretsResponse = z.looseObject({
  secrets: z.array(z.looseObject({ name: z.string(), digest: z.string().optional() })).nullish(),
  version: z.number().optional(),
  Version: z.number().optional(),
});
export type SecretsResponse = z.infer<typeof secretsResponse>;

/** `POST /v1/apps/{app}/ip_assignments`. `private_v6` is a Flycast address, on `network` of `org_slug`. */
export const ipRequest = z.looseObject({
  type: z.enum(['v4', 'v6', 'shared_v4', 'private_v6', 'egress_v4', 'egress_v6', 'egress_pair']),
  region: optionalText,
  org_slug: optionalText,
  network: optionalText,
  service_name: optionalText,
});
export type IpRequest = z.infer<typeof ipRequest>;

/** An address. */
export const ipWire = z.looseObject({
  ip: z.string(),
  region: optionalText,
  shared: z.boolean().nullish(),
  service_name: optionalText,
  created_at: z.string().optional(),
});
export type IpWire = z.infer<typeof ipWire>;

/** `GET /v1/apps/{app}/ip_assignments`. */
export const ipList = z.looseObject({ ips: z.array(ipWire) });

/** A volume. */
export const volumeWire = z.looseObject({
  id: z.string(),
  name: z.string().optional(),
  state: z.string().optional(),
  size_gb: z.number().nullish(),
  region: z.string().optional(),
  attached_machine_id: optionalText,
});
export type VolumeWire = z.infer<typeof volumeWire>;

/** Any answer of 400 and above. `message`, when present, is what flyctl prints. */
export const machinesError = z.looseObject({
  error: z.string(),
  status: z.string().optional(),
  message: z.string().optional(),
  details: z.unknown().optional(),
});
export type MachinesError = z.infer<typeof machinesError>;
