import type { Agent } from 'undici';
import type { SimulatedClock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import { ulid } from '../ids.ts';
import type { Settings } from '../options.ts';
import type { Exchange } from '../world/extensions.ts';
import type { World } from '../world/world.ts';

/** What Fly.io is about to send to the provider. The path is appended to the provider's base address. */
export interface OutgoingMessage {
  /** A word for the log: `provision`, `get`, `update`, `delete`, `billing`, `event`, `replay`. */
  readonly kind: string;
  readonly method: string;
  /** Path and query below the base address, sent byte for byte. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly baseUrl?: string;
  readonly replayOf?: string;
}

/** The line from Fly.io to the provider. Whatever goes over it is written down as an exchange. */
export interface ProviderLine {
  /** Sends and waits for the answer. A provider that cannot be reached gives status 0 and an error, never an exception. */
  send(message: OutgoingMessage): Promise<Exchange & { readonly answer: string }>;
  close(): Promise<void>;
}

/** The Extensions API page gives a provider 5 s; a line that waits a little longer can still say by how much it was missed. */
const ANSWER_TIMEOUT_MS = 15_000;

/** How many exchanges are remembered; events of a long simulation would fill the memory otherwise. */
const REMEMBERED_EXCHANGES = 500;

const CONFIG_PLACEHOLDER = '[value]';

/** Opens the line. It never follows redirects: a redirect would carry the signature elsewhere. */
export function openLine(options: {
  world: World;
  clock: SimulatedClock;
  faults: Faults;
  settings: Settings;
  commit: () => void;
}): ProviderLine {
  const { world, clock } = options;
  let agent: Agent | undefined;
  const closing = new AbortController();

  const exchange = async (
    message: OutgoingMessage,
    url: string,
  ): Promise<{ status: number; answer: string }> => {
    if (message.kind !== 'event') {
      const route = message.path.split('?')[0] ?? '';
      const struck = options.faults.strike({
        door: 'calls',
        kinds: ['slow', 'drop'],
        method: message.method,
        route,
      });
      for (const fault of struck) {
        if (fault.kind === 'slow') await clock.sleep(fault.ms ?? 0, closing.signal);
        if (fault.kind === 'drop') throw new Error('the simulated connection was dropped');
      }
    }
    // Loaded with the first message: a simulator that nobody is told about never needs it.
    const undici = await import('undici');
    closing.signal.throwIfAborted();
    agent ??= new undici.Agent({ keepAliveTimeout: 1_000 });
    const response = await undici.request(url, {
      method: message.method as 'GET',
      headers: message.headers,
      body: message.body === '' ? null : message.body,
      dispatcher: agent,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      signal: closing.signal,
    });
    return { status: response.statusCode, answer: await response.body.text() };
  };

  return {
    async send(message) {
      const baseUrl = (message.baseUrl ?? options.settings.provider.baseUrl).replace(/\/+$/, '');
      const record: Exchange = {
        id: ulid(clock.nowMs()),
        kind: message.kind,
        method: message.method,
        url: baseUrl + message.path,
        baseUrl,
        headers: message.headers,
        body: message.body,
        sentAtMs: clock.nowMs(),
        replayOf: message.replayOf,
        status: 0,
        ms: 0,
        response: '',
      };
      const started = performance.now();
      let answer = '';
      try {
        const received = await exchange(message, record.url);
        record.status = received.status;
        answer = received.answer;
        record.response = withoutConfig(answer);
      } catch (error) {
        record.error = error instanceof Error ? error.message : String(error);
      }
      record.ms = Math.round((performance.now() - started) * 10) / 10;
      world.exchanges.set(record.id, record);
      const oldest = world.exchanges.keys().next();
      if (world.exchanges.size > REMEMBERED_EXCHANGES && !oldest.done) world.exchanges.delete(oldest.value);
      options.commit();
      return { ...record, answer };
    },
    async close() {
      closing.abort();
      await agent?.destroy();
    },
  };
}

/** The values of `config` are the customer's secrets: they stay with the extension and never enter the log of exchanges. */
function withoutConfig(answer: string): string {
  try {
    const value: unknown = JSON.parse(answer);
    if (typeof value !== 'object' || value === null || !('config' in value)) return answer;
    const config = value.config;
    if (typeof config !== 'object' || config === null) return answer;
    const names = Object.keys(config).map((name) => [name, CONFIG_PLACEHOLDER]);
    return JSON.stringify({ ...value, config: Object.fromEntries(names) });
  } catch {
    return answer;
  }
}
