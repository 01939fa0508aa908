import { afterEach, describe, expect, test } from 'vitest';
import { listenHere, stallRequest } from '../harness/stalled-request.ts';

const open: { close(graceMs: number): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (one) => await one.close(100)));
});

describe('a stalled request', () => {
  test.each([false, true])('is at its handler before its body is whole (chunked: %s)', async (chunked) => {
    const seen: string[] = [];
    const door = await listenHere({
      fetch: async (request) => {
        seen.push('head');
        seen.push(await request.text());
        return Response.json({ got: seen.at(-1) }, { status: 201 });
      },
    });
    open.push(door);
    const stalled = await stallRequest({
      port: door.port,
      method: 'POST',
      target: '/x?y=1',
      body: { a: 1 },
      chunked,
    });
    expect(seen).toEqual(['head']);
    const answer = await stalled.finish();
    expect(answer).toMatchObject({ status: 201, json: { got: '{"a":1}' } });
    expect(seen).toEqual(['head', '{"a":1}']);
  });

  test('has an answer although its rest never comes, where the door gives one', async () => {
    const door = await listenHere({ fetch: () => Response.json({ error: 'no' }, { status: 401 }) });
    open.push(door);
    const stalled = await stallRequest({ port: door.port, method: 'PUT', target: '/', body: 'ab' });
    expect(await stalled.answer()).toMatchObject({ status: 401, json: { error: 'no' } });
  });
});
