import type { SendToIssuer } from '@hangar/authority';
import { Pool } from 'undici';
import { HALVES, socketPath, type Half } from './sockets.ts';

/** Questions under way at once; each is some hundred microseconds of work over there. */
const CONNECTIONS = 16;
/** A revocation has to be known everywhere within a second, so an answer that takes longer is none. */
const ANSWER_WITHIN_MS = 2_000;

/** The sockets of an authority that runs apart. */
export interface IssuerSockets {
  readonly send: SendToIssuer;
  close(): Promise<void>;
}

/** Speaks HTTP over the sockets in a folder. Nothing is opened before the first question. */
export function connectIssuerSockets(folder: string): IssuerSockets {
  const pools: Record<Half, Pool> = { verify: poolOf(folder, 'verify'), sign: poolOf(folder, 'sign') };

  const post = async (half: Half, path: string, body: string): ReturnType<SendToIssuer> => {
    const answer = await pools[half].request({
      method: 'POST',
      path,
      body,
      headers: { 'content-type': 'application/json' },
    });
    return { status: answer.statusCode, body: new Uint8Array(await answer.body.arrayBuffer()) };
  };

  return {
    send: async (half, path, body) => {
      try {
        return await post(half, path, body);
      } catch (error) {
        // A kept connection may have been closed by a restart over there. Asking again changes nothing in the
        // half that only answers; the half that signs is asked once, and nobody is asked to wait twice.
        if (half !== 'verify' || !wasCut(error)) throw error;
        return await post(half, path, body);
      }
    },
    close: async () => void (await Promise.all(HALVES.map((half) => pools[half].destroy()))),
  };
}

function wasCut(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function poolOf(folder: string, half: Half): Pool {
  return new Pool('http://authority', {
    socketPath: socketPath(folder, half),
    connections: CONNECTIONS,
    headersTimeout: ANSWER_WITHIN_MS,
    bodyTimeout: ANSWER_WITHIN_MS,
    connect: { timeout: ANSWER_WITHIN_MS },
  });
}
