import { CreateAccessKeyCommand, ListPoliciesCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { aws, control, flaps, nameOfError, stage } from './world.ts';

describe('faults', () => {
  test('fail the next matching request and no other', async () => {
    const on = await stage();
    await control(on)('POST', '/faults', {
      door: 'machines',
      kind: 'status',
      status: 500,
      method: 'post',
      route: '/v1/apps',
    });
    const call = flaps(on);
    expect((await call('GET', '/apps?org_slug=operator')).status).toBe(200);
    const failed = await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
    expect([failed.status, failed.at('error')]).toEqual([500, 'simulated fault 500']);
    expect((await call('GET', '/apps/one')).status).toBe(404);
    expect((await call('POST', '/apps', { app_name: 'one', org_slug: 'operator' })).status).toBe(201);
    expect((await control(on)('GET', '/faults')).at('faults')).toEqual([]);
  });

  test('lose an answer after the work was done', async () => {
    const on = await stage();
    const call = flaps(on);
    const create = (app_name: string) => call('POST', '/apps', { app_name, org_slug: 'operator' });
    await control(on)('POST', '/faults', { door: 'machines', kind: 'status', status: 504, when: 'after' });
    expect((await create('one')).status).toBe(504);
    expect((await call('GET', '/apps/one')).status).toBe(200);
    await control(on)('POST', '/faults', { door: 'machines', kind: 'drop', when: 'after', route: '/v1/**' });
    await expect(create('two')).rejects.toThrow('fetch failed');
    expect((await call('GET', '/apps/two')).status).toBe(200);
  });

  test('keep a request waiting on the simulated clock', async () => {
    const on = await stage();
    await control(on)('POST', '/faults', { door: 'machines', kind: 'slow', ms: 60_000, times: 1 });
    let answered = false;
    const waiting = flaps(on)('GET', '/apps/none').then((answer) => {
      answered = true;
      return answer;
    });
    while (on.simulator.clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    on.simulator.clock.advance(60_000);
    expect((await waiting).status).toBe(404);
  });

  test('let a request hang until they are cleared', async () => {
    const on = await stage();
    const fault = await control(on)('POST', '/faults', { door: 'machines', kind: 'hang' });
    const hanging = flaps(on)('GET', '/apps/none');
    const ended = hanging.then(
      () => 'answered',
      (error: Error) => error.message,
    );
    while (on.simulator.faults.list().length > 0) await new Promise((resolve) => setImmediate(resolve));
    await control(on)('DELETE', `/faults/${fault.text('fault.id')}`);
    expect(await ended).toBe('fetch failed');
  });

  test('pass the first requests when told to skip them, and last when told to', async () => {
    const on = await stage();
    const call = flaps(on);
    await control(on)('POST', '/faults', {
      door: 'machines',
      kind: 'status',
      status: 503,
      skip: 1,
      times: 0,
    });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await call('GET', '/apps/none')).status);
    expect(statuses).toEqual([404, 503, 503, 503]);
    await control(on)('DELETE', '/faults');
    expect((await call('GET', '/apps/none')).status).toBe(404);
  });

  test('speak XML at the doors of Tigris, where IAM actions are routes', async () => {
    const on = await stage();
    const { s3, iam } = aws(on);
    await control(on)('POST', '/faults', { door: 's3', kind: 'status', status: 503, method: 'PUT' });
    expect(await nameOfError(s3.send(new CreateBucketCommand({ Bucket: 'one' })))).toBe('SlowDown');
    await s3.send(new ListBucketsCommand({}));
    await control(on)('POST', '/faults', {
      door: 'iam',
      kind: 'status',
      status: 500,
      route: '/CreateAccessKey',
      when: 'after',
    });
    await iam.send(new ListPoliciesCommand({}));
    expect(await nameOfError(iam.send(new CreateAccessKeyCommand({ UserName: 'one' })))).toBe(
      'InternalFailure',
    );
    expect((await control(on)('GET', '/inventory')).at('access_keys')).toHaveLength(1);
  });

  test('cannot reach the control surface, and misspelt ones are refused', async () => {
    const on = await stage();
    await control(on)('POST', '/faults', { door: 'api', kind: 'status', status: 500, times: 0 });
    expect((await fetch(`${on.api}/oauth/token/info`)).status).toBe(500);
    expect((await control(on)('GET', '/inventory')).status).toBe(200);
    expect((await control(on)('POST', '/faults', { door: 'api', kind: 'statuss' })).status).toBe(422);
  });
});

describe('the clock and the reset', () => {
  test('the clock tells how far it is ahead and only goes forward', async () => {
    const fly = control(await stage());
    const before = Date.parse((await fly('GET', '/clock')).text('now'));
    const after = await fly('POST', '/clock', { advance_seconds: 86_400 });
    expect(after.at('offset_ms')).toBe(86_400_000);
    expect(Date.parse(after.text('now')) - before).toBeGreaterThanOrEqual(86_400_000);
    expect((await fly('POST', '/clock', { advance_seconds: -1 })).status).toBe(422);
  });

  test('a reset empties the world but does not turn back time', async () => {
    const on = await stage();
    const fly = control(on);
    await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
    await flaps(on)('POST', '/apps/one/machines', { config: { image: 'a' } });
    await fly('POST', '/clock', { advance_seconds: 60 });
    await fly('POST', '/reset');
    expect((await fly('GET', '/inventory')).body).toMatchObject({ apps: [], machines: [] });
    expect((await fly('GET', '/clock')).at('offset_ms')).toBe(60_000);
    expect((await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' })).status).toBe(201);
  });
});
