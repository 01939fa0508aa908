import { eq, sql } from 'drizzle-orm';
import type { Executor } from '../database.ts';
import { authorityCounters } from '../schema/authority.ts';

type CounterName = 'key' | 'revocation';

/**
 * The number last handed out, with the counter's row locked until the caller's transaction ends: the
 * next one to ask waits, so numbers become visible in their order.
 */
export async function lockCounter(tx: Executor, name: CounterName): Promise<bigint> {
  const [row] = await tx
    .insert(authorityCounters)
    .values({ name, value: 0n })
    .onConflictDoUpdate({ target: authorityCounters.name, set: { value: sql`${authorityCounters.value}` } })
    .returning({ value: authorityCounters.value });
  return row?.value ?? 0n;
}

/** Keeps everybody from {@link lockCounter} of this name until the transaction ends; readers share it. */
export async function shareCounter(tx: Executor, name: CounterName): Promise<void> {
  await tx.insert(authorityCounters).values({ name, value: 0n }).onConflictDoNothing();
  await tx.select().from(authorityCounters).where(eq(authorityCounters.name, name)).for('share');
}

/** Writes a counter that the caller holds locked. */
export async function setCounter(tx: Executor, name: CounterName, value: bigint): Promise<void> {
  await tx.update(authorityCounters).set({ value }).where(eq(authorityCounters.name, name));
}

/** Both counters as last committed. */
export async function readCounters(db: Executor): Promise<Record<CounterName, bigint>> {
  const rows = await db.select().from(authorityCounters);
  const valueOf = (name: CounterName): bigint => rows.find((row) => row.name === name)?.value ?? 0n;
  return { key: valueOf('key'), revocation: valueOf('revocation') };
}
