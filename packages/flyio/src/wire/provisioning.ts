/**
 * What Fly.io sends to a provider and what it gets back: docs/specs/extensions.md#provision and
 * docs/specs/extensions.md#update.
 */
import { isRegion } from '@hangar/security';
import { z } from 'zod';
import { displayText, freeObject, opaqueId } from './text.ts';

/** The states a resource can be in. flyctl stops waiting at `ready` and `error` and knows no other word. */
export const extensionStatus = z.enum([
  'provisioning',
  'ready',
  'error',
  'sleeping',
  'updating',
  'suspended',
  'deleting',
  'deleted',
]);
export type ExtensionStatus = z.infer<typeof extensionStatus>;

/** `admin`, or `member` for every other word: an unknown role never gains rights. */
export const userRole = z
  .string()
  .min(1, 'must not be empty')
  .max(64)
  .transform((word): 'admin' | 'member' => (word === 'admin' ? 'admin' : 'member'));
export type UserRole = z.infer<typeof userRole>;

/** A region code as Fly.io writes them. */
export const regionCode = z.string().refine(isRegion, 'must be three lower-case letters');

/** A set in the form of a list: order carries no meaning, doubles are dropped. */
const regionSet = z
  .array(regionCode)
  .max(64)
  .transform((codes) => [...new Set(codes)]);

/** A Flycast address on the customer's network: IPv6 inside fdaa::/16. */
const flycastAddress = z
  .ipv6('must be an IPv6 address')
  .refine((text) => /^fdaa:/i.test(text), 'must be inside fdaa::/16');

/** An alias at Fly.io that reaches the person; opaque beyond its `@`. */
const emailAlias = z
  .string()
  .regex(/^[^\s@\p{Cc}]{1,128}@[^\s@\p{Cc}]{1,190}$/u, 'must be an e-mail address');

const described = {
  organization_email: emailAlias.optional(),
  primary_region: regionCode.optional(),
  read_regions: regionSet.optional(),
  ip_address: flycastAddress.optional(),
  plan: displayText(128).optional(),
  plan_id: displayText(128).optional(),
  organization_plan: displayText(128).optional(),
  organization_plan_id: displayText(128).optional(),
  options: freeObject.optional(),
};

/**
 * `POST {base}/extensions`. `plan`, `plan_id`, their organization twins and `options` are not on the page,
 * but flyctl has flags that end up in them. Unknown members are dropped, null in an optional member is
 * absent.
 */
export const provisionRequest = z.preprocess(
  dropNulls(Object.keys(described)),
  z.object({
    id: opaqueId,
    name: displayText(128),
    organization_id: opaqueId,
    organization_name: displayText(256),
    user_id: opaqueId,
    user_email: emailAlias,
    user_role: userRole,
    ...described,
  }),
);
export type ProvisionRequest = z.infer<typeof provisionRequest>;

/**
 * `PATCH {base}/extensions/{id}`: the same members, each optional. Absent means unchanged, a list replaces.
 */
export const updateRequest = z.preprocess(
  dropNulls(undefined),
  z.object({
    id: opaqueId.optional(),
    name: displayText(128).optional(),
    organization_id: opaqueId.optional(),
    organization_name: displayText(256).optional(),
    user_id: opaqueId.optional(),
    user_email: emailAlias.optional(),
    user_role: userRole.optional(),
    ...described,
  }),
);
export type UpdateRequest = z.infer<typeof updateRequest>;

/** The three members that make a message of Fly.io's unrepeatable; security's `checkEnvelope` judges them. */
export interface SignedMembers {
  readonly url: string;
  readonly nonce: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/**
 * The answer to a provisioning request. `config` must be in the first answer, also while the work goes on:
 * flyctl never asks again. Its values are strings; flyctl crashes at anything else.
 */
export const provisionResponse = z.looseObject({
  id: z.string().min(1),
  config: z.record(z.string(), z.string()),
  name: z.string().min(1).optional(),
  fly_app_name: z.string().optional(),
  status: z.string().optional(),
  error_message: z.string().optional(),
});
export type ProvisionResponse = z.infer<typeof provisionResponse>;

/** One line of what a resource has used, in its own words. */
export const usageFigure = z.looseObject({
  meter: z.string(),
  value: z.union([z.string(), z.number()]),
  unit: z.string(),
  limit: z.union([z.string(), z.number()]).optional(),
  period_start: z.string().optional(),
  period_end: z.string().optional(),
});

/** `GET {base}/extensions/{id}`, and the `resource` of a webhook. The page leaves the members open. */
export const extensionResource = z.looseObject({
  id: z.string().min(1),
  status: z.string(),
  name: z.string().optional(),
  plan: z.string().nullish(),
  primary_region: z.string().nullish(),
  read_regions: z.array(z.string()).optional(),
  fly_app_name: z.string().nullish(),
  organization_id: z.string().optional(),
  user_id: z.string().optional(),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
  error_message: z.string().nullish(),
  usage: z.array(usageFigure).optional(),
  metadata: freeObject.optional(),
});
export type ExtensionResource = z.infer<typeof extensionResource>;

function dropNulls(names: readonly string[] | undefined): (value: unknown) => unknown {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const kept = Object.entries(value).filter(
      ([name, member]) => member !== null || (names !== undefined && !names.includes(name)),
    );
    return Object.fromEntries(kept);
  };
}
