import { randomBytes } from 'node:crypto';
import {
  createIssuer,
  createRemoteIssuer,
  type Issuer,
  type LocalIssuer,
  type MintLimits,
} from '@hangar/authority';
import { createTokenCrypto, LOCATIONS, type TokenCrypto } from '@hangar/macaroon';
import type { Clock, Log } from '@hangar/http';
import type { Sealer } from '@hangar/security';
import { createIssuerStore, sealedFact, type Store } from '@hangar/store';
import { connectIssuerSockets } from './socket-client.ts';

/** What both processes must agree on; each derives it from `HANGAR_PUBLIC_URL`. */
export function tokenLocations(publicUrl: string): { location: string; dischargeLocation: string } {
  return { location: LOCATIONS.permission, dischargeLocation: `${publicUrl}/discharge` };
}

/** What checks tokens in this process: built before it listens, so that no request waits for it. */
export function buildTokenCrypto(engine: 'wasm' | 'node', log: Log): TokenCrypto {
  const tokenCrypto = createTokenCrypto({ engine });
  log.info({ engine: tokenCrypto.engine }, 'token engine ready');
  return tokenCrypto;
}

/** What an issuer in this process needs. */
export interface IssuerParts {
  readonly publicUrl: string;
  readonly store: Store;
  readonly sealer: Sealer;
  readonly limits: MintLimits;
  readonly tokenCrypto: TokenCrypto;
  readonly now: Clock;
  readonly log: Log;
}

/**
 * The issuer with its keys in this process.
 *
 * @throws HangarError `config_invalid` when the master keys do not open this database.
 */
export async function openIssuer({
  publicUrl,
  store,
  sealer,
  limits,
  tokenCrypto,
  now,
  log,
}: IssuerParts): Promise<LocalIssuer> {
  const dischargeKey = await sealedFact(store.db, sealer, {
    name: 'discharge-key',
    make: () => randomBytes(32).toString('base64'),
    now,
  });
  return createIssuer({
    ...tokenLocations(publicUrl),
    store: createIssuerStore(store.db),
    sealer,
    dischargeKeys: [dischargeKey],
    limits,
    tokenCrypto,
    now,
    log,
  });
}

/** An issuer that is at hand, and what to close behind it. */
export interface ReachedIssuer {
  readonly issuer: Issuer;
  readonly tasks: LocalIssuer['tasks'];
  close(): Promise<void>;
}

/**
 * The issuer this process works with: one apart behind the sockets of a folder, or one of its own.
 *
 * @throws HangarError `config_invalid` when the master keys do not open this database.
 */
export async function reachIssuer(sockets: string | undefined, parts: IssuerParts): Promise<ReachedIssuer> {
  if (sockets === undefined) {
    const issuer = await openIssuer(parts);
    return { issuer, tasks: issuer.tasks, close: async () => {} };
  }
  // The discharge key, which says whether the master keys are the right ones, is not in this database.
  await sealedFact(parts.store.db, parts.sealer, {
    name: 'key-check',
    make: () => randomBytes(32).toString('base64'),
    now: parts.now,
  });
  const connection = connectIssuerSockets(sockets);
  return { issuer: createRemoteIssuer(connection.send), tasks: [], close: () => connection.close() };
}
