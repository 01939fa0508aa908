import { describe, expect, inject, test } from 'vitest';
import { startHangars } from '../harness/hangars.ts';
import { exists, runProcess, saysServing, startProcess } from '../harness/processes.ts';

const server = inject('postgresUrl');

describe('the process driver', { timeout: 120_000 }, () => {
  test('kills by SIGKILL, and refuses to call anything else a crash', async () => {
    const hangars = await startHangars(server === '' ? {} : { databaseUrl: server, processes: 2 });
    const [first] = hangars.servers;
    if (first === undefined) throw new Error('nothing was started');
    const { process: victim } = first;
    await victim.kill();
    expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(exists(victim.pid)).toBe(false);
    await expect(victim.kill()).rejects.toThrow(/was dead before SIGKILL/);
    await expect(fetch(`${first.url}/healthz`)).rejects.toThrow();
    await first.restart();
    expect(first.process.pid).not.toBe(victim.pid);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    await hangars.close();
  });

  test('a process that ends before it is ready says why', async () => {
    const plan = { args: ['serve'], environment: { PORT: 'eighty' } };
    await expect(startProcess(plan).line(saysServing)).rejects.toThrow(/"code":1.*PORT must be/s);
    expect(await runProcess(plan)).toMatchObject({ code: 1, signal: null });
  });
});
