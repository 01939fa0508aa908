import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { AuthenticatedCaller, TokenVerifier } from '@hangar/contract';
import type { DirectContext } from '@hangar/http';
import type { Gateway } from '@hangar/gateway';
import { realVerifier } from './verifier.ts';

/** A verifier that knows by heart whom it has seen. */
export function recallingVerifier(): TokenVerifier & { forget(): void; readonly asked: () => number } {
  const known = new Map<string, AuthenticatedCaller>();
  let asked = 0;
  return {
    async verify(authorization) {
      asked += 1;
      const verified = await realVerifier.verify(authorization);
      if (verified.ok && authorization !== null) known.set(authorization, verified.value);
      return verified;
    },
    recall: (authorization) => known.get(authorization),
    forget: () => known.clear(),
    asked: () => asked,
  };
}

/** How a request was answered: without the objects of the fetch standard, begun so and handed over, or by `fetch`. */
export type Way = 'direct' | 'handed-over' | 'fetch';

/** An answer as it came over the socket. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly way: Way;
}

/** A gateway behind a real server, with both of its doors or with the fetch door alone. */
export async function openDirectServer(gateway: Gateway) {
  let way: Way = 'fetch';
  let isDirect = true;
  const server = createServer((incoming, outgoing) => {
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    const write = async (answer: Promise<Response>): Promise<void> => {
      const response = await answer;
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      if (response.body) Readable.fromWeb(response.body as never).pipe(outgoing);
      else outgoing.end();
    };
    const context: DirectContext = {
      rawTarget: incoming.url ?? '/',
      requestId: 'req-12345678',
      remoteAddress: '203.0.113.7',
      answered: () => {
        way = 'direct';
      },
      handOver: (answer) => {
        way = 'handed-over';
        void write(answer(gone.signal));
      },
    };
    if (isDirect && gateway.direct(incoming, outgoing, context)) return;
    way = 'fetch';
    void write(gateway.fetch(requestOf(incoming, gone.signal), context));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async ask(target: string, { method = 'GET', headers = {}, both = true }: Asked = {}): Promise<Answered> {
      isDirect = both;
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        request({ port, method, path: target, headers, agent: false }, resolve).on('error', reject).end();
      });
      const body = Buffer.concat((await answer.toArray()) as Buffer[]).toString();
      const {
        date: _,
        connection: __,
        'transfer-encoding': ___,
        'content-length': ____,
        ...rest
      } = answer.headers;
      return { status: answer.statusCode ?? 0, headers: rest, body, way };
    },
    close: async () => await new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Whether the direct door is asked first. */
  readonly both?: boolean;
}

function requestOf({ method = 'GET', headers }: IncomingMessage, signal: AbortSignal): Request {
  const entries = Object.entries(headers).filter(([name]) => name !== 'host' && name !== 'connection');
  return new Request('http://gateway.test/', { method, headers: entries as [string, string][], signal });
}
