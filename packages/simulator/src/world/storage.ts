/** An object of a bucket, bytes included. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly etag: string;
  readonly modifiedAtMs: number;
  /** Content-Type and its kin, lower-case names, returned on reads. */
  readonly headers: Record<string, string>;
  readonly metadata: Record<string, string>;
  readonly crc32: string;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly createdAtMs: number;
  readonly headers: Record<string, string>;
  readonly metadata: Record<string, string>;
  readonly parts: Map<number, { bytes: Uint8Array; etag: string; modifiedAtMs: number }>;
}

export interface Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  /** True when another customer of Tigris owns it: names are global. */
  readonly foreign: boolean;
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, Upload>;
}

/** An access key. Tigris has no users: the key is the identity and `name` is only shown (spec 8.2). */
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
