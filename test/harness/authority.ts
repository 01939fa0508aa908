import { randomBytes } from 'node:crypto';
import {
  createAuthority,
  createIssuer,
  type Authority,
  type AuthorityOptions,
  type FlowStore,
  type IssuerStore,
} from '@hangar/authority';
import { LOCATIONS } from '@hangar/macaroon';
import { createSealer, Secret, type Sealer } from '@hangar/security';
import { createFlowStore, createIssuerStore, type Store } from '@hangar/store';

/** What an authority and its issuer keep, on a database. */
export function tokenRows({ db }: Pick<Store, 'db'>): IssuerStore & FlowStore {
  return { ...createIssuerStore(db), ...createFlowStore(db) };
}

/** A real authority with its issuer, as the app puts them together. */
export function openAuthority(
  store: IssuerStore & FlowStore,
  now: () => Date,
  more: Partial<AuthorityOptions> & { readonly sealer?: Sealer } = {},
): Authority {
  const sealer = more.sealer ?? createSealer([Secret.of(`m1:${randomBytes(32).toString('base64')}`)]);
  const locations = {
    location: LOCATIONS.permission,
    dischargeLocation: 'https://hangar.example/discharge',
  };
  const issuer = createIssuer({
    ...locations,
    store,
    sealer,
    dischargeKeys: [Secret.of(randomBytes(32).toString('base64'))],
    now,
  });
  return createAuthority({
    ...locations,
    issuer,
    flows: store,
    sealer,
    identify: async () => undefined,
    signInUrl: (path) => path,
    now,
    ...more,
  });
}
