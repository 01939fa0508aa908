import { z } from 'zod';

/** `POST /_fly/clock`. */
export const clockChange = z.strictObject({ advance_seconds: z.number().min(0) });

/** `POST /_fly/extensions`: what `fly ext … create` would know. Further members of the signed request go into `extra`. */
export const extensionOrder = z
  .strictObject({
    name: z.string().min(1),
    id: z.string().min(1).optional(),
    organization_id: z.string().optional(),
    user_id: z.string().optional(),
    primary_region: z.string().optional(),
    read_regions: z.array(z.string()).optional(),
    options: z.record(z.string(), z.unknown()).optional(),
    extra: z.record(z.string(), z.unknown()).optional(),
  })
  .transform((order) => ({
    name: order.name,
    id: order.id,
    organizationId: order.organization_id,
    userId: order.user_id,
    primaryRegion: order.primary_region,
    readRegions: order.read_regions,
    options: order.options,
    extra: order.extra,
  }));

/** `PATCH /_fly/extensions/:id`: the members to send, as they are. */
export const updateRequest = z.record(z.string(), z.unknown());

/** `POST /_fly/exchanges/:id/replay`. */
export const replayRequest = z.strictObject({
  base_url: z.url().optional(),
  method: z.enum(['GET', 'POST', 'PATCH', 'DELETE']).optional(),
});

/** `POST /_fly/billing/pull`: the query of the charges request. */
export const billingQuery = z.record(z.string(), z.string());

/** `POST /_fly/tokens`: a macaroon such as a customer would hold. */
export const tokenRequest = z.strictObject({
  organization: z.string(),
  apps: z.array(z.string()).optional(),
  /** Letters of `rwcdC`, all of them when absent. */
  actions: z
    .string()
    .regex(/^[rwcdC]*$/)
    .default('rwcdC'),
  expires_in_seconds: z.number().positive().default(3600),
});

/** `POST /_fly/buckets`: a bucket of another customer of Tigris. */
export const foreignBucket = z.strictObject({ name: z.string().min(3).max(63) });

/** `POST /_fly/certificates`: whether the names of that host lead to its app. */
export const certificateChange = z.strictObject({ hostname: z.string(), dns_ready: z.boolean() });

/** `POST /_fly/machines/:id/crash`. */
export const crashRequest = z
  .strictObject({
    reason: z.string().optional(),
    exit_code: z.int().optional(),
    oom_killed: z.boolean().optional(),
    restart: z.boolean().optional(),
  })
  .transform((crash) => ({
    reason: crash.reason,
    exitCode: crash.exit_code,
    oomKilled: crash.oom_killed,
    restart: crash.restart,
  }));

/** `POST /_fly/machines/:id/checks`: how a check stands from now on, or all of them. */
export const checkRequest = z.strictObject({
  name: z.string().min(1).exactOptional(),
  status: z.enum(['passing', 'warning', 'critical']),
  output: z.string().max(4096).default(''),
});

/** `POST /_fly/apps/:name/traffic`: a visitor comes, or nobody has come for a while. */
export const trafficRequest = z.strictObject({ kind: z.enum(['visit', 'quiet']) });

/** Kinds that go on until they are cleared; the others strike once unless told otherwise. */
const LASTING: ReadonlySet<string> = new Set(['slow', 'rate_limit']);

/** `POST /_fly/faults`. `times: 0` means until cleared; with `for_seconds` of simulated time, until those are over. */
export const faultRequest = z
  .strictObject({
    door: z.enum(['api', 'machines', 's3', 'iam', 'discharges', 'events', 'calls']),
    kind: z.enum(['slow', 'status', 'drop', 'hang', 'duplicate', 'rate_limit', 'launch_failed']),
    method: z.string().optional(),
    route: z.string().startsWith('/').optional(),
    when: z.enum(['before', 'after']).default('before'),
    ms: z.number().min(0).optional(),
    status: z.int().min(400).max(599).optional(),
    times: z.int().min(0).optional(),
    for_seconds: z.number().positive().optional(),
    skip: z.int().min(0).default(0),
  })
  .transform(({ times, method, route, ms, status, for_seconds: seconds, ...fault }) => {
    const count = times ?? (LASTING.has(fault.kind) || seconds !== undefined ? 0 : 1);
    return {
      ...fault,
      forMs: seconds === undefined ? undefined : seconds * 1000,
      method: method?.toUpperCase(),
      route,
      ms,
      status,
      ...(count === 0 ? {} : { remaining: count }),
    };
  });
