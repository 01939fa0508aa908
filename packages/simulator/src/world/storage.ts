import type { Table } from './table.ts';

/** An object of a bucket. Its bytes are under `body`, apart from the world. */
export interface StoredObject {
  readonly key: string;
  readonly body: string;
  readonly size: number;
  readonly etag: string;
  readonly modifiedAtMs: number;
  /** Content-Type and its kin, lower-case names, returned on reads. */
  readonly headers: Record<string, string>;
  readonly metadata: Record<string, string>;
  /** As its writer sent it; none when it was uploaded in parts. */
  readonly checksum?: { readonly header: string; readonly value: string };
  readonly tags?: Tags;
  /** How long each part was, in their order, when it was uploaded in parts. */
  readonly parts?: readonly number[];
}

/** Tags by key. */
export type Tags = Readonly<Record<string, string>>;

/** Which pages may reach a bucket from a browser. */
export interface CorsRule {
  readonly id?: string;
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeSeconds?: number;
}

/** When objects under a prefix go, or move to another tier, which here is only said. */
export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  readonly expires?: { readonly days: number } | { readonly atMs: number };
  readonly transition?: ({ readonly days: number } | { readonly atMs: number }) & { readonly tier: string };
}

export interface Part {
  readonly body: string;
  readonly size: number;
  readonly etag: string;
  readonly modifiedAtMs: number;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly createdAtMs: number;
  readonly headers: Record<string, string>;
  readonly metadata: Record<string, string>;
  readonly tags?: Tags;
  /** By number. */
  readonly parts: Table<Part>;
}

export interface Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  /** True when another customer of Tigris owns it: names are global. */
  readonly foreign: boolean;
  tags?: Tags;
  cors?: readonly CorsRule[];
  lifecycle?: readonly LifecycleRule[];
  readonly objects: Table<StoredObject>;
  readonly uploads: Table<Upload>;
}

/**
 * An access key. Tigris has no users: the key is the identity and `name` is only shown (docs/specs/platform.md#iam).
 */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly name: string;
  readonly createdAtMs: number;
  active: boolean;
  /** ARNs of the attached policies. */
  readonly policies: Set<string>;
}

export interface Policy {
  readonly arn: string;
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly createdAtMs: number;
  readonly document: string;
}
