import { and, eq, lte, sql } from 'drizzle-orm';
import type { NonceStore } from '@hangar/provider';
import type { Database } from '../database.ts';
import { requestNonces } from '../schema/provider.ts';

/** Nonces of signed requests: one statement decides, so two processes cannot both win. */
export function nonceStore(db: Database): NonceStore {
  return {
    async consume({ nonce, digest, expiresAt, now }) {
      const won = await db
        .insert(requestNonces)
        .values({ nonce, digest, released: false, expiresAt })
        .onConflictDoUpdate({
          target: requestNonces.nonce,
          set: { digest, released: false, expiresAt },
          setWhere: sql`${lte(requestNonces.expiresAt, now)}
            or (${requestNonces.released} and ${eq(requestNonces.digest, digest)})`,
        })
        .returning({ nonce: requestNonces.nonce });
      return won.length === 1;
    },
    async release({ nonce, digest }) {
      await db
        .update(requestNonces)
        .set({ released: true })
        .where(and(eq(requestNonces.nonce, nonce), eq(requestNonces.digest, digest)));
    },
    async sweep(now) {
      const gone = await db
        .delete(requestNonces)
        .where(lte(requestNonces.expiresAt, now))
        .returning({ nonce: requestNonces.nonce });
      return gone.length;
    },
  };
}
