import type { ExtensionStatus } from '@hangar/flyio';

/** A value that JSON can hold, as it came out of a parsed message. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object: the free-form `options` of an extension. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** One resource sold through Fly.io. What customers, Fly.io and the seller's own code may know of it. */
export interface Extension {
  /** Our id (a UUID). Fly.io uses it in every later request (docs/specs/extensions.md#endpoints). */
  readonly id: string;
  /** Fly.io's id, or undefined when the extension was made in the provider's own pages. */
  readonly flyId: string | undefined;
  /** Unique among the living; may differ from the one that was asked for. */
  readonly name: string;
  readonly organizationId: string;
  /** The user who provisioned it. */
  readonly userId: string;
  readonly plan: string | undefined;
  readonly primaryRegion: string | undefined;
  /** Sorted, without duplicates and without the primary region. */
  readonly readRegions: readonly string[];
  /** The address on the customer's network that Flycast routes from (docs/specs/extensions.md#provision). */
  readonly ipAddress: string | undefined;
  readonly options: JsonObject;
  /** Target of Flycast traffic, when the service runs on Fly.io. */
  readonly flyAppName: string | undefined;
  readonly status: ExtensionStatus;
  /** The provider's own word beside the status. */
  readonly statusDetail: string | undefined;
  /** A sentence for the customer, only with the status `error`. */
  readonly errorMessage: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** When it first became usable; undefined means it never was, and is never charged. */
  readonly provisionedAt: Date | undefined;
  readonly deletedAt: Date | undefined;
}

/** What a PATCH may change. A member that is absent stays as it is. */
export interface ExtensionChanges {
  readonly plan?: string;
  readonly readRegions?: readonly string[];
  readonly options?: JsonObject;
}

/** The words of `status` (docs/specs/extensions.md#status) in which nothing exists any more, or soon will not. */
export function isGone(extension: Extension): boolean {
  return extension.status === 'deleting' || extension.status === 'deleted';
}
