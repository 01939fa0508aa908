import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyBlankDatabase, finishBlankDatabase } from '../src/open/blank-database.ts';

/** Longer than what is read at a time, and no multiple of it. */
const LONG = Buffer.alloc(600_001, 'wal');

describe('the database that a build made', () => {
  let folder: string;
  let blank: string;
  let copy: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hangar-blank-'));
    blank = join(folder, 'blank');
    copy = join(folder, 'pg');
    mkdirSync(join(blank, 'base', '5'), { recursive: true });
    mkdirSync(join(blank, 'pg_notify'));
    writeFileSync(join(blank, 'PG_VERSION'), '18\n');
    writeFileSync(join(blank, 'base', '5', 'empty'), '');
    writeFileSync(join(blank, 'base', '5', '1259'), LONG);
    finishBlankDatabase(blank);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is copied byte for byte, empty folders and all', () => {
    expect(copyBlankDatabase(copy, blank)).toBe(true);
    expect(readdirSync(copy, { recursive: true }).sort()).toEqual(
      readdirSync(blank, { recursive: true }).sort(),
    );
    expect(readFileSync(join(copy, 'base', '5', '1259')).equals(LONG)).toBe(true);
    expect(readFileSync(join(copy, 'PG_VERSION'), 'utf8')).toBe('18\n');
  });

  test('has its empty folders again, which packing a product drops', () => {
    rmSync(join(blank, 'pg_notify'), { recursive: true });
    expect(copyBlankDatabase(copy, blank)).toBe(true);
    expect(existsSync(join(copy, 'pg_notify'))).toBe(true);
  });

  test.each([
    ['of which a file is missing', () => rmSync(join(blank, 'PG_VERSION'))],
    ['of which a file was cut off', () => truncateSync(join(blank, 'base', '5', '1259'), 600_000)],
    ['of which a file has grown', () => appendFileSync(join(blank, 'base', '5', 'empty'), 'x')],
    ['of which one byte is another', () => writeFileSync(join(blank, 'PG_VERSION'), '17\n')],
    ['whose contents were never written down', () => rmSync(`${blank}.json`)],
    ['whose contents were cut off', () => truncateSync(`${blank}.json`, 40)],
  ])('%s is not taken, and leaves nothing', (_, damage) => {
    damage();
    expect(copyBlankDatabase(copy, blank)).toBe(false);
    expect(existsSync(copy)).toBe(false);
  });
});
