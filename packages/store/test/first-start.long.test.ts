import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '@hangar/store';

describe('the folder of an embedded database', { timeout: 120_000 }, () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'hangar-first-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  test('of which only a part was made, since the process died, is made anew', async () => {
    mkdirSync(join(dataDir, 'pg'));
    writeFileSync(join(dataDir, 'pg', 'PG_VERSION'), '18\n');
    writeFileSync(join(dataDir, 'pg.unfinished'), '');
    const store = await openStore({ dataDir });
    await store.tryWrite();
    await store.close();
    expect(existsSync(join(dataDir, 'pg.unfinished'))).toBe(false);
  });

  test('that is damaged is never made anew: it may be mended', async () => {
    mkdirSync(join(dataDir, 'pg'));
    writeFileSync(join(dataDir, 'pg', 'PG_VERSION'), '18\n');
    await expect(openStore({ dataDir })).rejects.toMatchObject({ code: 'config_invalid' });
    expect(existsSync(join(dataDir, 'pg', 'PG_VERSION'))).toBe(true);
  });

  test('that is a link to a place which is not there now is not replaced', async () => {
    symlinkSync(join(dataDir, 'a volume'), join(dataDir, 'pg'));
    await expect(openStore({ dataDir })).rejects.toMatchObject({ code: 'config_invalid' });
    expect(lstatSync(join(dataDir, 'pg')).isSymbolicLink()).toBe(true);
    expect(existsSync(join(dataDir, 'pg.unfinished'))).toBe(false);
  });
});
