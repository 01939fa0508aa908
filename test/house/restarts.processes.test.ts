import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startEmbeddedPostgres } from '../../scripts/embedded-postgres.mjs';
import { type HangarProcess, type Hangars, startHangars } from '../harness/hangars.ts';

const RESTARTS = 20;

/** What came of one write. */
interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  readonly retryAfter: string | null;
}

/** Writes, again and again, to one process; each is acknowledged by 200 or 201, or it is not. */
class Load {
  readonly acknowledged = new Set<string>();
  readonly failures: Outcome[] = [];
  #isOver = false;
  #waiting: Waiter[] = [];
  readonly #running: Promise<void>;

  constructor(write: (id: string) => Promise<Outcome>) {
    const loop = async (): Promise<void> => {
      while (!this.#isOver) {
        const id = randomUUID();
        const outcome = await write(id);
        if (outcome.status !== 200 && outcome.status !== 201) {
          this.failures.push(outcome);
          continue;
        }
        this.acknowledged.add(id);
        for (const { resolve } of this.#waiting.splice(0)) resolve();
      }
    };
    this.#running = Promise.all([loop(), loop()]).then(() => undefined);
    // A process that is gone does not answer at all.
    this.#running.catch((error: unknown) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  /** A write that was sent from now on is acknowledged: two loops run, so the third answer is of a later one. */
  async works(): Promise<void> {
    for (let count = 0; count < 3; count += 1) {
      const answered = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
      await Promise.race([answered, this.#running]);
    }
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }
}

/** Who waits for the next acknowledgement. */
interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/** An order of an extension, signed as Fly.io signs it, at one process. */
async function order(
  { url }: HangarProcess,
  id: string,
  publicUrl: string,
  secret: string,
): Promise<Outcome> {
  const body = JSON.stringify({
    id,
    name: `restart-${id.slice(0, 8)}`,
    organization_id: '04La2mblTaz',
    organization_name: 'Customer',
    organization_email: '04La2mblTaz@customer.fly.io',
    user_id: 'NeBO2G0l0yJ6',
    user_name: 'Somebody',
    user_email: 'NeBO2G0l0yJ6@customer.fly.io',
    user_role: 'admin',
    primary_region: 'fra',
    url: `${publicUrl}/flyio/extensions`,
    nonce: randomUUID(),
    timestamp: Math.floor(Date.now() / 1000),
  });
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const answer = await fetch(`${url}/flyio/extensions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-signature': signature },
    body,
  });
  const text = await answer.text();
  let code: string | undefined;
  try {
    code = (JSON.parse(text) as { code?: string }).code;
  } catch {
    code = text.slice(0, 80);
  }
  return { status: answer.status, code, retryAfter: answer.headers.get('retry-after') };
}

describe.skipIf(inject('postgresUrl') === '')('KEY-7: Postgres is restarted under load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hangar-restarts-'));
  let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
  let hangars: Hangars;

  beforeAll(async () => {
    postgres = await startEmbeddedPostgres(folder);
    hangars = await startHangars({ processes: 2, databaseUrl: postgres.url });
  }, 120_000);
  afterAll(async () => {
    await hangars.close();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('and one that can only be read makes both not ready, and a write `unavailable`', async () => {
    const { servers, secrets, databaseUrl = '' } = hangars;
    const [first] = servers;
    if (first === undefined) throw new Error('nothing was started');
    const ready = async (): Promise<unknown> => {
      const answers = await Promise.all(servers.map(async ({ url }) => await fetch(`${url}/readyz`)));
      return await Promise.all(
        answers.map(async (answer) => {
          const { reason = '' } = (await answer.json()) as { reason?: string };
          return `${answer.status} ${reason}`;
        }),
      );
    };
    const write = async (): Promise<Outcome> =>
      await order(first, randomUUID(), first.url, secrets.HANGAR_PROVISIONING_SECRET);
    const name = pg.escapeIdentifier(new URL(databaseUrl).pathname.slice(1));
    await values(postgres.url, `alter database ${name} set default_transaction_read_only = on`);
    await postgres.restart('SIGINT');
    await expect
      .poll(ready, { timeout: 10_000 })
      .toEqual(['503 the database cannot be written', '503 the database cannot be written']);
    expect(await write()).toEqual({ status: 503, code: 'unavailable', retryAfter: '5' });
    await values(postgres.url, `alter database ${name} reset default_transaction_read_only`);
    await postgres.restart('SIGINT');
    await expect.poll(ready, { timeout: 20_000 }).toEqual(['200 ', '200 ']);
    expect((await write()).status).toBeLessThan(300);
  });

  test(
    `${RESTARTS} times: no process dies, and no acknowledged change is lost`,
    { timeout: 300_000 },
    async () => {
      const { servers, secrets } = hangars;
      const publicUrl = servers[0]?.url ?? '';
      const loads = servers.map(
        (server) =>
          new Load(async (id) => await order(server, id, publicUrl, secrets.HANGAR_PROVISIONING_SECRET)),
      );
      const startedAt = new Set<string>();
      for (let round = 0; round < RESTARTS; round += 1) {
        await Promise.all(loads.map(async (load) => await load.works()));
        await postgres.restart(round % 2 === 0 ? 'SIGINT' : 'SIGQUIT');
        startedAt.add(String(await oneValue(postgres.url, 'select pg_postmaster_start_time()')));
      }
      await Promise.all(loads.map(async (load) => await load.works()));
      await Promise.all(loads.map(async (load) => await load.end()));

      // It happened: as many servers as restarts, and requests that met none.
      expect(startedAt.size).toBe(RESTARTS);
      for (const load of loads) {
        expect(load.failures.length).toBeGreaterThan(0);
        expect(load.acknowledged.size).toBeGreaterThan(RESTARTS);
      }
      for (const { process: one, url } of servers) {
        expect(one.isAlive(), one.lines.slice(-5).join('\n')).toBe(true);
        expect((await fetch(`${url}/readyz`)).status).toBe(200);
      }
      const failures = loads.flatMap((load) => load.failures);
      expect(
        failures.filter(
          ({ status, code, retryAfter }) => status !== 503 || code !== 'unavailable' || retryAfter === null,
        ),
      ).toEqual([]);
      const kept = new Set(await values(hangars.databaseUrl ?? '', 'select fly_id from extensions'));
      const lost = loads.flatMap((load) => [...load.acknowledged].filter((id) => !kept.has(id)));
      expect(lost).toEqual([]);
    },
  );
});

async function values(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(statement);
  await client.end();
  return rows.map((row) => Object.values(row)[0]);
}

async function oneValue(url: string, statement: string): Promise<unknown> {
  const [value] = await values(url, statement);
  return value instanceof Date ? value.getTime() : value;
}
