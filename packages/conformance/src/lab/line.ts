import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Outgoing } from './order.ts';

/** What came back, or why nothing did. */
export type Answer =
  | {
      readonly tag: 'answered';
      readonly status: number;
      /** By lower-case name; a header that came twice has both values. */
      readonly headers: Readonly<Record<string, readonly string[]>>;
      readonly body: Uint8Array;
      readonly ms: number;
    }
  | {
      readonly tag: 'silent';
      readonly why: 'unreachable' | 'too_slow' | 'cut_off' | 'too_large' | 'not_http';
      readonly detail: string;
      readonly ms: number;
    };

/** The line to the provider. It follows no redirect, and whatever the other side does is an {@link Answer}. */
export interface Line {
  send(outgoing: Outgoing, host?: string): Promise<Answer>;
  close(): void;
}

/** How the line waits. */
export interface LineOptions {
  readonly origin: string;
  /** A signal that aborts after so long. */
  readonly deadline: (ms: number) => AbortSignal;
  /** Milliseconds, for what is reported about an answer. */
  readonly elapsed: () => number;
}

/** Three times what the page gives a provider: a late answer is told from none. */
const ANSWER_MS = 15_000;

/** No honest answer of a provider is larger. */
const ANSWER_BYTES = 4 * 1024 * 1024;
const TOO_LARGE = `more than ${ANSWER_BYTES} bytes`;

/** As many as any case needs at the same moment; more wait here, and their time is not counted. */
const MAX_SOCKETS = 32;

/** Opens a line. */
export function openLine({ origin, deadline, elapsed }: LineOptions): Line {
  const url = new URL(origin);
  const secure = url.protocol === 'https:';
  const pool = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const agent = secure ? new TlsAgent(pool) : new PlainAgent(pool);
  const request = secure ? tlsRequest : plainRequest;

  const exchange = async (outgoing: Outgoing, host: string, fresh: boolean): Promise<Answer | 'again'> =>
    await new Promise((resolve) => {
      let started = elapsed();
      const since = (): number => Math.round(elapsed() - started);
      const signal = deadline(ANSWER_MS);
      const silent = (error: NodeJS.ErrnoException): void =>
        resolve({
          tag: 'silent',
          why: signal.aborted ? 'too_slow' : whyOf(error),
          detail: error.code ?? error.message,
          ms: since(),
        });
      try {
        const call = request({
          protocol: url.protocol,
          hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
          port: url.port,
          method: outgoing.method,
          path: outgoing.target,
          headers: headList(outgoing, host),
          agent: fresh ? false : agent,
          signal,
        });
        // A server may close a connection that it kept while we begin to use it again; that is nobody's fault.
        call.once('error', (error) =>
          call.reusedSocket && !signal.aborted ? resolve('again') : silent(error),
        );
        call.once('socket', () => {
          started = elapsed();
        });
        call.once('response', (response) => {
          const { statusCode: status = 0 } = response;
          readBounded(response)
            .then((body) =>
              resolve(
                body === undefined
                  ? { tag: 'silent', why: 'too_large', detail: TOO_LARGE, ms: since() }
                  : { tag: 'answered', status, headers: headersOf(response), body, ms: since() },
              ),
            )
            .catch(silent);
        });
        call.end(outgoing.body);
      } catch (error) {
        silent(error as NodeJS.ErrnoException);
      }
    });

  return {
    async send(outgoing, host = url.host) {
      const first = await exchange(outgoing, host, false);
      if (first !== 'again') return first;
      const second = await exchange(outgoing, host, true);
      return second === 'again' ? { tag: 'silent', why: 'cut_off', detail: 'twice', ms: 0 } : second;
    },
    close: () => agent.destroy(),
  };
}

/** With a list node:http adds nothing of its own, so that a header may come twice. */
function headList(outgoing: Outgoing, host: string): string[] {
  const bodied =
    outgoing.body.byteLength > 0 || !['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(outgoing.method);
  const length =
    bodied && outgoing.method !== 'TRACE' ? [['content-length', String(outgoing.body.byteLength)]] : [];
  return [
    ['host', host],
    ['connection', 'keep-alive'],
    ['accept', 'application/json'],
    ...length,
    ...outgoing.headers,
  ]
    .filter(
      ([name], at, all) => name !== 'accept' || !all.slice(at + 1).some(([other]) => other === 'accept'),
    )
    .flat();
}

async function readBounded(response: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > ANSWER_BYTES) {
      response.destroy();
      return undefined;
    }
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function headersOf({ rawHeaders }: IncomingMessage): Record<string, string[]> {
  // The other side names them: `constructor` and `__proto__` are headers like any other.
  const headers = Object.create(null) as Record<string, string[]>;
  for (let at = 0; at < rawHeaders.length; at += 2)
    (headers[(rawHeaders[at] ?? '').toLowerCase()] ??= []).push(rawHeaders[at + 1] ?? '');
  return headers;
}

function whyOf(error: NodeJS.ErrnoException): Extract<Answer, { tag: 'silent' }>['why'] {
  if (error.code?.startsWith('HPE_') === true) return 'not_http';
  return ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'].includes(error.code ?? '')
    ? 'unreachable'
    : 'cut_off';
}
