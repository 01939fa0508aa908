import type { OutgoingAnswer, OutgoingRequest } from './outgoing.ts';

const BODILESS: readonly number[] = [101, 103, 204, 205, 304];

/** `fetch` on top of `send`: one request, no redirects, the answer read whole. */
export function createOutgoingFetch(
  send: (request: OutgoingRequest) => Promise<OutgoingAnswer>,
): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined;
    const answer = await send({
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(request.headers),
      ...(body ? { body } : {}),
      signal: request.signal,
    });
    const content = BODILESS.includes(answer.status) ? null : Buffer.from(answer.body);
    return new Response(content, { status: answer.status, headers: answer.headers });
  };
}
