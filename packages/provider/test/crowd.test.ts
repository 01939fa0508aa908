import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from './world/browser.ts';
import { openWorld, order, type Answer, type World } from './world/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld({ returnPaths: ['/extensions/'] });
});
afterAll(async () => await world.close());

test('GEN-06: two hundred mixed requests at once are each answered as if it were alone', async () => {
  const orders = Array.from({ length: 20 }, () => order());
  const kept = await Promise.all(orders.map(async (members) => (await world.create(members)).json.id));
  const [gone, stays] = [kept.slice(0, 10), kept.slice(10)];
  const at = (path: string, method: string, members: Record<string, unknown> = {}): Promise<Answer> =>
    world.send(world.draft({ method, path, members }));
  const made = Array.from({ length: 40 }, () => order());

  const created = made.map((members) => at('/extensions', 'POST', members));
  const repeated = orders.slice(10).map((members) => at('/extensions', 'POST', members));
  const read = [...stays, ...stays, ...stays, ...stays].map((id) => at(`/extensions/${id}`, 'GET'));
  const removed = gone.flatMap((id) => [
    at(`/extensions/${id}`, 'DELETE'),
    at(`/extensions/${id}`, 'DELETE'),
  ]);
  const unknown = gone.map((id) => at(`/extensions/${id}0`, 'GET'));
  const unsigned = Array.from({ length: 40 }, (_, index) =>
    world.send(
      world.draft({
        method: index % 2 === 0 ? 'POST' : 'DELETE',
        path: index % 2 === 0 ? '/extensions' : `/extensions/${stays[index % 10]}`,
        members: index % 2 === 0 ? order() : {},
        secret: 'another-secret',
      }),
    ),
  );
  const refused = Array.from({ length: 40 }, () => at('/extensions', 'POST', { ...order(), ip_address: 7 }));
  const all = [created, repeated, read, removed, unknown, unsigned, refused];
  expect(all.flat()).toHaveLength(200);

  const statuses = async (answers: Promise<Answer>[]) =>
    [...new Set((await Promise.all(answers)).map((answer) => answer.status))].toSorted();
  expect(await Promise.all(all.map(statuses))).toEqual([[201], [200], [200], [204], [404], [401], [422]]);

  const ids = await Promise.all(created.map(async (answer) => (await answer).json.id));
  expect(new Set(ids).size).toBe(made.length);
  const left = await world.provider.extensions.list({ limit: 1000 });
  const alive = left.filter((extension) => extension.status !== 'deleted').map((extension) => extension.id);
  expect(alive.toSorted()).toEqual([...ids, ...stays].toSorted());
  const configs = await Promise.all(
    created.map(async (answer) => JSON.stringify((await answer).json.config)),
  );
  expect(new Set(configs).size).toBe(made.length);
});

test(
  'SIGN-8: two hundred sign-ins that are open at once each land where they should, as who they are',
  { timeout: 90_000 },
  async () => {
    const people = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const person = {
          id: `person${index}`,
          name: `Person ${index}`,
          email: `person${index}@customer.fly.io`,
          organizations: [{ id: `crowd${index}`, role: 'member' }],
        };
        const made = await world.create({ organization_id: `crowd${index}`, user_id: person.id });
        const browser = openBrowser(world);
        const start = await browser.open(`/flyio/extensions/${made.json.id}/sso`);
        const back = world.twin.agree(new URL(start.headers.get('location') ?? ''), person);
        return { person, browser, back, extension: made.json.id };
      }),
    );
    const comeBack = async ({ browser, back }: (typeof people)[number]): Promise<unknown> => {
      const answer = await browser.open(back.href);
      const request = new Request('https://logjam.example/', { headers: browser.headers() });
      const login = await world.provider.logins.identify(request);
      return [answer.headers.get('location'), login?.userId, login?.email, login?.memberships];
    };
    // Those who began last come back first, twenty at a time: a loaded machine still answers each within Fly.io's ten seconds.
    const landed: unknown[] = [];
    for (let end = people.length; end > 0; end -= 20)
      landed.unshift(...(await Promise.all(people.slice(end - 20, end).map(comeBack))));
    expect(landed).toEqual(
      people.map(({ extension, person: { id, email, organizations } }) => [
        `/extensions/${extension}`,
        id,
        email,
        organizations.map((one) => ({ organizationId: one.id, role: one.role })),
      ]),
    );
  },
);
