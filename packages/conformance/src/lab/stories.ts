import { randomBytes } from 'node:crypto';
import type { Members } from './order.ts';

/** Somebody at Fly.io who asks for a resource. */
export interface Person {
  readonly userId: string;
  readonly email: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly role: 'admin' | 'member';
}

/** The names and ids of one run. They are new for each run, so that a provider that keeps everything can be tested twice. */
export interface Stories {
  readonly person: Person;
  /** An id of Fly.io's that was never used. */
  flyId(): string;
  /** The members of a provisioning that Fly.io would send. */
  order(person?: Person): Record<string, string>;
  /** The same with what a provider in regions is told. */
  regional(): Members;
  /** Of an organization and a user that nobody has heard of. */
  stranger(): Person;
}

export const PRIMARY_REGION = 'mad';
export const READ_REGIONS: readonly string[] = ['scl', 'syd'];
const ADDRESS = 'fdaa:0:47fb:0:1::1d';

/** Tells the stories of one run. `person` asks for resources; absent, somebody made up does. */
export function createStories(run: string, person?: Person): Stories {
  let count = 0;
  const next = (): string => `${run}${(count += 1).toString(36)}`;
  const stranger = (): Person => {
    const name = `cf${next()}`;
    return {
      userId: `${name}user`,
      email: `${name}@customer.fly.io`,
      organizationId: `${name}org`,
      organizationName: 'Conformance Flyers',
      role: 'admin',
    };
  };
  const asker = person ?? stranger();
  const order = (by: Person = asker): Record<string, string> => {
    const name = next();
    return {
      name: `conform-${name}`,
      id: `cf${name}${randomBytes(2).toString('hex')}`,
      organization_id: by.organizationId,
      organization_name: by.organizationName,
      user_email: by.email,
      user_id: by.userId,
      user_role: by.role,
    };
  };
  return {
    person: asker,
    flyId: () => `cf${next()}`,
    stranger,
    order,
    regional: () => ({
      ...order(),
      primary_region: PRIMARY_REGION,
      read_regions: READ_REGIONS,
      ip_address: ADDRESS,
    }),
  };
}
