import { describe, expect, test } from 'vitest';
import { HangarError, readBody, splitTarget } from '@hangar/http';

describe('the raw target', () => {
  test.each([
    ['/a?b=c', '/a', 'b=c'],
    ['/a', '/a', ''],
    ['/a?', '/a', ''],
    ["/a?b='c'&d=%2f+|", '/a', "b='c'&d=%2f+|"],
    ['/a?b?c', '/a', 'b?c'],
    ['/a/../b?x', '/a/../b', 'x'],
    ['/a?b#c', '/a', 'b'],
    ['/a#b?c', '/a', ''],
    ['', '', ''],
  ])('%j is cut at its first question mark and left alone', (target, path, query) => {
    expect(splitTarget(target)).toEqual({ path, query });
  });
});

describe('a body', () => {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const post = (body: Uint8Array | string | ReadableStream, headers: Record<string, string> = {}): Request =>
    new Request('http://x.example/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

  test('is read as the bytes that came', async () => {
    const bytes = Uint8Array.of(0, 255, 13, 10, 0xef, 0xbb, 0xbf);
    expect(await readBody(post(bytes), 7, {})).toEqual(bytes);
    expect(await readBody(new Request('http://x.example/'), 7, {})).toEqual(new Uint8Array(0));
    for (const method of ['GET', 'HEAD']) {
      const announced = new Request('http://x.example/', { method, headers: { 'content-length': '2' } });
      expect(await readBody(announced, 7, {})).toEqual(new Uint8Array(0));
    }
  });

  test('that somebody read before says so, whichever way it was read', async () => {
    const parsed = post('{}');
    await parsed.text();
    const locked = post('{}');
    const reader = locked.body?.getReader();
    const drained = post(new ReadableStream({ start: (controller) => controller.close() }), {
      'content-length': '2',
    });
    const short = { 'content-length': '2' };
    const parsedShort = post('{}', short);
    await parsedShort.text();
    const lockedShort = post('{}', short);
    const otherReader = lockedShort.body?.getReader();
    for (const request of [parsed, locked, drained, parsedShort, lockedShort]) {
      await expect(readBody(request, 7, {})).rejects.toMatchObject({
        code: 'config_invalid',
        status: 500,
        sentence: expect.stringContaining('mount this before any body parser'),
      });
    }
    reader?.releaseLock();
    otherReader?.releaseLock();
  });

  test('is refused over the limit, announced or not, without reading on', async () => {
    await expect(readBody(post('abcdefgh'), 7, {})).rejects.toMatchObject({ code: 'too_large', status: 413 });
    await expect(readBody(post('abc', { 'content-length': '99' }), 7, {})).rejects.toMatchObject({
      code: 'too_large',
    });
    let pulls = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1;
        controller.enqueue(new Uint8Array(1024));
      },
    });
    await expect(readBody(post(endless), 4096, {})).rejects.toMatchObject({ code: 'too_large' });
    expect(pulls).toBeLessThan(20);
  });

  test('holds of the budget what it announces, or nothing that it could be given is asked for', async () => {
    const holds: number[] = [];
    const hold = (bytes: number) => holds.push(bytes);
    expect(await readBody(post('abc', { 'content-length': '3' }), 7, { hold })).toEqual(utf8('abc'));
    expect(await readBody(post('abc'), 7, { hold })).toEqual(utf8('abc'));
    expect(holds).toEqual([3, 7]);
    const full = () => {
      throw new HangarError('unavailable');
    };
    const refused = post('abc', { 'content-length': '3' });
    await expect(readBody(refused, 7, { hold: full })).rejects.toMatchObject({ code: 'unavailable' });
    expect(refused.bodyUsed).toBe(false);
  });

  test('that is longer than it announces, where the server lets it, is over the limit all the same', async () => {
    await expect(readBody(post('abcdefgh', { 'content-length': '3' }), 7, {})).rejects.toMatchObject({
      code: 'too_large',
    });
  });

  test.each<Record<string, string>>([{}, { 'content-length': '9' }])(
    'that ends early is a bad request: %j',
    async (headers) => {
      const broken = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new Uint8Array(3));
          controller.error(new Error('socket hang up'));
        },
      });
      const error: unknown = await readBody(post(broken, headers), 100, {}).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(HangarError);
      expect(error).toMatchObject({ code: 'bad_request' });
    },
  );
});
