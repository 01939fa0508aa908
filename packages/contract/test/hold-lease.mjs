// Claims an operation on a Postgres server and keeps prolonging it until it is killed. Plain JavaScript on the built packages.
import { newLease, withLease } from '@hangar/contract';
import { silentLog } from '@hangar/http';
import { Secret } from '@hangar/security';
import { createGatewayStore, openStore } from '@hangar/store';

const LEASE_MS = 12_000;
const { db } = await openStore({ databaseUrl: Secret.of(process.env.URL) });
const store = createGatewayStore(db);
const now = () => new Date();
const lease = newLease(now(), LEASE_MS);
const named = { workspace: 1n, key: 'once' };
await store.beginOperation({ ...named, id: 'dying', requestHash: 'same', now: now(), lease });
const prolong = async (_, next) => {
  const held = await store.prolongOperation({ ...named, lease: next });
  process.stdout.write('beat\n');
  return held;
};
const options = { lease, leaseMs: LEASE_MS, beatMs: 5, now, log: silentLog };
await withLease({ prolong }, 'dying', options, () => new Promise(() => setInterval(() => undefined, 60_000)));
