import { expect, test } from 'vitest';
import type { AuditEntry } from '@hangar/gateway';
import { HangarError, silentLog } from '@hangar/http';
import { AuditQueue } from '../src/note/audit-queue.ts';

const entry = (number: number, more: Partial<AuditEntry> = {}): AuditEntry => {
  const at = new Date(1_795_000_000_000 + number);
  return {
    at,
    workspace: 1n,
    tokenId: undefined,
    branch: undefined,
    action: 'machines.stop',
    resource: `app/${number}`,
    outcome: 'caveat_denied',
    status: 403,
    requestId: `request-${number}`,
    upstreamRequestId: undefined,
    openKey: undefined,
    sameAs: undefined,
    count: 1,
    lastAt: at,
    ...more,
  };
};

test('of rows that come while the database does not answer a bounded number waits, and the log says how many went', async () => {
  const written: AuditEntry[] = [];
  let underWay = 0;
  let answer = (): void => {};
  const gate = new Promise<void>((resolve) => (answer = resolve));
  const writeAudit = async (entries: readonly AuditEntry[]): Promise<void> => {
    expect((underWay += 1)).toBe(1);
    await gate;
    written.push(...entries);
    underWay -= 1;
  };
  const dropped: unknown[] = [];
  const log = { ...silentLog, error: (fields: unknown) => void dropped.push(fields) };
  const queue = new AuditQueue({ store: { writeAudit }, log });
  queue.add(entry(0));
  const first = queue.flush();
  for (let number = 1; number <= 25_000; number += 1) queue.add(entry(number));
  const rest = queue.flush();
  answer();
  await Promise.all([first, rest]);
  expect(written[0]).toEqual(entry(0));
  expect(written.at(-1)).toEqual(entry(25_000));
  expect(written.length).toBeLessThanOrEqual(10_001);
  expect(dropped).toEqual([{ rows: 25_001 - written.length }]);
});

test('what is said again while an outage lasts is counted from its first time to its last', async () => {
  const written: AuditEntry[] = [];
  let isAway = true;
  const writeAudit = async (entries: readonly AuditEntry[]): Promise<void> => {
    await Promise.resolve();
    if (isAway) throw new HangarError('unavailable');
    written.push(...entries);
  };
  const queue = new AuditQueue({ store: { writeAudit }, log: silentLog });
  queue.add(entry(0, { sameAs: 'a' }));
  const first = queue.flush();
  queue.add(entry(50_000, { sameAs: 'a' }));
  await Promise.all([first, queue.flush()]);
  expect(written).toEqual([]);
  isAway = false;
  queue.add(entry(70_000, { sameAs: 'a' }));
  await queue.flush();
  expect(written.map(({ at, lastAt, count }) => [at.getTime(), lastAt.getTime(), count])).toEqual([
    [1_795_000_000_000, 1_795_000_050_000, 2],
    [1_795_000_070_000, 1_795_000_070_000, 1],
  ]);
});
