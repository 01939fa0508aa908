import { request } from 'undici';
import { until } from '../processes/waiting.ts';

/** What a server said. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: unknown;
  readonly text: string;
}

/** One call, in a form that may be sent again when the server died in the middle of it. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly token?: string;
  readonly body?: unknown;
  /** Makes a repeated creation the same creation. */
  readonly idempotencyKey?: string;
}

/** How long a server may be gone: killed, restarted, its database reopened. */
const BACK_WITHIN_MS = 60_000;

/**
 * Sends a call. A connection that is refused or breaks is tried again until the server is back, as any
 * patient client would; every creation carries an idempotency key, so nothing is done twice.
 */
export async function call(wanted: Call): Promise<Answer> {
  return await until(
    `${wanted.method} ${new URL(wanted.url).pathname} is answered`,
    async () => await attempt(wanted),
    BACK_WITHIN_MS,
  );
}

async function attempt(wanted: Call): Promise<Answer | undefined> {
  try {
    const response = await request(wanted.url, {
      method: wanted.method as 'GET',
      // A new connection each time: behind a balancer the next process gets its turn.
      reset: true,
      headers: {
        ...(wanted.token === undefined
          ? {}
          : { authorization: wanted.token.startsWith('FlyV1 ') ? wanted.token : `FlyV1 ${wanted.token}` }),
        ...(wanted.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(wanted.idempotencyKey === undefined ? {} : { 'idempotency-key': wanted.idempotencyKey }),
      },
      body: JSON.stringify(wanted.body),
    });
    const text = await response.body.text();
    // The first try may still be at work, or whoever did it may be dead: the answer says when to ask again.
    if (
      response.statusCode === 409 &&
      wanted.idempotencyKey !== undefined &&
      response.headers['retry-after'] !== undefined
    ) {
      return undefined;
    }
    return { status: response.statusCode, headers: response.headers, json: parse(text), text };
  } catch (error) {
    if (isBroken(error)) return undefined;
    throw error;
  }
}

function isBroken(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(code);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The answer's body, when the status is one of those expected; otherwise an error with what came instead. */
export function expectStatus(answer: Answer, ...statuses: readonly number[]): unknown {
  if (!statuses.includes(answer.status)) {
    throw new Error(`expected ${statuses.join(' or ')}, got ${answer.status}: ${answer.text.slice(0, 300)}`);
  }
  return answer.json;
}

/** Fails the step with what was expected and what came. */
export function expectEqual(what: string, got: unknown, wanted: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) {
    throw new Error(`${what}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
  }
}
