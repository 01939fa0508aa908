import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type RequestContext, type HangarError, type Log, answerError } from '@hangar/http';
import type { Fetcher } from '../http/server.ts';
import { closeToOthers } from '../house/sockets.ts';

/** A whole question comes at once, from a process of ours. */
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * Serves `app` on a Unix socket that only its owner may open. Failures are logged; questions are not, because
 * every request of every customer is one.
 */
export async function serveOnSocket(
  app: Fetcher,
  path: string,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  const listener = getRequestListener(async (request) => {
    let failure: HangarError | undefined;
    const door: RequestContext = {
      rawTarget: new URL(request.url).pathname,
      requestId: randomUUID(),
      onError: (error) => {
        failure = error;
      },
    };
    const response = await Promise.resolve(app.fetch(request, door)).catch((thrown: unknown) =>
      answerError(thrown, door),
    );
    if (failure !== undefined && failure.status >= 500) {
      const { requestId, rawTarget } = door;
      log.error(
        { requestId, path: rawTarget, code: failure.code, reason: failure.message, cause: failure.cause },
        'failed',
      );
    }
    return response;
  });
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: 60_000 },
    (incoming, outgoing) => {
      outgoing.on('error', () => {});
      void listener(incoming, outgoing);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.on('error', (error) => log.warn({ path, error }, 'a connection was not accepted'));
  closeToOthers(path);
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), 1_000);
      await closed;
      clearTimeout(cut);
    },
  };
}
