/** What a provider sends to Fly.io: docs/specs/extensions.md#webhooks. */
import { z } from 'zod';

/** The three things a provider may announce. */
export const webhookAction = z.enum(['resource.created', 'resource.updated', 'resource.deleted']);
export type WebhookAction = z.infer<typeof webhookAction>;

/**
 * The `resource` of a webhook: what GET answers, as far as it is told. `resource.deleted` may hold only the
 * id.
 */
export const webhookResource = z.looseObject({
  id: z.string().min(1),
  status: z.string().optional(),
  name: z.string().optional(),
  plan: z.string().nullish(),
  organization_id: z.string().optional(),
  user_id: z.string().optional(),
});
export type WebhookResource = z.infer<typeof webhookResource>;

/**
 * The body of a webhook. `timestamp` is a text here, and a number in provisioning requests: so the page shows
 * them. A resource made at the provider must say for whom.
 */
export const webhookMessage = z
  .looseObject({
    timestamp: z.string().regex(/^[0-9]{1,12}$/, 'must be seconds since 1970, as text'),
    action: webhookAction,
    resource: webhookResource,
  })
  .refine(
    ({ action, resource }) =>
      action !== 'resource.created' ||
      (resource.organization_id !== undefined && resource.user_id !== undefined),
    { path: ['resource'], error: 'resource.created needs organization_id and user_id' },
  );
export type WebhookMessage = z.infer<typeof webhookMessage>;
