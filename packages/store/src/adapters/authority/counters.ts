import { eq, sql } from 'drizzle-orm';
import type { Executor } from '../../database.ts';
import { BLOCK } from '../../number-block.ts';
import { statement } from '../../prepared.ts';
import { authorityCounters } from '../../schema/authority.ts';

/**
 * The number of the last revocation, with the counter's row locked until the caller's transaction ends: the
 * next one to ask waits, so numbers become visible in their order.
 */
export async function lockCounter(tx: Executor): Promise<bigint> {
  const [row] = await tx
    .insert(authorityCounters)
    .values({ name: 'revocation', value: 0n })
    .onConflictDoUpdate({ target: authorityCounters.name, set: { value: sql`${authorityCounters.value}` } })
    .returning({ value: authorityCounters.value });
  return row?.value ?? 0n;
}

/** Keeps everybody from {@link lockCounter} until the transaction ends; readers share it. */
export async function shareCounter(tx: Executor): Promise<void> {
  await tx.insert(authorityCounters).values({ name: 'revocation', value: 0n }).onConflictDoNothing();
  await tx.select().from(authorityCounters).where(eq(authorityCounters.name, 'revocation')).for('share');
}

/** Writes the counter that the caller holds locked. */
export async function setCounter(tx: Executor, value: bigint): Promise<void> {
  await tx.update(authorityCounters).set({ value }).where(eq(authorityCounters.name, 'revocation'));
}

/**
 * Hands out the next numbers for keys, committed by itself. Readers only ask whether a key of some number can exist, so
 * the counter may be ahead of the rows, and nobody has to wait for anybody else's key.
 */
const takeKeyNumbers = statement<[count: number], bigint>(
  'key_numbers_take',
  `insert into authority_counters as kept (name, value) values ('key', $1::int)
   on conflict (name) do update set value = kept.value + excluded.value returning value`,
  (row) => BigInt(row['value'] as string),
);

/** A block of key numbers, lowest first. */
export async function keyNumbers(db: Executor): Promise<readonly bigint[]> {
  const [last = 0n] = await takeKeyNumbers(db, BLOCK);
  return Array.from({ length: BLOCK }, (_, index) => last - BigInt(BLOCK - 1 - index));
}
