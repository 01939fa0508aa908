import type { ProviderStore } from '@hangar/provider';
import type { Database } from '../../database.ts';
import { accountStore } from './accounts.ts';
import { extensionStore } from './extensions.ts';
import { loginStore } from './logins.ts';
import { machineEventStore } from './events.ts';
import { nonceStore } from './nonces.ts';
import { outboxStore } from './outbox.ts';

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
export { OUTBOX_CHANNEL } from './extensions.ts';
