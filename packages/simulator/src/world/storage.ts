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
  /** How long each part was, in their order, when it was uploaded in parts. */
  readonly parts?: readonly number[];
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
  /** By number. */
  readonly parts: Table<Part>;
}

export interface Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  /** True when another customer of Tigris owns it: names are global. */
  readonly foreign: boolean;
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
