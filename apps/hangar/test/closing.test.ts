import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, inject, test } from 'vitest';
import { type Log, silentLog } from '@hangar/http';
import { startHangars } from '../../../test/harness/hangars.ts';
import { closing } from '../src/house/closing.ts';

/** A log that keeps the fields of its errors. */
function errors(): { log: Log; seen: unknown[] } {
  const seen: unknown[] = [];
  return { log: { ...silentLog, error: (fields) => void seen.push(fields) }, seen };
}

describe('what was opened', () => {
  test('is closed in the opposite order, what belongs together at the same time, and one failure does not matter', async () => {
    const { log, seen } = errors();
    const order: string[] = [];
    const open = closing(log);
    open.later('first', () => void order.push('first'));
    const step = open.together();
    let closeThird = (): void => {};
    const third = new Promise<void>((resolve) => (closeThird = resolve));
    step.later('second', () => {
      order.push('second');
      closeThird();
    });
    // Kept until the second closes, which therefore must not wait for this one.
    step.later('third', async () => await third.then(() => void order.push('third')));
    open.later('broken', () => {
      order.push('broken');
      throw new Error('does not close');
    });
    expect(await open.closeAll()).toBe(true);
    expect(order).toEqual(['broken', 'second', 'third', 'first']);
    expect(seen).toEqual([]);
  });

  test('and does not close is named at the deadline, with what comes after it', async () => {
    const { log, seen } = errors();
    let pass = (): void => {};
    const deadline = new Promise<void>((resolve) => (pass = resolve));
    const open = closing(log, async () => await deadline);
    open.later('after', () => {});
    const step = open.together();
    step.later('hanging', async () => await new Promise(() => {}));
    step.later('beside', () => {});
    open.later('before', () => {});
    const closed = open.closeAll();
    setImmediate(pass);
    expect(await closed).toBe(false);
    expect(seen).toEqual([{ left: ['after', 'hanging'] }]);
  });
});

const server = inject('postgresUrl');

/** A Postgres behind connections that can fall silent: open, and nothing comes through. */
async function silenceable(url: string): Promise<{
  url: string;
  /** Loses what is sent from now on, in both directions. Resolves when something was: then an answer is waited for. */
  silence(): Promise<void>;
  /** Lets new connections through again. */
  recover(): void;
  close(): void;
}> {
  const real = new URL(url);
  const sockets = new Set<Socket>();
  let silent = false;
  let lost = (): void => {};
  const between = createServer((near) => {
    const far = connect(Number(real.port), real.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes: Buffer) => {
        if (!silent) to.write(bytes);
        else if (from === near) lost();
      });
      from.on('error', () => {});
      from.once('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  const address = between.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on a port');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(address.port);
  return {
    url: through.href,
    silence: async () => {
      silent = true;
      await new Promise<void>((resolve) => (lost = resolve));
    },
    recover: () => {
      silent = false;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      between.close();
    },
  };
}

test.skipIf(server === '')(
  'a process whose Postgres hangs ends after a signal all the same, with code 1 and the names of what did not close',
  { timeout: 120_000 },
  async () => {
    const between = await silenceable(server);
    const hangars = await startHangars({ databaseUrl: between.url });
    const { url, process: one } = hangars.servers[0]!;
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    await between.silence();
    process.kill(one.pid, 'SIGTERM');
    expect(await one.ended).toEqual({ code: 1, signal: null });
    const said = one.lines.find((line) => line.includes('not everything closed within 10 seconds'));
    const { left } = JSON.parse(said ?? '{}') as { left?: readonly string[] };
    expect(left).toContain('database');
    between.recover();
    await hangars.close();
    between.close();
  },
);
