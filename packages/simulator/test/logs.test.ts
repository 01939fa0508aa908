import { describe, expect, test } from 'vitest';
import { simulatedSecrets } from '../src/index.ts';
import { control, flaps, send, stage, type Stage } from './world.ts';

interface Line {
  readonly id: string;
  readonly attributes: { readonly message: string; readonly level: string; readonly instance: string };
}

async function machine(on: Stage, config: Record<string, unknown> = {}): Promise<string> {
  const call = flaps(on);
  await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  const id = (await call('POST', '/apps/one/machines', { config: { image: 'a', ...config } })).text('id');
  await call('GET', `/apps/one/machines/${id}/wait?timeout=10`);
  return id;
}

/** As `fly logs` reads them. */
async function logs(on: Stage, query = '', token: string = simulatedSecrets.operatorToken) {
  const answer = await send('GET', `${on.api}/api/v1/apps/one/logs${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: answer.status, answer, lines: (answer.at('data') ?? []) as Line[] };
}

describe('the log of an app', () => {
  test('has the life of its machines and what was executed in them', async () => {
    const on = await stage();
    const id = await machine(on);
    const exec = `/apps/one/machines/${id}/exec`;
    await flaps(on)('POST', exec, { command: ['echo', 'hello', 'there'] });
    await flaps(on)('POST', exec, { command: ['nonsense'] });
    const { lines } = await logs(on, `?instance=${id}`);
    expect(lines.map(({ attributes: { message, level } }) => [level, message])).toEqual([
      ['info', expect.stringContaining('now created')],
      ['info', expect.stringContaining('now started')],
      ['info', 'Executed echo hello there: exit code 0'],
      ['info', 'hello there'],
      ['info', 'Executed nonsense: exit code 127'],
      ['error', 'nonsense: not found'],
    ]);
  });

  test('is read on from where an answer ended, and a cursor of nobody is refused', async () => {
    const on = await stage();
    const id = await machine(on);
    const first = await logs(on);
    const token = first.answer.text('meta.next_token');
    expect((await logs(on, `?next_token=${token}`)).lines).toEqual([]);
    await flaps(on)('POST', `/apps/one/machines/${id}/exec`, { command: ['echo', 'more'] });
    expect((await logs(on, `?next_token=${token}`)).lines.at(-1)?.attributes.message).toBe('more');
    for (const bad of ['x', '-', '1-', `1-${'a'.repeat(65)}`, '9'.repeat(400), '%00', '1-%2e%2e']) {
      const { status, answer } = await logs(on, `?next_token=${bad}`);
      expect([bad, status, answer.text('error')]).toEqual([bad, 400, expect.stringContaining('next_token')]);
    }
  });

  test('keeps the last thousand lines of a machine, each of a bounded length', async () => {
    const on = await stage();
    const id = await machine(on);
    const exec = `/apps/one/machines/${id}/exec`;
    const stdin = Array.from({ length: 1500 }, (_, index) => `line ${index}`).join('\n');
    await flaps(on)('POST', exec, { command: ['cat'], stdin });
    await flaps(on)('POST', exec, { command: ['cat'], stdin: 'x'.repeat(10_000) });
    const kept = on.simulator.world.machines.get(id)!;
    let cursor = `${kept.createdAtMs - 1}-0`;
    const messages: string[] = [];
    for (;;) {
      const page = await logs(on, `?instance=${id}&next_token=${cursor}`);
      if (page.lines.length === 0) break;
      expect(page.lines.length).toBeLessThanOrEqual(100);
      messages.push(...page.lines.map((one) => one.attributes.message));
      cursor = page.answer.text('meta.next_token');
    }
    expect(messages).toHaveLength(1002);
    expect(messages.at(-3)).toBe('line 1499');
    expect(messages.at(-1)).toHaveLength(4096);
  });

  test('comes as a stream, until the app is gone', async () => {
    const on = await stage();
    const id = await machine(on);
    const response = await fetch(`${on.api}/_fly/apps/one/logs?instance=${id}`);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    let text = '';
    const decoder = new TextDecoder();
    const reader = response.body!.getReader();
    const until = async (words: string): Promise<void> => {
      while (!text.includes(words)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended before ${words}`);
        text += decoder.decode(value);
      }
    };
    await until('now started');
    await flaps(on)('POST', `/apps/one/machines/${id}/exec`, { command: ['echo', 'hello'] });
    await until('"hello"');
    await flaps(on)('POST', `/apps/one/machines/${id}/stop`);
    await until('now stopped');
    await flaps(on)('DELETE', '/apps/one');
    for (let done = false; !done;) ({ done } = await reader.read());
    const lines = text.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { instance: string }).instance)).toEqual(
      lines.map(() => id),
    );
    expect((await send('GET', `${on.api}/_fly/apps/nothing/logs`)).status).toBe(404);
  });
});

describe('health checks', () => {
  const config = {
    checks: { alive: { type: 'tcp', port: 80 } },
    services: [{ protocol: 'tcp', internal_port: 8080, checks: [{ type: 'http', path: '/' }] }],
  };

  test('pass until the control surface says otherwise', async () => {
    const on = await stage();
    const id = await machine(on, config);
    const checks = async () => (await flaps(on)('GET', `/apps/one/machines/${id}`)).at('checks');
    const web = 'servicecheck-00-http-8080';
    expect(await checks()).toMatchObject([
      { name: 'alive', status: 'passing' },
      { name: web, status: 'passing' },
    ]);
    const judged = { name: web, status: 'critical', output: '502 Bad Gateway' };
    expect(await control(on)('POST', `/machines/${id}/checks`, judged)).toMatchObject({ status: 200 });
    expect(await checks()).toMatchObject([{ name: 'alive', status: 'passing' }, judged]);
    await control(on)('POST', `/machines/${id}/checks`, { status: 'warning' });
    expect(await checks()).toMatchObject([{ status: 'warning' }, { status: 'warning', output: '' }]);
    expect((await logs(on)).lines.map((one) => one.attributes.message)).toContain(
      `Health check '${web}' is critical now. 502 Bad Gateway`,
    );
  });

  test.each([
    [{ name: 'nothing', status: 'critical' }, 404],
    [{ status: 'ill' }, 422],
    [{}, 422],
    [{ status: 'passing', more: 1 }, 422],
  ])('are not judged by %j', async (body, status) => {
    const on = await stage();
    const id = await machine(on, config);
    expect((await control(on)('POST', `/machines/${id}/checks`, body)).status).toBe(status);
  });
});

describe('autostop and autostart', () => {
  const service = (more: Record<string, unknown>) => ({
    services: [{ protocol: 'tcp', internal_port: 80, ...more }],
  });
  const traffic = async (on: Stage, kind: string) => await control(on)('POST', '/apps/one/traffic', { kind });
  const wait = async (on: Stage, id: string, state: string) =>
    await flaps(on)('GET', `/apps/one/machines/${id}/wait?state=${state}&timeout=10`);

  test.each([
    ['stop', 'stopped'],
    ['suspend', 'suspended'],
  ])(
    'a quiet hour takes machines down with %s, but for the least number, and a visitor wakes one',
    async (autostop, rests) => {
      const on = await stage();
      const config = service({ autostop, autostart: true, min_machines_running: 1 });
      const first = await machine(on, config);
      const second = (
        await flaps(on)('POST', '/apps/one/machines', { config: { image: 'a', ...config } })
      ).text('id');
      await wait(on, second, 'started');
      expect((await traffic(on, 'quiet')).at('machines')).toMatchObject([{ id: first }]);
      await wait(on, first, rests);
      expect((await traffic(on, 'quiet')).at('machines')).toEqual([]);
      expect((await traffic(on, 'visit')).at('machines')).toMatchObject([{ id: second, state: 'started' }]);
      await flaps(on)('POST', `/apps/one/machines/${second}/stop`);
      await wait(on, second, 'stopped');
      expect((await traffic(on, 'visit')).at('machines')).toMatchObject([{ id: first }]);
      await wait(on, first, 'started');
    },
  );

  test('a machine without either stays as it is', async () => {
    const on = await stage();
    const id = await machine(on, service({}));
    expect((await traffic(on, 'quiet')).at('machines')).toEqual([]);
    await flaps(on)('POST', `/apps/one/machines/${id}/stop`);
    await wait(on, id, 'stopped');
    const refused = await traffic(on, 'visit');
    expect([refused.status, refused.text('error')]).toEqual([412, expect.stringContaining('autostart')]);
    expect((await traffic(on, 'storm')).status).toBe(422);
  });
});
