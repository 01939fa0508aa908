import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import {
  childrenOf,
  exists,
  type RealProcess,
  runProcess,
  saysServing,
  startProcess,
} from '../../../test/harness/processes.ts';
import { mountDisk, NO_DISK, type SmallDisk } from '../../../test/harness/small-disk.ts';
import { freshSecrets } from '../src/config/development.ts';
import { freePorts } from '../src/processes/keep-running.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const folder = (): string => join(mkdtempSync(join(tmpdir(), 'hangar-start-')), 'data');

/** Runs `hangar serve` until it ends by itself. */
const serve = async (environment: Record<string, string>) =>
  await runProcess({ args: ['serve'], environment });

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

  test('shows what a value must look like, without taking its own words for a secret', async () => {
    const { code, output } = await serve({
      ...(await place()),
      DATABASE_URL: 'mysql://root:hunter2hunter2@db/x',
      HANGAR_MASTER_KEYS: 'none',
    });
    expect(code).toBe(1);
    expect(output).toContain('DATABASE_URL must look like postgres://USER:PASSWORD@HOST:PORT/NAME');
    expect(output).not.toMatch(/redacted|hunter2/);
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
    const running = startProcess({ args: ['serve'], environment: first });
    closing.push(async () => await running.stop());
    await running.line(saysServing);
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

describe('hangar start that cannot succeed', { timeout: 120_000 }, () => {
  /** Starts it, and says how it ended, what it said, and which of its children were left. */
  async function start(
    environment: Record<string, string>,
  ): Promise<{ code: number | null; output: string; left: readonly number[] }> {
    const one = startProcess({ args: ['start'], environment });
    const children = new Set<number>();
    const watch = setInterval(() => {
      if (one.isAlive()) for (const child of childrenOf(one.pid)) children.add(child);
    }, 20);
    const { code } = await one.ended;
    clearInterval(watch);
    return { code, output: one.lines.join('\n'), left: [...children].filter(exists) };
  }

  /** Every port it would have had is free again. */
  async function expectFree(where: Record<string, string>, ports: readonly string[]): Promise<void> {
    for (const name of ports) {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(Number(where[name]), '127.0.0.1', resolve);
      });
      await close(server);
    }
  }
  const PORTS = ['PORT', 'HANGAR_GATEWAY_PORT', 'HANGAR_SIMULATOR_PORT'];

  test('a damaged database is named with its folder and what to do; nothing is left', async () => {
    const where = await place();
    const data = where['HANGAR_DATA_DIR'] ?? '';
    mkdirSync(join(data, 'pg'), { recursive: true });
    writeFileSync(join(data, 'pg', 'PG_VERSION'), 'rubbish');
    const { code, output, left } = await start(where);
    expect(code).toBe(1);
    expect(output).toContain(`The database in ${data} does not open (`);
    expect(output).toMatch(/Restore the folder from a backup, or move it away/);
    expect(left).toEqual([]);
    await expectFree(where, PORTS);
  });

  test('a simulated Fly.io of somebody else is not taken for its own', async () => {
    const where = await place();
    const foreign = createHttpServer((_, answer) => answer.end('{"offset_ms":0}'));
    await new Promise<void>((resolve) =>
      foreign.listen(Number(where['HANGAR_SIMULATOR_PORT']), '127.0.0.1', resolve),
    );
    const { code, output, left } = await start(where);
    await close(foreign);
    expect(code).toBe(1);
    expect(output).toContain(
      `Port ${where['HANGAR_SIMULATOR_PORT']} is taken by another process. Stop it, or set HANGAR_SIMULATOR_PORT to another port.`,
    );
    expect(output).not.toContain('Hangar is ready');
    expect(left).toEqual([]);
    await expectFree(where, PORTS);
  });

  test('a damaged state of the simulated Fly.io is named by its path', async () => {
    const where = await place();
    const state = `${where['HANGAR_DATA_DIR']}.simulator.json`;
    mkdirSync(dirname(state), { recursive: true });
    writeFileSync(state, '{"half":');
    const { code, output, left } = await start(where);
    expect(code).toBe(1);
    expect(output).toContain('The simulated Fly.io does not start:');
    expect(output).toContain(state);
    expect(output).not.toContain('    at ');
    expect(left).toEqual([]);
    await expectFree(where, PORTS);
  });

  test('damaged development secrets are named, with what they are needed for', async () => {
    const where = await place();
    const file = `${where['HANGAR_DATA_DIR']}.development.json`;
    mkdirSync(dirname(file), { recursive: true });
    for (const text of ['{"half":', '{}']) {
      writeFileSync(file, text);
      const { code, output } = await start(where);
      expect(code).toBe(1);
      expect(output).toContain(`its development secrets in ${file}, which is damaged`);
      expect(output).toContain('HANGAR_MASTER_KEYS');
    }
  });

  const full = mountFull();
  afterAll(() => full?.unmount());
  test('a full disk is named with its folder', async ({ skip }) => {
    if (full === undefined) return skip(NO_DISK);
    // With development secrets of an earlier start it is the database that finds no room, without them they do.
    for (const name of ['data', 'fresh']) {
      const where = { ...(await place()), HANGAR_DATA_DIR: join(full.folder, name) };
      const { code, output, left } = await start(where);
      expect(code).toBe(1);
      expect(output).toContain(full.folder);
      expect(output).toMatch(/is full\. Make room/);
      expect(output).not.toContain('[object');
      expect(left).toEqual([]);
      await expectFree(where, PORTS);
    }
  });
});

describe('a log of two processes', { timeout: 120_000 }, () => {
  test('is one JSON object a line, whatever the child writes', async () => {
    const where = await place();
    const running: RealProcess = startProcess({
      args: ['start'],
      environment: { ...where, HANGAR_LOG_LEVEL: 'debug' },
    });
    closing.push(async () => await running.stop());
    await running.line((line) => line.startsWith('Hangar is ready'));
    // What it prints for people comes last; until then each line is one of the log.
    const logged = running.lines.slice(0, running.lines.indexOf('Hangar is ready.') - 1);
    const said = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(said.find(({ msg }) => msg === 'the simulated Fly.io says')).toMatchObject({
      line: expect.stringContaining('"ready":true'),
    });
  });
});

/** A disk with no room for anything, and on it the folders of a new Hangar and of one that had started before. */
function mountFull(): SmallDisk | undefined {
  const disk = mountDisk('64k');
  if (disk === undefined) return undefined;
  for (const name of ['data', 'fresh']) mkdirSync(join(disk.folder, name));
  writeFileSync(join(disk.folder, 'data.development.json'), JSON.stringify(freshSecrets()));
  disk.fill();
  return disk;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
