import type { ProviderStore } from '@hangar/provider';
import type { Database } from '../database.ts';
import { accountStore } from './provider-accounts.ts';
import { extensionStore } from './provider-extensions.ts';
import { loginStore } from './provider-logins.ts';
import { machineEventStore } from './provider-events.ts';
import { nonceStore } from './provider-nonces.ts';
import { outboxStore } from './provider-outbox.ts';

/** What `createProvider` needs from a database, on Postgres or PGlite. */
export function createProviderStore(db: Database): ProviderStore {
  return {
    nonces: nonceStore(db),
    accounts: accountStore(db),
    extensions: extensionStore(db),
    outbox: outboxStore(db),
    events: machineEventStore(db),
    logins: loginStore(db),
  };
}

/** The NOTIFY channel on which a committed announcement wakes the senders of every process. */
export { OUTBOX_CHANNEL } from './provider-extensions.ts';
