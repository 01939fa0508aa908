import { expect, test } from 'vitest';
import { simulatedSecrets } from '../src/index.ts';
import { control, flaps, foreignToken, send, stage, type Stage } from './world.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const operator = bearer(simulatedSecrets.operatorToken);

/** The same read at the door itself, without a server in front. */
async function atTheDoor(on: Stage, path: string, headers: Record<string, string>) {
  const response = await on.simulator.doors.machines.fetch(
    new Request(`${on.machines}${path}`, { headers }),
    {
      rawTarget: path,
      requestId: 'r-1',
    },
  );
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(await response.text()) as unknown,
  };
}

async function machines(on: Stage): Promise<string[]> {
  const call = flaps(on);
  await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  await call('POST', '/apps', { app_name: 'two', org_slug: 'operator' });
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const body = { name, config: { image: 'nginx', checks: { web: { type: 'tcp', port: 80 } } } };
    ids.push((await call('POST', '/apps/one/machines', body)).text('id'));
  }
  for (const id of ids) await call('GET', `/apps/one/machines/${id}/wait?timeout=10`);
  await call('DELETE', `/apps/one/machines/${ids[2]}?force=true`);
  await call('GET', `/apps/one/machines/${ids[2]}/wait?state=destroyed&timeout=10`);
  return ids;
}

test('a read that the server answers itself says what its door says', async () => {
  const on = await stage();
  const [first = '', , gone = ''] = await machines(on);
  const macaroon = (await control(on)('POST', '/tokens', { organization: 'operator' })).text('token');
  for (const place of ['', `/${first}`, `/${gone}`, '/00000000000000', '/nonsense', '?region=ord', '/']) {
    const path = `/v1/apps/one/machines${place}`;
    for (const headers of [operator, bearer(foreignToken), bearer('fo1_unknown'), bearer(macaroon), {}]) {
      const answer = await send('GET', `${on.machines}${path}`, { headers });
      const door = await atTheDoor(on, path, headers as Record<string, string>);
      expect([path, answer.status, answer.body]).toEqual([path, door.status, door.body]);
      for (const name of ['content-type', 'server', 'via'])
        expect([path, name, answer.headers.get(name)]).toEqual([path, name, door.headers.get(name)]);
      expect(answer.headers.get('fly-request-id')).toMatch(/^[0-9A-Z]{26}-iad$/);
    }
  }
  const elsewhere = `/v1/apps/two/machines/${first}`;
  expect((await send('GET', `${on.machines}${elsewhere}`, { headers: operator })).status).toBe(404);
  expect((await atTheDoor(on, '/v1/apps/one/machines', operator)).body).toHaveLength(2);
});

test('a fault and a limit strike such a read, too', async () => {
  const on = await stage({ rateLimits: true });
  const [first = ''] = await machines(on);
  const url = `${on.machines}/v1/apps/one/machines/${first}`;
  const statuses: number[] = [];
  for (let tries = 0; tries < 12; tries += 1)
    statuses.push((await send('GET', url, { headers: operator })).status);
  expect(statuses.filter((status) => status === 429)).not.toHaveLength(0);
  const calm = await stage();
  const [second = ''] = await machines(calm);
  const fault = { door: 'machines', kind: 'status', status: 503, route: '/v1/apps/one/machines/*' };
  await control(calm)('POST', '/faults', fault);
  const struck = await send('GET', `${calm.machines}/v1/apps/one/machines/${second}`, { headers: operator });
  expect(struck.status).toBe(503);
});
