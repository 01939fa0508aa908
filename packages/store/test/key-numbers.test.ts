import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGatewayStore, createIssuerStore } from '@hangar/store';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await openTestDatabase();
});
afterEach(async () => await database.close());

const at = new Date('2026-11-20T12:00:00Z');
const key = (workspace: number) => ({
  workspace: BigInt(workspace),
  replaces: undefined,
  seal: (number: bigint) => new TextEncoder().encode(String(number)),
  at,
});

test('two processes that take numbers in advance never give one twice, and the feed knows of all', async () => {
  const other = await database.another();
  const issuers = [createIssuerStore(database.db), createIssuerStore(other.db)] as const;
  const gateways = [createGatewayStore(database.db), createGatewayStore(other.db)] as const;
  const [keys, workspaces] = await Promise.all([
    Promise.all(Array.from({ length: 500 }, (_, index) => issuers[index % 2]!.nextKeyNumber())),
    Promise.all(Array.from({ length: 500 }, (_, index) => gateways[index % 2]!.nextWorkspaceNumber())),
  ]);
  expect([new Set(keys).size, new Set(workspaces).size]).toEqual([500, 500]);
  const added = await Promise.all(issuers.map((issuer, index) => issuer.addKey(key(index + 1))));
  expect(added.filter(({ number }) => keys.includes(number))).toEqual([]);
  const { newestKey } = await issuers[0].revokedSince(0n);
  for (const number of [...keys, ...added.map((row) => row.number)])
    expect(number).toBeLessThanOrEqual(newestKey);
  // Whoever brings no number gets one that nobody was promised.
  const opened = await gateways[0].openWorkspace({
    slug: 'ws-one',
    extensionId: 'one',
    organizationId: 'o',
    createdAt: at,
  });
  expect(workspaces).not.toContain(opened.number);
  expect(opened.number).toBeGreaterThan(70_000n);
  await other.close();
});

test('a database of a build that counted keys one by one is gone on with behind its last one', async () => {
  await database.execute(`
    insert into authority_counters (name, value) values ('key', 57);
    insert into authority_keys (number, workspace, sealed, created_at) values (57, 1, 'x', now())`);
  const issuer = createIssuerStore(database.db);
  expect((await issuer.addKey(key(2))).number).toBe(58n);
  expect(await issuer.currentKey(1n)).toMatchObject({ number: 57n });
  const opened = { slug: 'ws-a', extensionId: 'a', organizationId: 'o', createdAt: at };
  const gateway = createGatewayStore(database.db);
  const { number } = await gateway.openWorkspace(opened);
  expect(await gateway.nextWorkspaceNumber()).toBe(number + 1n);
});

test('a process that outlived a restore takes numbers of the restored database', async () => {
  const issuer = createIssuerStore(database.db);
  const before = await issuer.addKey(key(1));
  await database.execute(`update authority_counters set value = 0 where name = 'key'`);
  const after = await issuer.addKey(key(2));
  expect(after.number).not.toBe(before.number);
  expect((await issuer.revokedSince(0n)).newestKey).toBeGreaterThanOrEqual(after.number);
  expect(await issuer.currentKey(1n)).toMatchObject({ number: before.number });
});

test('with numbers at hand nobody waits for whoever holds the counter', async ({ skip }) => {
  if (!database.concurrent) skip();
  const issuer = createIssuerStore(database.db);
  await issuer.addKey(key(1));
  await database.db.transaction(async (tx) => {
    await tx.execute(`select value from authority_counters where name = 'key' for update`);
    expect((await issuer.addKey(key(2))).number).toBe(2n);
  });
});
