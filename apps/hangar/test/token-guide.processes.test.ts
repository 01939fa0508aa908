import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tokenEnding } from '@hangar/authority';
import { effectiveExpiry, LOCATIONS, parseBundle, tokenId } from '@hangar/macaroon';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHouse, type DemoHouse } from '../src/demo/house.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const guide = readFileSync(`${root}/docs/guides/tokens-on-the-command-line.md`, 'utf8');
const blocks = [...guide.matchAll(/```sh\n(.*?)```/gs)].map(([, code]) => code ?? '');
/** What the shell holds after a block and the checks below need. */
const VARIABLES = [
  'HANGAR_API_TOKEN',
  'HANGAR_TOKEN',
  'ID',
  'COPY',
  'FLY_API_TOKEN',
  'PERMISSION',
  'NUMBER',
] as const;

interface Block {
  readonly code: string;
  readonly said: string;
  readonly errors: string;
  readonly shell: Readonly<Record<(typeof VARIABLES)[number], string>>;
}

let house: DemoHouse;
let folder: string;
let played: readonly Block[];

beforeAll(async () => {
  house = await openHouse({ processes: 1, databaseUrl: undefined, onLine: () => {}, built: true });
  // The root of a repository in which `npm start` is running, as far as the guide looks at it.
  folder = mkdtempSync(join(tmpdir(), 'token-guide-'));
  symlinkSync(`${root}/apps`, join(folder, 'apps'));
  mkdirSync(join(folder, '.hangar'));
  writeFileSync(join(folder, '.hangar/data.development.json'), JSON.stringify(house.secrets));
  played = play();
}, 240_000);
afterAll(async () => {
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs all blocks in one shell, from a file, with nothing on standard input, as a person's terminal would. */
function play(): readonly Block[] {
  const flyPort = new URL(house.flyUrl).port;
  const script = blocks
    .map((code) => {
      const here = code
        .replaceAll('127.0.0.1:4700', `127.0.0.1:${flyPort}`)
        .replaceAll('--simulator 4700', `--simulator ${flyPort}`);
      const shell = VARIABLES.map((name) => `echo "${name}=\${${name}-}"`).join('\n');
      return `${here}\necho '== shell'\n${shell}\necho '== end'\necho '== end' >&2`;
    })
    .join('\n');
  writeFileSync(join(folder, 'guide.sh'), script);
  const run = spawnSync('bash', ['-eu', 'guide.sh'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const errors = run.stderr.split('== end\n');
  const parts = run.stdout.split('== end\n').slice(0, -1);
  if (run.status !== 0) throw new Error(`block ${parts.length + 1} ended with ${run.status}: ${run.stderr}`);
  return parts.map((part, index) => {
    const [said = '', shell = ''] = part.split('== shell\n');
    const pairs = shell
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
    return {
      code: blocks[index] ?? '',
      said,
      errors: errors[index] ?? '',
      shell: Object.fromEntries(pairs) as Block['shell'],
    };
  });
}

/** The one block with these words in its code. */
function block(words: string): Block {
  const found = played.filter(({ code }) => code.includes(words));
  expect([words, found.length]).toEqual([words, 1]);
  return found[0]!;
}

function facts(text: string) {
  const bundle = parseBundle(text, LOCATIONS.permission);
  if (!bundle.ok) throw new Error(bundle.reason.tag);
  const { permission, discharges } = bundle.value;
  const end = effectiveExpiry([...permission, ...discharges]);
  return {
    id: tokenId(permission[0]!),
    named: `Token ${tokenId(permission[0]!)}, ending in ${tokenEnding(permission[0]!)}, from `,
    end: end === undefined ? undefined : new Date(end * 1000).toISOString(),
    hours: ((end ?? Number.NaN) - Date.now() / 1000) / 3600,
  };
}

describe('the guide of the command line', () => {
  test('every block ran, and every one is looked at below', () => {
    expect(played.map(({ code }) => code)).toEqual(blocks);
    expect(blocks).toHaveLength(12);
  });

  test('defines its two functions and buys an extension without a word', () => {
    for (const words of ['hangar() {', '_fly/extensions']) {
      const { said, errors } = block(words);
      expect([said, errors]).toEqual(['', '']);
    }
  });

  test('makes a token for a year that asks nobody', () => {
    const { said, errors, shell } = block('token create');
    const made = facts(shell.HANGAR_TOKEN);
    expect(Math.round(made.hours / 24)).toBe(365);
    expect(said.split('\n')).toEqual(
      [made.end?.replace('.000Z', 'Z') ?? '', '[]', ''].map((line, index) =>
        index === 0 ? expect.stringMatching(new RegExp(`^${made.end?.slice(0, 19)}`)) : line,
      ),
    );
    expect(shell.ID).toBe(made.id);
    expect(errors).toBe('');
  });

  test('explains and checks that token', () => {
    const { said, errors, shell } = block('token explain\nhangar token check POST');
    const { id, named, end } = facts(shell.HANGAR_TOKEN);
    expect(said).toContain(`Permission token ${id}\n`);
    expect(said).toContain(`It works until ${end}.\n`);
    expect(said.endsWith('Allowed.\n')).toBe(true);
    expect(errors).toBe(`${named}HANGAR_TOKEN.\n`.repeat(2));
    const denied = block('check --json DELETE');
    expect(JSON.parse(denied.said)).toMatchObject({
      allowed: false,
      code: 'caveat_denied',
      token_id: id,
      used: { from: 'HANGAR_TOKEN', tokens: [{ id }] },
    });
  });

  test('verifies the copy, which ends in an hour, and not the token of the variable', () => {
    const { said, errors, shell } = block('echo "$COPY" | hangar token verify');
    const copy = facts(shell.COPY);
    expect(copy.hours).toBeGreaterThan(0.8);
    expect(copy.hours).toBeLessThanOrEqual(1);
    expect(said).toMatch(new RegExp(`^Genuine\\. Works until ${copy.end?.slice(0, 19)}[.0Z]+\\n$`));
    expect(errors).toBe(`${facts(shell.HANGAR_TOKEN).named}HANGAR_TOKEN.\n${copy.named}standard input.\n`);
    expect(shell.NUMBER).toMatch(/^\d+$/);
  });

  test('ends the copy alone, then the token', () => {
    const { said, errors, shell } = block('token revoke');
    const { code: _, shell: before } = block('echo "$COPY"');
    const copy = facts(before.COPY);
    const whole = facts(before.HANGAR_TOKEN);
    const [revoked, no, copyWhy, genuine, again, noMore, why] = said.split('\n');
    expect([revoked, again]).toEqual(Array(2).fill(expect.stringMatching(/^Revoked\./)));
    expect([no, noMore]).toEqual(['Not valid.', 'Not valid.']);
    expect(copyWhy).toContain(`token_revoked: This narrowed copy of token ${whole.id}`);
    expect(why).toContain(`token_revoked: Token ${whole.id}`);
    expect(genuine).toMatch(new RegExp(`^Genuine\\. Works until ${whole.end?.slice(0, 19)}`));
    expect(errors.split('\n')).toEqual([
      `${copy.named}--token.`,
      `${copy.named}--token.`,
      `${whole.named}HANGAR_TOKEN.`,
      `${facts(shell.HANGAR_API_TOKEN).named}--token.`,
      `${whole.named}HANGAR_TOKEN.`,
      '',
    ]);
    expect(shell.HANGAR_TOKEN).toBe('');
  });

  test('says what a condition of ours is, and that `fly tokens debug` cannot', () => {
    const { said, shell } = block('--source 10.0.0.0/8');
    expect(said).toContain(`Permission token ${facts(shell.HANGAR_API_TOKEN).id}\n`);
    expect(said).toMatch(/10\.0\.0\.0\/8/);
    const section = guide.slice(guide.indexOf('`--source`'), guide.indexOf("## Fly.io's own tokens"));
    expect(section).toMatch(/`fly tokens debug` prints nothing/);
    expect(section).toContain('`hangar token explain`');
  });

  test("explains and verifies Fly.io's own token, which ends with its discharge", () => {
    const { said, errors, shell } = block('createLimitedAccessToken');
    const { id, named, end, hours } = facts(shell.FLY_API_TOKEN);
    expect(hours).toBeLessThan(632 / 3600);
    expect(said).toContain(`Permission token ${id}\n`);
    expect(said).toMatch(new RegExp(`Genuine\\. Works until ${end?.slice(0, 19)}[.0Z]+\\n$`));
    expect(errors).toBe(`${named}FLY_API_TOKEN.\n`.repeat(2));
  });

  test('obtains what is missing, and gives no login away', () => {
    expect(block('token refresh').said).toBe('[]\n');
    const { said, errors, shell } = block('grep -v fo1_');
    const narrowed = facts(said.trim());
    expect(narrowed.id).toBe(facts(shell.PERMISSION).id);
    expect(narrowed.hours).toBeGreaterThan(0.8);
    expect(narrowed.hours).toBeLessThanOrEqual(1);
    expect(errors).toContain('The OAuth token is left out');
  });

  test('calls what is cut off cut off', () => {
    const [cut, incomplete] = block('cut -c 1-116').said.split('\n');
    expect(cut).toContain('token_truncated');
    expect(incomplete).toContain('token_incomplete');
  });
});
