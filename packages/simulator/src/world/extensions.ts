import type { JsonObject } from './json.ts';

/** What Fly.io knows of one provisioned extension. */
export interface Extension {
  /** The id that Fly.io made up and sent. */
  readonly id: string;
  /** The id that the provider answered with; all later requests use it. */
  providerId: string;
  name: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly createdAtMs: number;
  status: string;
  flyAppName?: string;
  ipAddress?: string;
  /** The environment variables of the customer's app, as received in the first answer. */
  config: Record<string, string>;
  deleted: boolean;
  /** The name under which flyctl bought it; absent for what was bought through the control surface. */
  type?: string;
  /** Name of the app that it was bought for. */
  app?: string;
  planId?: string;
  primaryRegion?: string;
  readRegions?: readonly string[];
  options?: JsonObject;
  /** What flyctl keeps with it. The provider never sees it. */
  metadata?: JsonObject;
  /** Why it is in `error`, as the provider said. */
  errorMessage?: string;
}

/** Takes over what the provider says about an extension, in an answer or in a webhook. */
export function takeOver(extension: Extension, { status, name, error_message: why }: JsonObject): void {
  if (typeof name === 'string') extension.name = name;
  if (typeof status !== 'string') return;
  extension.status = status;
  if (status === 'error' && typeof why === 'string') extension.errorMessage = why;
  else delete extension.errorMessage;
}

/** One request that Fly.io sent to the provider, and the answer. */
export interface Exchange {
  readonly id: string;
  readonly kind: string;
  readonly method: string;
  readonly url: string;
  /** The provider's base address at that time; a replay swaps it for another one. */
  readonly baseUrl: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly sentAtMs: number;
  readonly replayOf?: string;
  status: number;
  ms: number;
  response: string;
  error?: string;
}

/** A webhook that the provider sent to Fly.io. */
export interface ReceivedWebhook {
  readonly id: string;
  readonly slug: string;
  readonly verified: boolean;
  readonly reason?: string;
  readonly action?: string;
  readonly resource?: JsonObject;
  readonly timestamp?: string;
  readonly webhookId?: string;
  readonly receivedAtMs: number;
}

/** A machine event that waits for the provider to take it. */
export interface QueuedEvent {
  readonly id: string;
  readonly machine: string;
  readonly source: string;
  readonly type: string;
  readonly timeMs: number;
  readonly body: string;
  attempts: number;
}
