import { randomBytes } from 'node:crypto';
import { HangarError } from '@hangar/http';
import { type Sealer } from '@hangar/security';
import type { IssuerStore, SigningKeyRow } from '../ports.ts';

const SIGNING_KEY_BYTES = 32;

/** Opened keys kept in memory; each is a few hundred bytes, and a miss costs one row and one unsealing. */
const MAX_OPEN_KEYS = 10_000;

/** Rows read at once while all keys are gone through. */
const PAGE = 500;

/** A signing key, opened. Never leaves the authority. */
export interface SigningKey {
  readonly number: bigint;
  readonly workspace: bigint;
  readonly bytes: Uint8Array;
}

/** Root keys by workspace and by number. */
export interface SigningKeys {
  /** The key that mints for a workspace; the first call makes it. */
  current(workspace: bigint): Promise<SigningKey>;
  /** A key by its number, retired ones included. */
  byNumber(number: bigint): Promise<SigningKey | undefined>;
  /** A key that is open in memory already. */
  cached(number: bigint): SigningKey | undefined;
  /** A key for a workspace that has none yet. It is nobody's until whoever stores the workspace stores its row. */
  prepare(workspace: bigint): Promise<{ readonly key: SigningKey; readonly row: SigningKeyRow }>;
  /** Makes a new key mint from now on. Tokens of the old one go on working; revoke the key to end them. */
  rotate(workspace: bigint): Promise<{ readonly number: bigint; readonly retired: bigint | undefined }>;
  /** Moves every key to the newest master key, so that older ones may be dropped; keys in use move by themselves. */
  resealAll(): Promise<void>;
}

/** Opens and makes signing keys. Whoever reads the rows without the sealer learns nothing that signs. */
export function createSigningKeys(options: {
  store: Pick<IssuerStore, 'currentKey' | 'key' | 'keysAfter' | 'addKey' | 'nextKeyNumber' | 'resealKey'>;
  sealer: Sealer;
  now: () => Date;
}): SigningKeys {
  const { store, sealer, now } = options;
  const opened = new Map<bigint, SigningKey>();

  async function reseal({ number, workspace, sealed }: SigningKeyRow): Promise<void> {
    if (sealer.keyIdOf(sealed) === sealer.newestKeyId) return;
    await store.resealKey(number, sealed, sealer.rewrap(sealed, placeOf(number, workspace)));
  }

  async function open(row: SigningKeyRow): Promise<SigningKey> {
    const known = opened.get(row.number);
    if (known) return known;
    const place = placeOf(row.number, row.workspace);
    const bytes = sealer.open(row.sealed, place);
    await reseal(row);
    if (bytes.length !== SIGNING_KEY_BYTES) {
      throw new HangarError('internal', { detail: `signing key ${row.number} has a wrong length` });
    }
    const key = { number: row.number, workspace: row.workspace, bytes };
    const oldest = opened.size >= MAX_OPEN_KEYS ? opened.keys().next().value : undefined;
    if (oldest !== undefined) opened.delete(oldest);
    opened.set(row.number, key);
    return key;
  }

  const make = (workspace: bigint, replaces: bigint | undefined): Promise<SigningKeyRow> =>
    store.addKey({
      workspace,
      replaces,
      seal: (number) => sealer.seal(randomBytes(SIGNING_KEY_BYTES), placeOf(number, workspace)),
      at: now(),
    });

  return {
    current: async (workspace) => {
      if (workspace <= 0n) throw new HangarError('internal', { detail: 'workspace numbers start at 1' });
      return await open((await store.currentKey(workspace)) ?? (await make(workspace, undefined)));
    },
    prepare: async (workspace) => {
      const number = await store.nextKeyNumber();
      const bytes = randomBytes(SIGNING_KEY_BYTES);
      const sealed = sealer.seal(bytes, placeOf(number, workspace));
      return { key: { number, workspace, bytes }, row: { number, workspace, sealed, createdAt: now() } };
    },
    byNumber: async (number) => {
      const known = opened.get(number);
      if (known) return known;
      const row = await store.key(number);
      return row && (await open(row));
    },
    cached: (number) => opened.get(number),
    rotate: async (workspace) => {
      const before = await store.currentKey(workspace);
      const after = await make(workspace, before?.number);
      return { number: after.number, retired: before?.number };
    },
    resealAll: async () => {
      for (let page = await store.keysAfter(0n, PAGE); page.length > 0;) {
        for (const row of page) await reseal(row);
        page = await store.keysAfter(page.at(-1)?.number ?? 0n, PAGE);
      }
    },
  };
}

function placeOf(number: bigint, workspace: bigint): string {
  return `authority_keys.sealed/${number}/workspace/${workspace}`;
}
