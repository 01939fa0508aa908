import type { Organization, User } from './people.ts';

/** The organization whose token Hangar holds and in which it creates apps, unless the options name another. */
export const operatorOrganization = 'operator';

const HIGH_FLYERS = '04La2mblTaz';
const LOW_FLYERS = 'zgyep87w1m4q06d4';

/** Ids of the two customers are those of the examples in docs/sources.md#extensions-api. */
export const seededOrganizations: readonly Organization[] = [
  { id: HIGH_FLYERS, slug: 'high-flyers', name: 'High Flyers', number: 50002 },
  { id: LOW_FLYERS, slug: 'low-flyers', name: 'Low Flyers', number: 50003 },
];

/** The operator's own organization. */
export function operatorOf(slug: string): Organization {
  return { id: 'op3rat0r5ecur1ty', slug, name: 'Operator', number: 50001 };
}

/** Three users: an admin of one customer, a member of both, and an outsider to the first one. */
export const seededUsers: readonly User[] = [
  {
    id: 'NeBO2G0l0yJ6',
    name: 'Gabriella Fern',
    email: 'v9WvKokd@customer.fly.io',
    roles: new Map([[HIGH_FLYERS, 'admin']]),
  },
  {
    id: 'm1l0k45tw9q2x7dz',
    name: 'Milo Kast',
    email: 'n1l330mao@customer.fly.io',
    roles: new Map([
      [HIGH_FLYERS, 'member'],
      [LOW_FLYERS, 'member'],
    ]),
  },
  {
    id: 'rzjkdw3g0ypx061q',
    name: 'Otto Brandt',
    email: '5mrgw4xzkxoz02yk@customer.fly.io',
    roles: new Map([[LOW_FLYERS, 'admin']]),
  },
];
