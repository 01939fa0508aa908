import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '@hangar/gateway';
import { runProcess } from '../../../test/harness/processes.ts';
import { readConfig } from '../src/config.ts';
import { effectivePolicy } from '../src/config/policy-file.ts';
import { call } from '../src/demo/calls.ts';
import { type DemoHouse, openHouse } from '../src/demo/house.ts';
import { provision } from '../src/demo/steps/provision.ts';
import { Story } from '../src/demo/story.ts';

const folder = mkdtempSync(join(tmpdir(), 'hangar-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The example of docs/operating.md, as an operator would copy it. */
const operating = readFileSync(new URL('../../../docs/operating.md', import.meta.url), 'utf8');
const [, example = ''] = /```json\n([\s\S]*?)```/.exec(operating) ?? [];

let files = 0;
function written(text: string | Uint8Array): string {
  const file = join(folder, `policy-${(files += 1)}.json`);
  writeFileSync(file, text);
  return file;
}

const read = (file: string | undefined) =>
  readConfig({ HANGAR_DATA_DIR: join(folder, 'data'), HANGAR_POLICY_FILE: file });

function remedies(file: string): readonly string[] {
  const config = read(file);
  if (config.ok) return [];
  expect(config.reason.every(({ variable }) => variable === 'HANGAR_POLICY_FILE')).toBe(true);
  return config.reason.map(({ remedy }) => remedy);
}

describe('HANGAR_POLICY_FILE', () => {
  const unreadable: [string, () => string, RegExp][] = [
    ['is missing', () => join(folder, 'nowhere.json'), /does not exist; create it, or unset/],
    ['is a folder', () => folder, /is a folder; name the file in it/],
    ['lies below a file', () => join(written('{}'), 'policy.json'), /cannot be read \(ENOTDIR\)/],
    ['is empty', () => written(''), /is not JSON/],
    ['is not JSON', () => written('version: 1'), /is not JSON/],
    ['has a comma too many', () => written('{"version": 1,}'), /is not JSON; comments and commas/],
    ['is not UTF-8', () => written(Buffer.from([0x7b, 0xff, 0x7d])), /is not UTF-8/],
    [
      'says a thing twice',
      () => written('{"version":1,"regions":["fra"],"regions":["iad"]}'),
      /"regions" twice/,
    ],
    ['is huge', () => written(' '.repeat(300_000)), /larger than 262144 bytes/],
    ['is a list', () => written('[]'), /must be an object/],
  ];
  test.each(unreadable)('that %s is refused with its path and the remedy', (_, place, words) => {
    const file = place();
    const [remedy, ...more] = remedies(file);
    expect(more).toEqual([]);
    expect(remedy).toContain(`names ${file}, which `);
    expect(remedy).toMatch(words);
  });

  test('that is no file is not waited for', async () => {
    const socket = join(folder, 'socket');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    expect(remedies(socket)).toEqual([`names ${socket}, which is not a file; name one`]);
    await new Promise((resolve) => server.close(resolve));
  });

  test('that was given a token in place of a path does not repeat it', () => {
    const token = 'fo1_Zm9ydHktdHdvLWlzLW5vdC1hLXBhdGg';
    const [remedy] = remedies(token);
    expect(remedy).toMatch(/does not exist/);
    expect(remedy).not.toContain(token);
  });

  test('says everything that is wrong in it at once, by full path', () => {
    const file = written('{"version":1,"machines":{"max_per_enviroment":2},"volumes":{"max_gb":"10"}}');
    expect(remedies(file)).toEqual([
      `names ${file}, where machines.max_per_enviroment is not known; did you mean machines.max_per_environment?`,
      `names ${file}, where volumes.max_gb must be a whole number from 1 to 1000000`,
    ]);
  });

  test('that is unset leaves the defaults, and what a file does not say keeps them', () => {
    const without = read(undefined);
    if (!without.ok) throw new Error('no file was refused');
    expect(without.value.policy.policy).toEqual(DEFAULT_POLICY);
    const file = written('{"version":1,"lifecycle":{"delete_grace":"72h"}}');
    const config = read(file);
    if (!config.ok) throw new Error(JSON.stringify(config.reason));
    expect(config.value.policy.policy).toEqual({ ...DEFAULT_POLICY, deleteGraceSeconds: 259_200 });
    expect(effectivePolicy(config.value.policy)).toMatchObject({
      'lifecycle.delete_grace': { value: '259200s', from: file },
      'machines.max_per_environment': { value: 20, from: 'default' },
      regions: { value: 'any', from: 'default' },
    });
  });

  test('stops a start with exit code 1, and is shown by hangar config', { timeout: 60_000 }, async () => {
    const bad = written('{"version":1,"budget":{}}');
    const environment = { HANGAR_DATA_DIR: join(folder, 'data'), HANGAR_POLICY_FILE: bad };
    const refused = await runProcess({ args: ['serve'], environment });
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`HANGAR_POLICY_FILE names ${bad}, where budget is not supported yet`);
    const file = written(example);
    const shown = await runProcess({
      args: ['config'],
      environment: { ...environment, HANGAR_POLICY_FILE: file },
    });
    expect(shown.code).toBe(0);
    const { policy } = JSON.parse(shown.output) as { policy: Record<string, unknown> };
    expect(policy['machines.max_per_environment']).toEqual({ value: 2, from: file });
    expect(policy['guests.kinds']).toEqual({ value: ['shared'], from: file });
    expect(policy['volumes.max_total_gb']).toEqual({ value: 1000, from: 'default' });
  });
});

describe('a running Hangar with the example of docs/operating.md', { timeout: 120_000 }, () => {
  let house: DemoHouse;
  let story: Story;
  beforeAll(async () => {
    mkdirSync(join(folder, 'etc'));
    const policyFile = join(folder, 'etc', 'policy.json');
    writeFileSync(policyFile, example);
    house = await openHouse({
      processes: 1,
      databaseUrl: undefined,
      onLine: () => {},
      built: true,
      policyFile,
    });
    story = new Story(house, false);
    await provision.play(story);
  }, 120_000);
  afterAll(async () => await house.close());

  const ask = async (method: string, path: string, body?: unknown) =>
    await call({
      method,
      url: `${house.gatewayUrl}${path}`,
      token: story.token,
      body,
    });

  test('lets two machines be made and no third, and names the rule as the file does', async () => {
    const guest = { cpu_kind: 'shared', cpus: 1, memory_mb: 256 };
    const machine = { region: 'fra', config: { image: 'acme/py-env:1', guest } };
    expect((await ask('POST', '/v1/apps', { name: 'held' })).status).toBe(201);
    const made = async (wanted: unknown) => await ask('POST', '/v1/apps/held/machines', wanted);
    expect([(await made(machine)).status, (await made(machine)).status]).toEqual([200, 200]);
    expect(await made(machine)).toMatchObject({
      status: 403,
      json: { code: 'policy_denied', rule: 'machines.max_per_environment', limit: 2 },
    });
    expect(await made({ ...machine, region: 'syd' })).toMatchObject({
      status: 403,
      json: { rule: 'regions' },
    });
  });

  test('answers about an environment by a malformed id as the gateway does', async () => {
    const environment = (await ask('GET', '/hangar/v1/environments')).json as {
      environments: { id: string }[];
    };
    const right = environment.environments[0]?.id ?? '';
    for (const id of [
      right,
      `${right}0`,
      'env_',
      'env_held',
      right.toLowerCase(),
      `${right.slice(0, -1)}0`,
    ]) {
      const path = `/hangar/v1/environments/${id}`;
      const there = (await ask('GET', path)).status;
      const { status } = await ask('POST', '/hangar/v1/tokens/check', {
        token: story.token,
        method: 'GET',
        path,
      });
      expect([id, status]).toEqual([id, there]);
    }
    expect((await ask('GET', `/hangar/v1/environments/${right}`)).status).toBe(200);
  });
});
