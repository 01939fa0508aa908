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
  const post = (body: Uint8Array | string | ReadableStream, headers: Record<string, string> = {}): Request =>
    new Request('http://x.example/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

  test('is read as the bytes that came', async () => {
    const bytes = Uint8Array.of(0, 255, 13, 10, 0xef, 0xbb, 0xbf);
    expect(await readBody(post(bytes), 7, {})).toEqual(bytes);
    expect(await readBody(new Request('http://x.example/'), 7, {})).toEqual(new Uint8Array(0));
  });

  test('that somebody read before says so, whichever way it was read', async () => {
    const parsed = post('{}');
    await parsed.text();
    const locked = post('{}');
    const reader = locked.body?.getReader();
    const drained = post(new ReadableStream({ start: (controller) => controller.close() }), {
      'content-length': '2',
    });
    for (const request of [parsed, locked, drained]) {
      await expect(readBody(request, 7, {})).rejects.toMatchObject({
        code: 'config_invalid',
        status: 500,
        sentence: expect.stringContaining('mount this before any body parser'),
      });
    }
    reader?.releaseLock();
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

  test('that ends early is a bad request', async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(3));
        controller.error(new Error('socket hang up'));
      },
    });
    const error: unknown = await readBody(post(broken), 100, {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HangarError);
    expect(error).toMatchObject({ code: 'bad_request' });
  });
});
