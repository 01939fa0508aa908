import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { createAuthority, type Authority, type LocalIssuer } from '@hangar/authority';
import { silentLog } from '@hangar/http';
import { createSealer, Secret, type Sealer } from '@hangar/security';
import {
  createFlowStore,
  createGatewayStore,
  createProviderStore,
  embeddedStore,
  migrateEmbedded,
  openScratchDatabase,
  openStore,
  type Store,
} from '@hangar/store';
import { buildTokenCrypto, openIssuer, tokenLocations } from '../src/house/issuer.ts';

/** A database that an older build filled with the steps of the demo, as `pg_dump` wrote it, and what that build knew of it. */
const at = (name: string): string => fileURLToPath(new URL(`./upgrade/${name}`, import.meta.url));
const filled = readFileSync(at('database.sql'), 'utf8');
const known = z
  .object({
    masterKeys: z.string(),
    publicUrl: z.string(),
    token: z.string(),
    app: z.string(),
    extension: z.string(),
    workspace: z.string(),
  })
  .parse(JSON.parse(readFileSync(at('known.json'), 'utf8')));

/** A day after it was written. */
const now = (): Date => new Date('2026-11-29T12:00:00Z');

let store: Store;
let drop: () => Promise<void> = async () => {};
let sealer: Sealer;
let issuer: LocalIssuer;
let authority: Authority;
beforeAll(async () => {
  store = await openFilled();
  sealer = createSealer([Secret.of(known.masterKeys)]);
  const tokenCrypto = buildTokenCrypto('node', silentLog);
  const limits = { depth: 32, liveTokens: 1_000 };
  issuer = await openIssuer({
    publicUrl: known.publicUrl,
    store,
    sealer,
    limits,
    tokenCrypto,
    now,
    log: silentLog,
  });
  authority = createAuthority({
    ...tokenLocations(known.publicUrl),
    issuer,
    flows: createFlowStore(store.db),
    sealer,
    identify: async () => undefined,
    signInUrl: () => '/',
    tokenCrypto,
    now,
  });
}, 120_000);
afterAll(async () => {
  await store.close();
  await drop();
});

async function openFilled(): Promise<Store> {
  const server = inject('postgresUrl');
  if (server === '') {
    const client = await PGlite.create();
    await client.exec(filled);
    // The dump leaves no search path behind.
    await client.exec('set search_path to public');
    await migrateEmbedded(client);
    return embeddedStore(client);
  }
  const scratch = await openScratchDatabase(server, 'upgrade');
  if (scratch === undefined) throw new Error('the user of the server may not make databases');
  ({ drop } = scratch);
  const client = new pg.Client({ connectionString: scratch.url });
  await client.connect();
  await client.query(filled);
  await client.end();
  return await openStore({ databaseUrl: Secret.of(scratch.url) });
}

describe('a database of an older build', () => {
  test('keeps its extensions and environments, and opens what it sealed', async () => {
    const extension = await createProviderStore(store.db).extensions.find(known.extension);
    expect(extension).toMatchObject({ id: known.extension, primaryRegion: 'fra' });
    const place = `extensions.sealed_config:${known.extension}`;
    const config: unknown = JSON.parse(sealer.openText(extension?.sealedConfig ?? new Uint8Array(), place));
    expect(config).toMatchObject({ HANGAR_API_TOKEN: known.token });
    const environment = await createGatewayStore(store.db).environmentNamed(known.app);
    expect(environment).toMatchObject({ name: known.app, phase: 'ready' });
  });

  test('keeps its tokens: one that it minted is accepted, listed and revoked', async () => {
    const header = `FlyV1 ${known.token}`;
    const verified = await authority.verifier.verify(header);
    expect(verified).toMatchObject({ ok: true });
    const workspace = verified.ok ? verified.value.workspace : 0n;
    const { tokens } = await authority.tokens.list({ workspace });
    expect(tokens.map(({ id }) => id)).toContain(verified.ok && verified.value.tokenId);
    await authority.tokens.revoke({
      workspace,
      target: { token: verified.ok ? verified.value.tokenId : '' },
      by: 'test',
      reason: 'test',
    });
    expect(await authority.verifier.verify(header)).toMatchObject({
      ok: false,
      reason: { code: 'token_revoked' },
    });
  });

  test('gives numbers that nobody has had', async () => {
    const gateway = createGatewayStore(store.db);
    const opened = await gateway.openWorkspace({
      slug: 'ws-new',
      extensionId: 'new',
      organizationId: 'new',
      createdAt: now(),
    });
    const before = await store.execute(
      'select max(number)::text as newest from gateway_workspaces where slug <> $1',
      ['ws-new'],
    );
    const [{ newest }] = z.tuple([z.object({ newest: z.string() })]).parse(before.rows);
    expect(opened.number).toBeGreaterThan(BigInt(newest));
  });
});
