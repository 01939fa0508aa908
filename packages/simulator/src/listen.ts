import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ConnectionDropped, type DirectDoor, type DoorFetch } from './doors.ts';
import { ulid } from './ids.ts';

/** A door that listens. */
export interface Listening {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** The only address a simulator may have: its keys are public knowledge, so nobody else may reach it. */
const LOOPBACK = '127.0.0.1';

/** 127.0.0.1, localhost, and buckets below it. */
const LOOPBACK_NAME = /^(?:127\.0\.0\.1|(?:[a-z0-9.-]+\.)?localhost)(?::\d+)?$/i;

/** A door that nobody will ever want to reach from elsewhere: `listen` throws RangeError for any address but this one. */
export function assertLoopback(address: string): void {
  if (address !== LOOPBACK) {
    throw new RangeError(`the simulator listens on ${LOOPBACK} only, not on ${address}`);
  }
}

/**
 * Serves a door on 127.0.0.1. Port 0 takes a free one. Throws RangeError for another address and rejects with the
 * system's error when the port is taken.
 */
export async function listen(
  fetch: DoorFetch,
  options: {
    port: number;
    address?: string;
    direct?: DirectDoor | undefined;
    /** Answer 421 to whoever calls us by another name than one of the loopback. */
    loopbackNames?: boolean;
    onError?: (error: unknown) => void;
  },
): Promise<Listening> {
  assertLoopback(options.address ?? LOOPBACK);
  let listener: Promise<RequestListener> | undefined;
  const server: Server = createServer({ keepAliveTimeout: 5_000 }, (incoming, outgoing) => {
    if (options.loopbackNames === true && !LOOPBACK_NAME.test(incoming.headers.host ?? '')) {
      outgoing.writeHead(421).end();
      return;
    }
    const answer = options.direct?.(incoming, freshRequestId);
    if (answer) {
      outgoing.writeHead(200, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) });
      outgoing.end(answer.body);
      return;
    }
    listener ??= requestListener(fetch, options.onError);
    void listener.then(async (listens) => await listens(incoming, outgoing));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, LOOPBACK, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return {
    port,
    url: `http://${LOOPBACK}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type RequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

function freshRequestId(): string {
  return `${ulid(new Date().getTime())}-iad`;
}

/** The bridge between node:http and the fetch standard, which is loaded with the first request that needs it. */
async function requestListener(
  fetch: DoorFetch,
  onError: ((error: unknown) => void) | undefined,
): Promise<RequestListener> {
  const { getRequestListener } = await import('@hono/node-server');
  const { RESPONSE_ALREADY_SENT } = await import('@hono/node-server/utils/response');
  return getRequestListener(
    async (request, bindings) => {
      const incoming = bindings.incoming as IncomingMessage;
      const outgoing = bindings.outgoing as ServerResponse;
      try {
        return await fetch(request, {
          rawTarget: incoming.url ?? '/',
          requestId: freshRequestId(),
          remoteAddress: incoming.socket.remoteAddress ?? LOOPBACK,
        });
      } catch (error) {
        if (!(error instanceof ConnectionDropped)) onError?.(error);
        outgoing.destroy();
        incoming.socket.destroy();
        return RESPONSE_ALREADY_SENT;
      }
    },
    { overrideGlobalObjects: false, autoCleanupIncoming: false },
  );
}
