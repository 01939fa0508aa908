import type { NonceStore } from '@hangar/provider';
import { lte } from 'drizzle-orm';
import type { Database } from '../../database.ts';
import { statement } from '../../prepared.ts';
import { requestNonces } from '../../schema/provider.ts';

/** Nonce, digest, expiry and the present time: the first values of whatever spends one. */
export type NonceValues = [nonce: string, digest: string, expiresAt: Date, now: Date];

/**
 * The insert that spends a nonce: it gives a row when the nonce was free, is over, or was given back by the same request.
 *
 * @param from what else must hold, as the end of a select
 */
export function spendNonce(from = ''): string {
  return `insert into request_nonces as kept (nonce, digest, released, expires_at)
    select $1::text, $2::text, false, $3::timestamptz ${from}
    on conflict (nonce) do update
      set digest = excluded.digest, released = false, expires_at = excluded.expires_at
      where kept.expires_at <= $4::timestamptz or (kept.released and kept.digest = excluded.digest)
    returning 1 as one`;
}

const consume = statement<NonceValues, true>('nonce_consume', spendNonce(), () => true);

const release = statement<[nonce: string, digest: string], true>(
  'nonce_release',
  'update request_nonces set released = true where nonce = $1::text and digest = $2::text returning 1 as one',
  () => true,
);

/** Nonces of signed requests: one statement decides, so two processes cannot both win. */
export function nonceStore(db: Database): NonceStore {
  return {
    async consume({ nonce, digest, expiresAt, now }) {
      return (await consume(db, nonce, digest, expiresAt, now)).length === 1;
    },
    async release({ nonce, digest }) {
      await release(db, nonce, digest);
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
