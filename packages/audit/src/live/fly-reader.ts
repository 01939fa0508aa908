import type { Secret } from '@hangar/security';
import { createOutgoing, OutgoingError } from '@hangar/security/outgoing';

/** Reads at Fly.io, and nothing else: GET of the Machines API, and queries of GraphQL. */
export interface FlyReader {
  /** @throws LiveFailure */
  get(path: string): Promise<unknown>;
  /** @throws LiveFailure */
  query(text: string, variables: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): Promise<void>;
}

export interface FlyReaderOptions {
  /** `https://api.machines.dev`, or a simulator's. */
  readonly machines: string;
  /** `https://api.fly.io`, or a simulator's. */
  readonly api: string;
  readonly token: Secret;
  /** Waits; the API takes one request a second for each app and kind. */
  readonly pause: (ms: number) => Promise<void>;
}

/** An answer that did not come, or was none. */
export class LiveFailure extends Error {
  override readonly name = 'LiveFailure';
}

/** Lists of an organization of two hundred apps fit. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const TRIES = 4;
const PAUSE_MS = 1_000;

export function createFlyReader({ machines, api, token, pause }: FlyReaderOptions): FlyReader {
  const plain = [machines, api].filter((origin) => origin.startsWith('http://127.0.0.1:'));
  const outgoing = createOutgoing({
    allowedOrigins: plain,
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: MAX_ANSWER_BYTES,
  });
  const authorization = () => {
    const text = token.reveal();
    return /^(?:FlyV1|Bearer) /i.test(text)
      ? text
      : `${text.startsWith('fo1_') ? 'Bearer' : 'FlyV1'} ${text}`;
  };

  async function ask(method: string, url: string, body?: string): Promise<unknown> {
    for (let left = TRIES; ; left -= 1) {
      const answer = await send(method, url, body);
      if (answer.status === 429 && left > 1) {
        await pause(PAUSE_MS);
        continue;
      }
      if (answer.status < 200 || answer.status > 299) throw new LiveFailure(`answered ${answer.status}`);
      try {
        return JSON.parse(answer.text()) as unknown;
      } catch {
        throw new LiveFailure('answered something that is not JSON');
      }
    }
  }

  async function send(method: string, url: string, body: string | undefined) {
    try {
      return await outgoing.send({
        method,
        url,
        headers: {
          authorization: authorization(),
          accept: 'application/json',
          'content-type': 'application/json',
        },
        body,
      });
    } catch (error) {
      if (error instanceof OutgoingError) throw new LiveFailure(`gave no answer (${error.reason})`);
      throw error;
    }
  }

  return {
    get: async (path) => await ask('GET', `${machines}${path}`),
    async query(text, variables) {
      const answer = (await ask('POST', `${api}/graphql`, JSON.stringify({ query: text, variables }))) as {
        data?: unknown;
        errors?: readonly unknown[];
      };
      if (answer.data === undefined || answer.data === null || (answer.errors?.length ?? 0) > 0)
        throw new LiveFailure('refused the query');
      return answer.data;
    },
    close: async () => await outgoing.close(),
  };
}
