import { describe, expect, test } from 'vitest';
import { OFFLINE_RULES } from '../../src/index.ts';
import { auditOf, ruleCases } from '../world.ts';

const line = (words: string) => `FROM node:22 # hangar-ignore ${words}`;
ruleCases('HA901', {
  file: 'Dockerfile',
  bad: [
    line('HA403'),
    line('HA403 reason=old until=2026-11-27'),
    line('reason=all of it'),
    line('HA403 reason=x until=soon'),
    { 'a.ts': '// hangar-ignore HA201 until=2027-01-01' },
  ],
  good: [
    line('HA403 reason=the tag is ours until=2026-11-28'),
    line('HA403 reason="it is ours"'),
    'FROM node:22\nENV A="# hangar-ignore"',
    'FROM node:22',
    { 'a.md': 'say `hangar-ignore`' },
  ],
});

describe('HA902', () => {
  test.each([
    ['fly.toml', 'a = 1\na = 2'],
    ['fly.toml', 'size = {{VOLUME_SIZE}}'],
    ['fly.toml', '\ufeffapp = "a"'],
    ['fly.toml', Buffer.from('app = "\xe9"', 'latin1')],
    ['fly.json', '{"app": "a",}'],
    ['fly.yaml', 'a: 1\na: 2\n'],
    ['.github/workflows/x.yml', 'on: push\n  jobs: [\n'],
    ['fly.toml', `a = ${'['.repeat(5_000)}`],
  ])('says that %s cannot be read, and that the audit is incomplete', (path, text) => {
    const { findings, problems } = auditOf({ [path]: text }, ['HA902']);
    expect([findings.map(({ rule }) => rule), problems.map((one) => one.path)]).toEqual([['HA902'], [path]]);
  });

  test.each([
    ['fly.toml', 'app = "a"\r\n[env]\r\nA = 1_000\r\n'],
    ['fly.json', '{"app":"a"}'],
    ['fly.yaml', 'x: &a { b: 1 }\napp: c\nenv: { <<: *a }\n'],
    ['.github/workflows/x.yml', 'on: push\njobs: {}\n'],
    ['Dockerfile', ''],
  ])('says nothing of a good %s', (path, text) => {
    expect(auditOf({ [path]: text }, ['HA902'])).toMatchObject({ findings: [], problems: [] });
  });

  test('flyctl would read fly.yml as TOML', () => {
    expect(auditOf({ 'fly.yml': 'app: a\n' }, ['HA902'])).toMatchObject({
      findings: [{ severity: 'info' }],
      problems: [],
    });
  });
});

test('a suppression with a reason silences its line, and the next one when it stands alone', () => {
  const files = { Dockerfile: '# hangar-ignore HA403 reason=ours until=2027-01-01\nFROM alpine\n' };
  expect(auditOf(files, ['HA403', 'HA901'])).toMatchObject({ findings: [], suppressed: [{ rule: 'HA403' }] });
  expect(
    auditOf({ Dockerfile: 'FROM alpine # hangar-ignore HA403\n' }, ['HA403', 'HA901']).findings,
  ).toHaveLength(2);
  expect(
    auditOf({ Dockerfile: 'FROM alpine # hangar-ignore HA404 reason=x\n' }, ['HA403']).findings,
  ).toHaveLength(1);
});

test('every rule has an id and a title of its own, and says what to do', () => {
  expect(OFFLINE_RULES).toHaveLength(53);
  expect(new Set(OFFLINE_RULES.map(({ id }) => id)).size).toBe(53);
  expect(new Set(OFFLINE_RULES.map(({ title }) => title)).size).toBe(53);
  for (const { id, fix, source } of OFFLINE_RULES) {
    expect(id).toMatch(/^HA\d{3}$/);
    expect([id, fix.endsWith('.')]).toEqual([id, true]);
    expect(source).toMatch(/^(?:https:\/\/|docs\/)/);
  }
});
