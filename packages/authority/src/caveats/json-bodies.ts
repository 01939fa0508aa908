import { z } from 'zod';
import { MAX_CLASSES, MAX_LIVE, MAX_TTL_SECONDS } from './env-create.ts';
import { MAX_COMMANDS_PER_MINUTE, MAX_OUTPUT_BYTES, MAX_TIMEOUT_SECONDS } from './exec-limit.ts';
import { MAX_REQUESTS_PER_MINUTE } from './rate.ts';
import { isCidr, MAX_CIDRS } from './source.ts';

/**
 * What Hangar's caveats look like in JSON bodies. Apart from the caveats themselves: a page reads tokens and no such
 * bodies, and the schemas would be the larger half of what it loads.
 */

const text = z.string().max(255);

export const ENV_CREATE_JSON = z
  .strictObject({
    key_prefix: text.min(1),
    name_prefix: text.default(''),
    classes: z.array(text.min(1)).max(MAX_CLASSES).default([]),
    max_live: z.int().min(0).max(MAX_LIVE),
    max_ttl_s: z.int().min(1).max(MAX_TTL_SECONDS),
    labels: z.record(text.min(1), text).default({}),
  })
  .transform((body) => ({
    keyPrefix: body.key_prefix,
    namePrefix: body.name_prefix,
    classes: body.classes,
    maxLive: body.max_live,
    maxTtlSeconds: body.max_ttl_s,
    labels: new Map(Object.entries(body.labels)),
  }));

export const ENV_LABELS_JSON = z
  .record(z.string().min(1).max(63), z.string().max(255))
  .transform((labels) => ({
    labels: new Map(Object.entries(labels)),
  }));

export const EXEC_LIMIT_JSON = z
  .strictObject({
    timeout_s: z.int().min(1).max(MAX_TIMEOUT_SECONDS),
    max_output_bytes: z.int().min(0).max(MAX_OUTPUT_BYTES),
    per_minute: z.int().min(1).max(MAX_COMMANDS_PER_MINUTE),
  })
  .transform((body) => ({
    timeoutSeconds: body.timeout_s,
    maxOutputBytes: body.max_output_bytes,
    perMinute: body.per_minute,
  }));

export const SOURCE_JSON = z.strictObject({
  cidrs: z.array(z.string().refine(isCidr, 'not a network such as 203.0.113.0/24')).min(1).max(MAX_CIDRS),
});

export const RATE_JSON = z
  .strictObject({ per_minute: z.int().min(1).max(MAX_REQUESTS_PER_MINUTE) })
  .transform(({ per_minute }) => ({ perMinute: per_minute }));

export const SPEND_JSON = z.strictObject({
  amount: z.int().min(0),
  currency: z.string().regex(/^[A-Z]{3}$/),
  period: z.enum(['day', 'month', 'total']),
});

/** Reads a caveat's JSON body; throws the TypeError that the macaroon library expects, naming the field. */
export function bodyFrom<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TypeError(`${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not accepted'}`);
}
