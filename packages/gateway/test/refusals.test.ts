import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMachinesClient, createUpstream } from '@hangar/flyio';
import { routes, type Gateway, type Route } from '@hangar/gateway';
import { Secret } from '@hangar/security';
import { fillPattern } from '../src/request/route.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

/** What the gateway answers out of its rows, or asks of other routes of its own; an image needs its reference. */
const OWN_ROWS = /^(?:environments|usage|graphql|organizations|builds|releases|images)/;
/** The rows that end upstream with one call of the request's own; apps are made and deleted in many steps. */
const rows = routes.filter(
  ({ treatment, id }) => treatment.kind !== 'refuse' && !id.startsWith('apps.') && !OWN_ROWS.test(id),
);
const bodies: Readonly<Record<string, unknown>> = {
  'machines.create': plainMachine,
  'machines.update': plainMachine,
  'machines.exec': { command: ['ls'] },
  'machines.signal': { signal: 'SIGINT' },
  'machines.memory.set': { limit_mb: 256 },
  'metadata.put': { metadata: { role: 'web' } },
  'metadata.patch': { metadata: { role: 'web' } },
  'metadata.set': { value: 'web' },
  'volumes.create': { name: 'data', region: 'fra', size_gb: 1 },
  'volumes.extend': { size_gb: 2 },
  'secrets.set-many': { values: { NAME: 'x' } },
  'secrets.set': { value: 'x' },
  'addresses.assign': { type: 'private_v6' },
  'platform.placements': { region: 'fra' },
};

let world: World;
let server: Server;
let gateway: Gateway;
let params: Record<string, string>;
let answer: { readonly status: number; readonly type: string; readonly text: string };

beforeAll(async () => {
  world = await openWorld();
  const ask = async (target: string, body: unknown) =>
    await world.ask('POST', target, { token: world.token, body });
  await ask('/v1/apps', { name: 'own' });
  const machine = (await ask('/v1/apps/own/machines', plainMachine)).json.id;
  const volume = (await ask('/v1/apps/own/volumes', { name: 'data', region: 'fra', size_gb: 1 })).json.id;
  await waitFor(world, 'own', machine, 'started');
  // A machine that was made this moment is looked for more than once.
  world.simulator.clock.advance(11_000);
  const org = world.workspace.slug;
  params = { app: 'own', machine, volume, org, secret: 'NAME', key: 'role', ip: 'fdaa::1' };
  server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(answer.status, { 'content-type': answer.type, 'fly-request-id': '01ABC-fra' });
      response.end(answer.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  gateway = world.another({
    machines: createMachinesClient({ baseUrl, token: () => Secret.of('fo1_operator') }),
    api: createUpstream({ baseUrl, token: () => Secret.of('fo1_operator') }),
  });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await world.close();
});

async function askRoute({ method, pattern, id }: Route) {
  const body = bodies[id];
  const target = `/${fillPattern(pattern, params).join('/')}`;
  const more = { token: world.token, body };
  return await world.ask(method, target, more, gateway);
}

const told = { error: 'machine is in the wrong mood', status: 'unknown' };
const codes: readonly [number, string][] = [
  [400, 'bad_request'],
  [404, 'not_found'],
  [408, 'request_timeout'],
  [409, 'state_conflict'],
  [412, 'state_conflict'],
  [422, 'invalid'],
  [429, 'rate_limited'],
];

describe.each(rows.map((route) => ({ id: route.id, route })))('a refusal of Fly.io to $id', ({ route }) => {
  it('keeps its words and its status, and gets a code and the request id', async () => {
    for (const [status, code] of codes) {
      answer = { status, type: 'application/json', text: JSON.stringify(told) };
      const got = await askRoute(route);
      const request_id = got.headers.get('x-request-id');
      expect(got, String(status)).toMatchObject({ status, json: { ...told, code, request_id } });
      if (status === 429) expect(Number(got.headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });

  it('that is not JSON is told in our words', async () => {
    for (const text of [
      'upstream connect error',
      '<html><body>429</body></html>',
      '',
      '{"error":',
      '[]',
      '7',
    ]) {
      answer = { status: 429, type: 'text/html', text };
      const got = await askRoute(route);
      expect(got, text).toMatchObject({ status: 429, json: { code: 'rate_limited' } });
      expect(got.headers.get('content-type')).toContain('application/json');
      expect(Number(got.headers.get('retry-after'))).toBeGreaterThan(0);
      const { error } = got.json as unknown as { error: string };
      expect(error.length).toBeGreaterThan(0);
      if (text !== '' && text.length > 2) expect(error).not.toContain(text);
    }
  });
});

describe('an answer of Fly.io that should be JSON and is not', () => {
  const read = rows.filter(
    ({ treatment, id }) =>
      (treatment.kind === 'forward' && !['stream', 'deleted-machine'].includes(treatment.reply)) ||
      ['machines.update', 'machines.exec', 'volumes.create', 'platform.placements'].includes(id) ||
      id.startsWith('orgs.') ||
      id === 'addresses.release',
  );

  it.each(read.map((route) => ({ id: route.id, route })))(
    'is a failure of Fly.io, not of ours: $id',
    async ({ route }) => {
      for (const text of ['all fine', '<html></html>', '', '{"id":']) {
        answer = { status: 200, type: 'application/json', text };
        const got = await askRoute(route);
        expect(got, text).toMatchObject({ json: { code: 'upstream_failed' } });
        // A client repeats a 502 blindly, so a write never ends in one (docs/specs/gateway.md#lost-answers).
        expect(route.repeatable ? [502] : [500, 504], text).toContain(got.status);
      }
    },
  );
});

describe('a caller that hangs up in the middle of an answer', () => {
  it('takes nothing down', async () => {
    answer = { status: 200, type: 'application/json', text: JSON.stringify(['x'.repeat(1_000_000)]) };
    const { machine = '' } = params;
    const target = `/v1/apps/own/machines/${machine}/events`;
    const headers = { authorization: `FlyV1 ${world.token}` };
    const request = new Request(`http://gateway.test${target}`, { headers });
    const response = await gateway.fetch(request, { rawTarget: target, requestId: 'hangs-up' });
    await response.body?.cancel();
    expect((await askRoute(rows.find(({ id }) => id === 'machines.events') as Route)).status).toBe(200);
  });
});
