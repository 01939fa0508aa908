import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { powerOf, type MachineFailure } from '@hangar/gateway';
import { failureOf } from '../src/metering/failure.ts';
import { openWorld, plainMachine, waitFor, type World } from './world.ts';

describe('why a machine failed, by its events', () => {
  const at = (minute: number) => Date.UTC(2026, 10, 27, 10, minute);
  const start = (minute: number) => ({ type: 'start', status: 'started', timestamp: at(minute) });
  const exit = (minute: number, exit_event: object) => {
    return { type: 'exit', status: 'stopped', timestamp: at(minute), request: { exit_event } };
  };
  const failure = (state: string, ...events: object[]) =>
    failureOf({ state, events: events as never }, new Date(at(30)))?.reason;

  it.each([
    ['ended with an exit code', 'exited', failure('stopped', start(1), exit(2, { exit_code: 3 }))],
    ['ran out of memory', 'out_of_memory', failure('stopped', start(1), exit(2, { oom_killed: true }))],
    [
      'as older machines tell it',
      'exited',
      failure('stopped', {
        ...exit(2, {}),
        request: { MonitorEvent: { exit_event: { exit_code: 1 } } },
      }),
    ],
    ['whose events come in any order', 'exited', failure('stopped', exit(2, { exit_code: 1 }), start(1))],
    [
      'could not be launched',
      'not_launched',
      failure('failed', { type: 'launch', status: 'failed', timestamp: at(1) }),
    ],
    [
      'ended three times in ten minutes, though it runs right now',
      'restarting',
      failure(
        'started',
        exit(22, { exit_code: 1 }),
        start(23),
        exit(24, { exit_code: 1 }),
        start(25),
        exit(26, { exit_code: 1 }),
        start(27),
      ),
    ],
    [
      'ended three times long ago',
      undefined,
      failure(
        'started',
        exit(1, { exit_code: 1 }),
        exit(2, { exit_code: 1 }),
        exit(3, { exit_code: 1 }),
        start(4),
      ),
    ],
    [
      'was stopped when asked',
      undefined,
      failure('stopped', exit(2, { exit_code: 130, requested_stop: true })),
    ],
    ['ended well', undefined, failure('stopped', exit(2, { exit_code: 0 }))],
    [
      'was stopped after it had failed and been started',
      undefined,
      failure('stopped', exit(2, { exit_code: 1 }), start(3), exit(4, { requested_stop: true })),
    ],
    ['has never run', undefined, failure('created')],
  ])('one that %s: %s', (_what, expected, seen) => {
    expect(seen).toBe(expected);
  });

  it('counts before rest and after work', () => {
    const failed: MachineFailure = { reason: 'exited', exitCode: 1, oomKilled: false, at: new Date(0) };
    const ok = (state: string) => ({ state, failure: undefined });
    expect(powerOf([ok('stopped'), { state: 'stopped', failure: failed }])).toBe('failed');
    expect(powerOf([ok('stopped'), { state: 'failed', failure: undefined }])).toBe('failed');
    expect(powerOf([ok('started'), { state: 'failed', failure: failed }])).toBe('running');
    expect(powerOf([{ state: 'started', failure: { ...failed, reason: 'restarting' } }])).toBe('failed');
    expect(powerOf([{ state: 'destroyed', failure: failed }])).toBe('none');
    expect(powerOf([ok('suspended'), ok('stopped')])).toBe('suspended');
  });
});

describe('a machine that crashes', () => {
  let world: World;
  let machine: string;
  beforeAll(async () => {
    world = await openWorld();
    await world.ask('POST', '/v1/apps', { token: world.token, body: { name: 'falls' } });
    const made = await world.ask('POST', '/v1/apps/falls/machines', {
      token: world.token,
      body: plainMachine,
    });
    machine = made.json.id;
    await waitFor(world, 'falls', machine, 'started');
  });
  afterAll(async () => await world.close());

  const crash = async (how: object) => {
    const path = `/_fly/machines/${machine}/crash`;
    const request = new Request(`http://127.0.0.1${path}`, { method: 'POST', body: JSON.stringify(how) });
    const door = { rawTarget: path, requestId: 'crash', remoteAddress: '127.0.0.1' };
    expect((await world.simulator.doors.api.fetch(request, door)).status).toBeLessThan(300);
  };

  it('makes its environment failed, with reason, exit code and what killed it', async () => {
    await crash({ oom_killed: true, exit_code: 137 });
    const change = await world.gateway.environments.observe({ machine_id: machine });
    expect(change).toMatchObject({ power: 'failed', workspacePower: 'failed' });
    expect(change?.failed).toMatchObject([
      { id: machine, failure: { reason: 'out_of_memory', exitCode: 137, oomKilled: true } },
    ]);
    const { json } = await world.ask('GET', '/hangar/v1/environments?power=failed', { token: world.token });
    expect(json.environments).toMatchObject([
      {
        name: 'falls',
        power: 'failed',
        machines: [
          {
            id: machine,
            state: 'failed',
            failure: { reason: 'out_of_memory', exit_code: 137, oom_killed: true },
          },
        ],
      },
    ]);
  });
});
