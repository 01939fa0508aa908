import { randomBytes } from 'node:crypto';
import { signMessage, type Secret } from '@hangar/security';

/** A request as it goes over the line, byte for byte. */
export interface Outgoing {
  readonly method: string;
  /** The request target. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** Members of a signed message; a member that is undefined is left out. */
export type Members = Readonly<Record<string, unknown>>;

/** How a signed request differs from a good one. What is absent is as Fly.io does it. */
export interface Change {
  /** Over the members, the envelope (`url`, `nonce`, `timestamp`) included. */
  readonly members?: Members | undefined;
  /** Writes the body, or the query, out of the members. */
  readonly write?: ((members: Members) => string | Uint8Array) | undefined;
  /** What is signed instead of what is sent. */
  readonly signed?: ((bytes: Uint8Array) => Uint8Array | string) | undefined;
  /** What is sent instead of what was signed. */
  readonly sent?: ((bytes: Uint8Array) => Uint8Array | string) | undefined;
  /** The headers that carry the signature. */
  readonly carried?: ((hex: string) => readonly (readonly [string, string])[]) | undefined;
  readonly secret?: Secret | undefined;
  readonly headers?: readonly (readonly [string, string])[] | undefined;
  /** The method of the request line, when it is another than the one that decides what is signed. */
  readonly method?: string | undefined;
  /** The path of the request line, below the base address, when it is another than the signed one. */
  readonly path?: string | undefined;
}

/** Where the provider is, and what signs. */
export interface Signing {
  /** The base address without a slash at its end. */
  readonly baseUrl: string;
  readonly secret: Secret;
  readonly now: () => Date;
}

/** A request together with what may be written about it: whether its signature can be made anew by whoever holds the secret. */
export interface Composed {
  readonly outgoing: Outgoing;
  /** The nonce and timestamp in it, when it is signed as Fly.io signs: then they can be fresh ones. */
  readonly fresh: { readonly nonce: string; readonly timestamp: string } | undefined;
}

/** A nonce as Fly.io writes them. */
export function freshNonce(): string {
  return randomBytes(16).toString('hex');
}

/** Whole seconds. */
export function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Signs the body of a POST or PATCH (docs/specs/extensions.md#signature). */
export function composeBody(
  method: 'POST' | 'PATCH',
  path: string,
  members: Members,
  change: Change,
  signing: Signing,
): Composed {
  const all = withEnvelope(path, members, change, signing);
  const written = bytesOf(change.write?.(all) ?? JSON.stringify(all));
  const signature = signMessage(
    change.secret ?? signing.secret,
    bytesOf(change.signed?.(written) ?? written),
  );
  const body = bytesOf(change.sent?.(written) ?? written);
  const target = targetOf(change.path ?? path, signing);
  const headers = headersOf(change, signature, [['content-type', 'application/json']]);
  return {
    outgoing: { method: change.method ?? method, target, headers, body },
    fresh: freshParts(all, change, body),
  };
}

/** Signs the query of a GET or DELETE, without its `?`. */
export function composeQuery(
  method: 'GET' | 'DELETE',
  path: string,
  members: Members,
  change: Change,
  signing: Signing,
): Composed {
  const all = withEnvelope(path, members, change, signing);
  const written = bytesOf(change.write?.(all) ?? queryText(all));
  const signature = signMessage(
    change.secret ?? signing.secret,
    bytesOf(change.signed?.(written) ?? written),
  );
  const query = Buffer.from(bytesOf(change.sent?.(written) ?? written)).toString('latin1');
  const target = `${targetOf(change.path ?? path, signing)}${query === '' ? '' : `?${query}`}`;
  return {
    outgoing: {
      method: change.method ?? method,
      target,
      headers: headersOf(change, signature, []),
      body: new Uint8Array(),
    },
    fresh: freshParts(all, change, written),
  };
}

/** Parameters as Fly.io writes them; a list is the parameter again and again. */
export function queryText(members: Members): string {
  const pairs = Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : listOf(value).map((one): [string, string] => [name, String(one)]),
  );
  return new URLSearchParams(pairs).toString();
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Text as UTF-8. */
export function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'utf8')) : value;
}

/** The request target of a path below the base address. */
export function targetOf(path: string, signing: Pick<Signing, 'baseUrl'>): string {
  return new URL(signing.baseUrl).pathname.replace(/\/$/, '') + path;
}

function withEnvelope(path: string, members: Members, change: Change, signing: Signing): Members {
  return {
    ...members,
    url: signing.baseUrl + path,
    nonce: freshNonce(),
    timestamp: secondsOf(signing.now()),
    ...change.members,
  };
}

function headersOf(
  change: Change,
  signature: string,
  usual: readonly (readonly [string, string])[],
): (readonly [string, string])[] {
  const given = change.headers ?? [];
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const carried = change.carried?.(signature) ?? [['x-signature', signature] as const];
  return [...usual.filter(([name]) => !names.has(name)), ...carried, ...given];
}

/** Longer bodies are not written down. */
const REPRODUCED_BYTES = 4_096;

function freshParts(members: Members, change: Change, bytes: Uint8Array): Composed['fresh'] {
  const { nonce, timestamp } = members;
  const plain =
    change.signed === undefined &&
    change.sent === undefined &&
    change.carried === undefined &&
    change.secret === undefined &&
    change.members?.['nonce'] === undefined &&
    change.members?.['timestamp'] === undefined;
  const text = Buffer.from(bytes).toString('utf8');
  if (!plain || typeof nonce !== 'string' || bytes.byteLength > REPRODUCED_BYTES) return undefined;
  if (text.split(nonce).length !== 2 || text.split(String(timestamp)).length !== 2) return undefined;
  return { nonce, timestamp: String(timestamp) };
}
