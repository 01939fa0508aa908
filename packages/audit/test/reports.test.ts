import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import {
  applyFixes,
  auditFolder,
  baselineOf,
  beyond,
  explain,
  githubReport,
  jsonReport,
  OFFLINE_RULES,
  readBaseline,
  sarifReport,
  textReport,
  type AuditReport,
} from '../src/index.ts';
import { auditOf, inFolder, NOW, token, type Files } from './world.ts';

const schemaFile = createRequire(import.meta.url).resolve(
  '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
);
/** The schema is of draft 4; nothing in it means something else in the draft that is read here, but for its own name. */
const {
  $schema: _,
  id: __,
  ...schema
} = JSON.parse(readFileSync(schemaFile, 'utf8')) as Record<string, unknown>;
const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);
const sarif = (report: AuditReport) =>
  JSON.parse(sarifReport(report, OFFLINE_RULES, '0.1.0')) as { runs: [Run] };
interface Run {
  tool: { driver: { rules: { id: string; help: { text: string }; properties: Record<string, unknown> }[] } };
  invocations: [{ executionSuccessful: boolean; toolExecutionNotifications: unknown[] }];
  results: {
    ruleId: string;
    ruleIndex: number;
    message: { id: string; text: string };
    locations: [{ physicalLocation: { artifactLocation: { uri: string }; region: Record<string, number> } }];
    partialFingerprints: Record<string, string>;
  }[];
}

/** Secrets of every kind, in files of every kind. Each ends in a word of its own that is looked for. */
const CANARIES = ['q7Rv0pX2mLw9sKd4Canary', 'CanarytsecE5gH7jK9mN1pQ3sT5', 'w8Fq2Lx0RtCanary'] as const;
const live = token({ days: 30 });
const leaky: Files = {
  'fly.toml': `app = "a"\n[env]\nAPI_TOKEN = "${CANARIES[0]}"\n[build.args]\nNPM_TOKEN = "${CANARIES[0]}"\n[http_service]\ninternal_port = 1\n`,
  'a b/notes.txt': `tsec_${CANARIES[1]}\npostgres://app:${CANARIES[2]}@db.host9.net/x\n${live}\n`,
  Dockerfile: `FROM node\nENV API_TOKEN=${CANARIES[0]}\nCOPY .env /\nADD https://host9.net/x?token=${CANARIES[0]} /x\n`,
  '.env': `HANGAR_WEBHOOK_SECRET=${CANARIES[0]}\nDATABASE_URL=postgres://postgres:${CANARIES[2]}@db.host9.net/x\n`,
  'deploy.sh': `fly deploy -t "$T" -e API_TOKEN=${CANARIES[0]}\n`,
  [`tsec_${CANARIES[1]}/Dockerfile`]: 'FROM node',
  '.github/workflows/d.yml': `on: push\njobs:\n  a:\n    steps:\n      - run: fly deploy --access-token ${live}\n      - uses: x/y@${live}\n`,
};

const hidden = (text: string) =>
  [...CANARIES, live, live.slice(10, 40)].filter((canary) => text.includes(canary));

describe('reports', () => {
  test('repeat no secret, whatever the format', () => {
    const report = auditOf(leaky);
    expect(new Set(report.findings.map(({ rule }) => rule)).size).toBeGreaterThan(12);
    const texts = [
      textReport(report, 'high'),
      jsonReport(report),
      githubReport(report),
      sarifReport(report, OFFLINE_RULES, '0.1.0'),
      JSON.stringify(baselineOf(report.findings)),
    ];
    expect(texts.map(hidden)).toEqual(texts.map(() => []));
  });

  test('SARIF is valid, and has what GitHub asks for', () => {
    const report = auditOf({ ...leaky, 'fly.yaml': 'a: [' });
    const log = sarif(report);
    expect([validate(log), validate.errors]).toEqual([true, null]);
    const [run] = log.runs;
    expect(run.results).toHaveLength(report.findings.length);
    expect(run.invocations[0].executionSuccessful).toBe(false);
    for (const { ruleId, ruleIndex, message, locations, partialFingerprints } of run.results) {
      expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
      expect([message.id, message.text.length > 10]).toEqual(['found', true]);
      const { region, artifactLocation } = locations[0].physicalLocation;
      expect(Object.keys(region)).toEqual(['startLine', 'startColumn', 'endLine', 'endColumn']);
      expect(Math.min(...Object.values(region))).toBeGreaterThan(0);
      expect(artifactLocation.uri).toMatch(/^[^/\s][^\s]*$/);
      expect(partialFingerprints['primaryLocationLineHash']).toMatch(/^[0-9a-f]{16}:1$/);
    }
    for (const { help, properties } of run.tool.driver.rules)
      expect([help.text.length > 0, Number(properties['security-severity']) > 0]).toEqual([true, true]);
  });

  test('SARIF of nothing is valid too, and one of too much is cut, the mildest first, and says so', () => {
    const clean = sarif(auditOf({ 'a.txt': 'x' }));
    expect([validate(clean), clean.runs[0].results]).toEqual([true, []]);
    const report = auditOf(leaky);
    const many = { ...report, findings: Array.from({ length: 6_000 }, () => report.findings[0]!) };
    const [run] = sarif(many).runs;
    expect([run.results.length, JSON.stringify(run.invocations[0].toolExecutionNotifications)]).toEqual([
      5_000,
      expect.stringContaining('1000 milder findings'),
    ]);
  });

  test('a name of a file can begin no annotation and no line of its own', () => {
    const report = auditOf({ 'x\n::error::hi\u001b[31m/Dockerfile': 'FROM node' }, ['HA403']);
    expect(githubReport(report).split('\n')).toHaveLength(1);
    expect(githubReport(report)).not.toContain('::error::hi');
    expect(textReport(report, 'high')).not.toContain('\u001b');
  });

  test('every rule explains itself', () => {
    for (const rule of OFFLINE_RULES) expect(explain(rule)).toContain(rule.fix);
  });
});

describe('a baseline', () => {
  test('knows a finding after lines have moved, and no other', () => {
    const before = auditOf({ Dockerfile: 'FROM node\nCMD x\n' }, ['HA403', 'HA404']);
    const read = readBaseline(JSON.stringify(baselineOf(before.findings)));
    const after = auditOf({ Dockerfile: '# more\n\nFROM node\nCMD x\n', 'b/Dockerfile': 'FROM node' }, [
      'HA403',
      'HA404',
    ]);
    expect(read.ok && beyond(after.findings, read.value).map(({ place }) => place.path)).toEqual([
      'b/Dockerfile',
      'b/Dockerfile',
    ]);
  });

  test.each(['', '[]', '{"version":2,"findings":[]}', '{"version":1,"findings":[{"rule":"HA101"}]}'])(
    '%s is none',
    (text) => {
      expect(readBaseline(text).ok).toBe(false);
    },
  );
});

describe('hangar.audit.toml', () => {
  const files = (settings: string): Files => ({
    'test/Dockerfile': 'FROM node',
    'hangar.audit.toml': settings,
  });
  const entry = (more: string) => `[[ignore]]\npaths = ["test/**"]\nrules = ["HA403"]\n${more}`;
  test('silences paths with a reason, until its day', () => {
    const of = (settings: string) => auditOf(files(settings), ['HA403']).findings.length;
    expect([
      of(entry('reason = "ours"')),
      of(entry('reason = "ours"\nuntil = "2026-11-28"')),
      of(entry('reason = "ours"\nuntil = "2026-11-27"')),
      of(''),
    ]).toEqual([0, 0, 1, 1]);
  });
  test.each([
    entry(''),
    entry('reason = " "'),
    entry('reason = "x"\nextra = 1'),
    '[[ignore]]\nrules = ["all"]',
    'x = ',
    entry('reason = "x"\nuntil = "soon"'),
  ])('refuses %j', (settings) => {
    expect(() => auditOf(files(settings))).toThrow(/^hangar\.audit\.toml: /);
  });
});

describe('fixes', () => {
  const mended = (files: Files, path: string) =>
    inFolder(files, (folder) => {
      const only = ['HA110', 'HA305'];
      const { changed } = applyFixes(folder, auditFolder(folder, { now: NOW, only }).findings);
      return {
        changed,
        text: readFileSync(`${folder}/${path}`, 'utf8'),
        left: auditFolder(folder, { now: NOW, only }).findings.length,
      };
    });
  test('force_https and permissions are mended, and nothing else changes', () => {
    expect(
      mended({ 'fly.toml': 'app = "é😀"\n[http_service] # web\n  internal_port = 1\n' }, 'fly.toml'),
    ).toEqual({
      changed: ['fly.toml'],
      text: 'app = "é😀"\n[http_service] # web\n  force_https = true\n  internal_port = 1\n',
      left: 0,
    });
    expect(mended({ 'fly.toml': '[http_service]\nforce_https = false # why\n' }, 'fly.toml').text).toBe(
      '[http_service]\nforce_https = true # why\n',
    );
    const flow = '.github/workflows/a.yml';
    expect(mended({ [flow]: 'on: push\njobs:\n  a: {}\n' }, flow)).toEqual({
      changed: [flow],
      text: 'on: push\npermissions:\n  contents: read\n\njobs:\n  a: {}\n',
      left: 0,
    });
  });
  test('what cannot be mended surely is left', () => {
    expect(mended({ 'fly.json': '{"http_service":{}}' }, 'fly.json')).toMatchObject({ changed: [], left: 1 });
    expect(mended({ 'fly.toml': 'http_service = { internal_port = 1 }' }, 'fly.toml')).toMatchObject({
      changed: [],
      left: 1,
    });
  });
});
