import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { builtHangar } from '../../../test/harness/built.ts';
import { answersAt, freePorts, keepRunning } from '../src/processes.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const folder = (): string => join(mkdtempSync(join(tmpdir(), 'hangar-start-')), 'data');

/** Runs `hangar serve` until it ends by itself. */
async function serve(environment: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [builtHangar, 'serve'], {
    env: { PATH: '/usr/bin:/bin', ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (output += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, output };
}

/** Ports and a folder of a process's own. */
async function place(): Promise<Record<string, string>> {
  const port = await freePorts(6);
  return {
    PORT: String(port),
    HANGAR_GATEWAY_PORT: String(port + 1),
    HANGAR_SIMULATOR_PORT: String(port + 2),
    HANGAR_DATA_DIR: folder(),
  };
}

describe('a start that cannot succeed', { timeout: 120_000 }, () => {
  test('lists every problem with the configuration, by name and with the remedy, never by value', async () => {
    const { code, output } = await serve({
      ...(await place()),
      HANGAR_WEBHOOK_SECRET: 'hush',
      PORT: 'eighty',
      HANGAR_TYPO: 'hush-hush',
    });
    expect(code).toBe(1);
    expect(output).toMatch(/3 problems/);
    for (const name of ['HANGAR_WEBHOOK_SECRET', 'PORT', 'HANGAR_TYPO']) expect(output).toContain(name);
    for (const value of ['hush', 'eighty']) expect(output).not.toContain(value);
  });

  test('names a taken port and the variable to set', async () => {
    const taken = createServer();
    const where = await place();
    await new Promise<void>((resolve) => taken.listen(Number(where['PORT']), '127.0.0.1', resolve));
    closing.push(async () => await close(taken));
    const { code, output } = await serve({ ...where, HANGAR_LOG_LEVEL: 'silent' });
    expect(code).toBe(1);
    expect(output.trim()).toBe(
      `Port ${where['PORT']} is taken by another process. Stop it, or set PORT to another port.`,
    );
  });

  test('names a data folder that cannot be used', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'hangar-start-')), 'file');
    writeFileSync(file, '');
    const { code, output } = await serve({ ...(await place()), HANGAR_DATA_DIR: join(file, 'data') });
    expect(code).toBe(1);
    expect(output).toMatch(/HANGAR_DATA_DIR/);
    expect(output).not.toContain('    at ');
  });

  test('says that the database does not answer, and keeps its password', async () => {
    const where = await place();
    const { code, output } = await serve({
      ...where,
      HANGAR_LOG_LEVEL: 'silent',
      DATABASE_URL: `postgres://a:hunter2hunter2@127.0.0.1:${where['PORT']}/none`,
    });
    expect(code).toBe(1);
    expect(output.trim()).toMatch(/^The database of DATABASE_URL does not answer/);
    expect(output).not.toContain('hunter2');
  });

  test('of a second process on one folder ends at once and names the first', async () => {
    const first = await place();
    const running = await keepRunning({
      script: builtHangar,
      nodeArguments: [],
      args: ['serve'],
      environment: first,
      isReady: answersAt(`http://127.0.0.1:${first['PORT']}/readyz`),
      onLine: () => {},
    });
    closing.push(async () => await running.stop());
    const { code, output } = await serve({
      ...(await place()),
      HANGAR_DATA_DIR: first['HANGAR_DATA_DIR'] ?? '',
      HANGAR_LOG_LEVEL: 'silent',
    });
    expect(code).toBe(1);
    expect(output).toContain(`process ${running.pid}`);
    expect(output).toContain('DATABASE_URL');
  });
});

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
