import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Answer, call, expectStatus } from '../../apps/hangar/src/demo/calls.ts';
import { type Hangars, startHangars } from '../harness/hangars.ts';

/** Two processes can only race on a server. */
const server = inject('postgresUrl');
const REQUESTS = 100;
/** The default of the policy. */
const MACHINES = 20;
/** The one that came with the extension is alive already. */
const TOKENS = 30;

describe.skipIf(server === '')(`${REQUESTS} requests over two processes on one Postgres`, () => {
  let hangars: Hangars;
  let token: string;
  beforeAll(async () => {
    hangars = await startHangars({
      processes: 2,
      databaseUrl: server,
      environment: { HANGAR_MAX_LIVE_TOKENS: String(TOKENS) },
    });
    const bought = await fly('POST', '/extensions', {
      id: 'raced',
      name: 'raced',
      primary_region: 'fra',
      organization_id: '04La2mblTaz',
      user_id: 'NeBO2G0l0yJ6',
    });
    const { extension } = bought.json as { extension: { config: { HANGAR_API_TOKEN: string } } };
    token = extension.config.HANGAR_API_TOKEN;
    expectStatus(await toGateway(0, 'POST', '/v1/apps', { name: 'raced' }), 201);
  }, 120_000);
  afterAll(async () => await hangars.close(), 60_000);

  const fly = async (method: string, path: string, body?: object): Promise<Answer> =>
    await call({ method, url: `${hangars.flyUrl}/_fly${path}`, body });
  const toGateway = async (index: number, method: string, path: string, body: object): Promise<Answer> =>
    await call({
      method,
      url: `${hangars.servers[index % 2]?.gatewayUrl ?? ''}${path}`,
      token,
      body,
    });
  /** Half of them to each process, all at once. */
  const atOnce = async (path: string, body: (index: number) => object): Promise<Answer[]> =>
    await Promise.all(
      Array.from({ length: REQUESTS }, async (_, index) => await toGateway(index, 'POST', path, body(index))),
    );
  const tally = (answers: readonly Answer[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { status, json } of answers) {
      const { code = '' } = json as { code?: string };
      const key = `${status} ${code}`.trim();
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts;
  };

  test(`make ${MACHINES} machines, and not one more`, { timeout: 120_000 }, async () => {
    const answers = await atOnce('/v1/apps/raced/machines', (index) => ({
      name: `m${index}`,
      config: { image: 'nginx', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 } },
    }));
    expect(tally(answers)).toEqual({ '200': MACHINES, '403 policy_denied': REQUESTS - MACHINES });
    const { machines } = (await fly('GET', '/inventory')).json as { machines: unknown[] };
    expect(machines).toHaveLength(MACHINES);
  });

  test(`mint ${TOKENS - 1} tokens, and not one more`, { timeout: 120_000 }, async () => {
    const answers = await atOnce('/hangar/v1/tokens', (index) => ({ preset: 'readonly', name: `t${index}` }));
    const { '201': minted, ...refused } = tally(answers);
    expect(minted).toBe(TOKENS - 1);
    expect(Object.values(refused)).toEqual([REQUESTS - TOKENS + 1]);
  });
});
