import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { HangarError } from '@hangar/http';
import { type Secret } from '@hangar/security';

/** What is counted, and the page that Prometheus reads. */
export interface Metrics {
  request(door: string, method: string, status: number, seconds: number): void;
  task(name: string, outcome: 'ok' | 'failed', seconds: number): void;
  /** Whether a credential of the operator was refused when it was tried. */
  credential(variable: string, isRefused: boolean): void;
  /** Asks, each time the page is read, how much waits. Without an answer within a second the page is without it. */
  watch(backlog: () => Promise<readonly Waiting[]>): void;
  /** @throws HangarError `not_found` to a stranger: that there is such a page is nobody's business. */
  page(authorization: string | null): Promise<Response>;
}

/** How much waits in one queue. */
export interface Waiting {
  readonly queue: string;
  readonly waiting: number;
  /** Of the oldest; 0 when nothing waits. */
  readonly oldestSeconds: number;
}

/** A database that hangs keeps nobody from the other figures. */
const WITHIN_MS = 1_000;

/** Verbs that are counted by name; a stranger's invention must not make a label of its own. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Upper bounds in seconds: a signed request has 5 s, a `wait` up to 60 s. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 4, 5, 15, 60];

/**
 * Prometheus metrics in a registry of their own.
 *
 * @param access who may read them: the bearer token, `open` for development, `closed` for nobody.
 */
export function createMetrics(access: Secret | 'open' | 'closed'): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'hangar_http_request_seconds',
    help: 'Time from the head of a request to the head of its answer',
    labelNames: ['door', 'method', 'status'],
    buckets: SECONDS,
    registers: [registry],
  });
  const tasks = new Histogram({
    name: 'hangar_task_seconds',
    help: 'Time of one run of a background task',
    labelNames: ['task'],
    buckets: SECONDS,
    registers: [registry],
  });
  const failures = new Counter({
    name: 'hangar_task_failures_total',
    help: 'Runs of background tasks that failed',
    labelNames: ['task'],
    registers: [registry],
  });
  const refused = new Gauge({
    name: 'hangar_credential_refused',
    help: '1 where a credential was refused when Hangar started, by its variable',
    labelNames: ['variable'],
    registers: [registry],
  });
  const waiting = new Gauge({
    name: 'hangar_waiting',
    help: 'What waits to be sent or handled, by queue',
    labelNames: ['queue'],
    registers: [registry],
  });
  const oldest = new Gauge({
    name: 'hangar_waiting_oldest_seconds',
    help: 'How long the oldest of them has waited',
    labelNames: ['queue'],
    registers: [registry],
  });
  let backlog: () => Promise<readonly Waiting[]> = async () => [];
  const readBacklog = async (): Promise<void> => {
    waiting.reset();
    oldest.reset();
    for (const one of (await inTime(backlog())) ?? []) {
      waiting.set({ queue: one.queue }, one.waiting);
      oldest.set({ queue: one.queue }, one.oldestSeconds);
    }
  };
  return {
    watch: (asked) => {
      backlog = asked;
    },
    credential: (variable, isRefused) => refused.set({ variable }, isRefused ? 1 : 0),
    request: (door, method, status, seconds) =>
      requests.observe(
        {
          door,
          method: METHODS.has(method) ? method : 'other',
          status: `${Math.floor(status / 100)}xx`,
        },
        seconds,
      ),
    task: (name, outcome, seconds) => {
      tasks.observe({ task: name }, seconds);
      if (outcome === 'failed') failures.inc({ task: name });
    },
    page: async (authorization) => {
      if (access === 'closed' || (access !== 'open' && !bearerIs(access, authorization))) {
        throw new HangarError('not_found', { detail: 'metrics asked for without the token' });
      }
      await readBacklog();
      return new Response(await registry.metrics(), {
        headers: { 'content-type': registry.contentType, 'cache-control': 'no-store' },
      });
    },
  };
}

/** What was answered in time, or undefined: a failure is the log's business, and the page's are the figures. */
async function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, WITHIN_MS, undefined);
  });
  try {
    return await Promise.race([answer, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function bearerIs(token: Secret, authorization: string | null): boolean {
  const match = /^Bearer (.+)$/i.exec(authorization ?? '');
  return match?.[1] !== undefined && token.equals(match[1]);
}
