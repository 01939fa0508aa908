import { randomBytes } from 'node:crypto';
import { createAuthority, createIssuer, type Authority, type AuthorityOptions } from '@hangar/authority';
import { LOCATIONS } from '@hangar/macaroon';
import { createSealer, Secret, type Sealer } from '@hangar/security';
import { createFlowStore, createIssuerStore, type Store } from '@hangar/store';

/** A real authority with its issuer on a database, as the app puts them together. */
export function openAuthority(
  { db }: Pick<Store, 'db'>,
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
    store: createIssuerStore(db),
    sealer,
    dischargeKeys: [Secret.of(randomBytes(32).toString('base64'))],
    now,
  });
  return createAuthority({
    ...locations,
    issuer,
    flows: createFlowStore(db),
    sealer,
    identify: async () => undefined,
    signInUrl: (path) => path,
    now,
    ...more,
  });
}
