import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../src/processes/keep-running.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const guide = readFileSync(`${root}/docs/guides/passthrough.md`, 'utf8');
const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code ?? '');

let folder: string;
let shell: ChildProcess;
let said: readonly string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'passthrough-guide-'));
  symlinkSync(`${root}/node_modules`, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  said = await play();
}, 240_000);
afterAll(() => {
  // The guide leaves its server running, as a terminal would.
  if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGTERM');
  // Nobody tells when the last of its processes has written its last file.
  rmSync(folder, { recursive: true, force: true, maxRetries: 100, retryDelay: 100 });
});

/** Runs all blocks in one shell of a process group of its own, and says what each printed. */
async function play(): Promise<readonly string[]> {
  const port = await freePorts(5);
  const script = blocks
    .map(
      (code) =>
        `${code.replaceAll('4600', String(port)).replaceAll('4700', String(port + 1))}\necho '== end'`,
    )
    .join('\n');
  writeFileSync(join(folder, 'guide.sh'), `${script}\necho '== all'\nwait\n`);
  shell = spawn('bash', ['-eu', 'guide.sh'], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: folder,
      npm_config_offline: 'true',
      PORT: String(port),
      HANGAR_SIMULATOR_PORT: String(port + 1),
    },
  });
  let text = '';
  let errors = '';
  shell.stderr?.on('data', (part: Buffer) => (errors += part.toString()));
  await new Promise<void>((resolve, reject) => {
    shell.stdout?.on('data', (part: Buffer) => {
      text += part.toString();
      if (text.includes('== all')) resolve();
    });
    shell.once('exit', (code) => reject(new Error(`the guide ended with ${code}: ${text}\n${errors}`)));
  });
  return text.split('== end\n').slice(0, -1);
}

/** What the one block with these words in its code printed. */
function printed(words: string): string {
  const found = blocks.flatMap((code, index) => (code.includes(words) ? [said[index] ?? ''] : []));
  expect([words, found.length]).toEqual([words, 1]);
  return found[0] ?? '';
}

describe('the guide of the user-env API', () => {
  test('starts from variables alone, in an empty folder', () => {
    expect(said).toHaveLength(blocks.length);
    expect(printed('npx hangar start')).toBe('200\n');
  });

  test('makes an app with its three secrets, by the calls of the document', () => {
    expect(printed('"app_name": "my-app"')).toBe('my-app\n');
    expect(printed('/my-app/secrets')).toBe(
      'FLY_TIGRIS_ACCESS_KEY_ID FLY_TIGRIS_BUCKET FLY_TIGRIS_SECRET_ACCESS_KEY\n',
    );
  });

  test('makes a machine, whose volume is where the profile wants it, and which starts', () => {
    expect(printed('flyio/ubuntu:latest')).toBe('true\n/dev/fly_vol\n');
  });

  test('refuses an app without an organization, and with a foreign one', () => {
    expect(printed('somebody-else')).toBe('400\n403\n');
  });

  test('deletes the app and its bucket', () => {
    expect(printed('-X DELETE')).toBe('{"success":true,"bucketDeleted":true}\n404\n0\n');
  });
});
