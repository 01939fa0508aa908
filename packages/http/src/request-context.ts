import type { HangarError } from './errors.ts';

/** What a server passes beside the fetch `Request`, because the `Request` no longer has it. */
export interface RequestContext {
  /** Path and query exactly as received. `Request.url` is rewritten (`'` to `%27`, dot segments resolved). */
  readonly rawTarget: string;
  readonly requestId: string;
  /** The peer of the socket, or what Fly's proxy says of it. */
  readonly remoteAddress?: string | undefined;
  /** Told of every error that was turned into an answer, once, at the edge. */
  readonly onError?: (error: HangarError) => void;
  /** Takes bytes for the body out of the server's budget; throws when there are none left. Given back after the answer. */
  readonly hold?: (bytes: number) => void;
  /** Cuts the connection: what was sent of an answer that broke off must not be taken for the whole. */
  readonly cut?: (() => void) | undefined;
}

/** Splits a raw request target at its first `?`. Nothing is decoded; an absent query is the empty text. */
export function splitTarget(rawTarget: string): { path: string; query: string } {
  const hash = rawTarget.indexOf('#');
  const target = hash === -1 ? rawTarget : rawTarget.slice(0, hash);
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: '' };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
