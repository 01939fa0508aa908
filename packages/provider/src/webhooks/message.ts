import type { WebhookAction } from '@hangar/flyio';
import type { Extension } from '../extension.ts';
import { resourceWire } from '../wire/resource-view.ts';

/**
 * The body of a webhook. The timestamp is a string of seconds here, unlike in provisioning requests; the
 * resource is what GET answers, and never holds a secret (docs/specs/extensions.md#webhooks).
 */
export function webhookBody(action: WebhookAction, extension: Extension, now: Date): string {
  const resource =
    action === 'resource.deleted' ? { id: extension.id, status: 'deleted' } : resourceWire(extension);
  return JSON.stringify({ timestamp: String(Math.floor(now.getTime() / 1000)), action, resource });
}
