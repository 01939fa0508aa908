import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { newLease, withLease, type Lease, type LeaseOptions } from '@hangar/contract';
import { silentLog } from '@hangar/http';
import type { EnvironmentStore } from '@hangar/gateway';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';
import { createGatewayStore } from '../../store/src/adapters/gateway/gateway.ts';

const LEASE_MS = 12_000;
const HOUR_MS = 3_600_000;
const NAMED = { workspace: 1n, key: 'once' };

let database: TestDatabase;
let store: EnvironmentStore;
/** What the clock of this process shows beside the real one. */
let ahead: number;
beforeEach(async () => {
  database = await openTestDatabase();
  store = createGatewayStore(database.db);
  ahead = 0;
});
afterEach(async () => await database.close());

const now = () => new Date(Date.now() + ahead);
const options = (lease: Lease): LeaseOptions => ({
  lease,
  leaseMs: LEASE_MS,
  beatMs: 5,
  now,
  log: silentLog,
});

/** What a process becomes that asks for the operation now. */
async function claim(): Promise<{ role: string; lease: Lease }> {
  const lease = newLease(now(), LEASE_MS);
  const wanted = { ...NAMED, id: 'op', requestHash: 'same', now: now(), lease };
  return { role: (await store.beginOperation(wanted)).role, lease };
}

/** The rows, and a promise for the beat after the next one: whatever was begun before now is over by then. */
function counted() {
  let beats = 0;
  const waiting = new Set<{ at: number; resolve: () => void }>();
  return {
    prolong: async (_: string, lease: Lease) => {
      try {
        return await store.prolongOperation({ ...NAMED, lease });
      } finally {
        beats += 1;
        for (const one of waiting) if (beats >= one.at) one.resolve();
      }
    },
    nextBeat: async () => await new Promise<void>((resolve) => waiting.add({ at: beats + 2, resolve })),
  };
}

const aborted = async (signal: AbortSignal) => {
  if (!signal.aborted) await once(signal, 'abort');
};

describe('work under a lease', () => {
  // docs/specs/promises.md#leases
  test('keeps others away for as long as it goes on, and not after it', async () => {
    const { role, lease } = await claim();
    expect(role).toBe('first');
    const rows = counted();
    await withLease(rows, 'op', options(lease), async (lost) => {
      ahead += LEASE_MS * 0.7;
      await rows.nextBeat();
      // Past the end that it was claimed with.
      ahead += LEASE_MS * 0.7;
      expect((await claim()).role).toBe('bystander');
      expect(lost.aborted).toBe(false);
    });
    ahead += LEASE_MS;
    expect((await claim()).role).toBe('successor');
  });

  test('ends early when another process has claimed the row, and writes nothing more there', async () => {
    // It was suspended for a while, as a laptop is: no beats.
    const { lease } = await claim();
    ahead += LEASE_MS;
    const successor = await claim();
    expect(successor.role).toBe('successor');
    await withLease(counted(), 'op', options(lease), aborted);
    const { holder } = lease;
    await store.finishOperation({ ...NAMED, holder, status: 201, sealedResponse: new Uint8Array(1) });
    await store.leaveOperation({ ...NAMED, holder, now: now() });
    await store.forgetOperation({ ...NAMED, holder });
    expect((await claim()).role).toBe('bystander');
    expect(await store.prolongOperation({ ...NAMED, lease: successor.lease })).toBe(true);
  });

  test.each([
    ['forwards', HOUR_MS],
    ['backwards', -HOUR_MS],
  ])('outlives a clock that jumps %s while nobody else has claimed the row', async (_, jump) => {
    const { lease } = await claim();
    const rows = counted();
    await withLease(rows, 'op', options(lease), async (lost) => {
      ahead += jump;
      await rows.nextBeat();
      expect(lost.aborted).toBe(false);
      expect((await claim()).role).toBe('bystander');
    });
  });

  test('is lost when the database is away until the lease is over, and not before', async () => {
    const { lease } = await claim();
    const rows = counted();
    const away = { prolong: async () => await rows.prolong('op', lease).then(() => Promise.reject(gone)) };
    const gone = new Error('the answer was lost');
    await withLease(away, 'op', options(lease), async (lost) => {
      await rows.nextBeat();
      expect(lost.aborted).toBe(false);
      ahead += LEASE_MS;
      await aborted(lost);
    });
  });

  test('passes on what the work resolves to or throws, and stops its beats', async () => {
    const { lease } = await claim();
    expect(await withLease(counted(), 'op', options(lease), async () => 7)).toBe(7);
    const failure = new Error('the work failed');
    await expect(withLease(counted(), 'op', options(lease), () => Promise.reject(failure))).rejects.toBe(
      failure,
    );
  });
});

describe.skipIf(inject('postgresUrl') === '')('a process that is killed at work', () => {
  test('keeps its row until the lease lapses; then another one has it', async () => {
    const { rows } = await database.execute('select current_database() as name');
    const [{ name }] = rows as [{ name: string }];
    const url = new URL(inject('postgresUrl'));
    url.pathname = `/${name}`;
    const script = fileURLToPath(new URL('hold-lease.mjs', import.meta.url));
    const child = spawn(process.execPath, [script], {
      env: { ...process.env, URL: url.href },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    // Its beats go on whatever the clock of the others shows.
    expect((await claim()).role).toBe('bystander');
    child.kill('SIGKILL');
    await ended;
    expect((await claim()).role).toBe('bystander');
    ahead += LEASE_MS;
    expect((await claim()).role).toBe('successor');
  });
});
