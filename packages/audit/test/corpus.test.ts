import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { auditFolder, reaches, type Finding, type Severity } from '../src/index.ts';
import { NOW } from './world.ts';

const corpus = fileURLToPath(new URL('./corpus', import.meta.url));
/** These need the whole project, and the corpus has its deployment files alone. */
const SKIPPED = [
  'HA203',
  'HA204',
  'HA205',
  'HA310',
  'HA501',
  'HA503',
  'HA504',
  'HA601',
  'HA602',
  'HA603',
  'HA604',
  'HA605',
  'HA901',
];
const LETTERS: Readonly<Record<string, Severity>> = { C: 'critical', H: 'high', M: 'medium', L: 'low' };

/** What is said beyond the labels, and is right. */
const BEYOND: readonly (readonly [project: string, rule: string, why: string])[] = [
  [
    '021',
    'HA120',
    'a remote desktop on port 6080 is served publicly; the list of ports of the reviewer did not have it yet',
  ],
  ['062', 'HA304', 'a reusable workflow of a branch is handed the token'],
  [
    '085',
    'HA303',
    'the clean-up runs terraform from the checkout of a pull request, with the token of the whole workflow',
  ],
  ['091', 'HA303', 'the clean-up installs a package from npm beside the token of the whole job'],
  ['125', 'HA120', 'NATS on 4222 is served publicly; the same'],
];

/** Labels of the mild column that are not said, by rule. That column is as a parser found it. */
const NOT_SAID: Readonly<Record<string, readonly [projects: number, why: string]>> = {
  HA131: [
    48,
    'without a key the platform takes a snapshot each day and keeps five days, so that a missing key is nothing',
  ],
  HA130: [
    5,
    'every public service has a check, or shares its port with one that has; private ones need none',
  ],
  HA306: [
    2,
    'one job calls a reusable workflow and cannot have an environment; the other deploys by a script of its own',
  ],
  HA404: [
    3,
    'FUSE is installed, the image drops the rights by itself, or the program is started in another way',
  ],
  HA405: [1, 'ADD of an https release by its version'],
};

interface Label {
  readonly rule: string;
  readonly severity: Severity | undefined;
  readonly path: string;
}
const rows = readFileSync(`${corpus}/labels.tsv`, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((row) => {
    const [number = '', , , , verdict = '', findings = '', low = '', , unsure = ''] = row.split('\t');
    const labels: Label[] = [...findings.matchAll(/(HA\d{3}):(\w)@(\S+)/g)].map(
      ([, rule = '', letter = '', path = '']) => ({ rule, severity: LETTERS[letter], path }),
    );
    return { number, verdict, labels, low: low === '-' ? [] : low.split(','), unsure };
  });
const found = new Map<string, readonly Finding[]>();
for (const { number } of rows)
  found.set(number, auditFolder(`${corpus}/projects/${number}`, { now: NOW, skip: SKIPPED }).findings);
const grave = (number: string) =>
  (found.get(number) ?? []).filter(({ severity }) => reaches(severity, 'medium'));
const fits = (finding: Finding, label: Label) =>
  finding.rule === label.rule &&
  finding.severity === label.severity &&
  finding.place.path.startsWith(label.path);

describe('the deployment files of 131 projects', () => {
  test('are all here, 50 of them clean', () => {
    expect([rows.length, rows.filter(({ verdict }) => verdict === 'clean').length]).toEqual([131, 50]);
  });

  test('every label of medium and above is found, with its severity and in its file', () => {
    const missed = rows.flatMap(({ number, labels }) =>
      labels
        .filter((label) => !grave(number).some((finding) => fits(finding, label)))
        .map((label) => [number, label]),
    );
    expect(missed).toEqual([]);
    expect(rows.flatMap(({ labels }) => labels).length).toBeGreaterThan(130);
  });

  test('nothing of medium or above is said of a clean project', () => {
    expect(rows.filter(({ verdict }) => verdict === 'clean').flatMap(({ number }) => grave(number))).toEqual(
      [],
    );
  });

  test('what is said of the others is a label, a doubt of the reviewer, or argued for', () => {
    const extra = rows.flatMap(({ number, labels, unsure }) =>
      grave(number)
        .filter((finding) => !labels.some((label) => fits(finding, label)) && !unsure.includes(finding.rule))
        .map(({ rule }) => `${number} ${rule}`),
    );
    expect([...new Set(extra)]).toEqual(BEYOND.map(([project, rule]) => `${project} ${rule}`));
  });

  test('every mild label is found, or argued against', () => {
    const missed: Record<string, number> = {};
    for (const { number, low } of rows)
      for (const rule of low)
        if (!(found.get(number) ?? []).some((finding) => finding.rule === rule))
          missed[rule] = (missed[rule] ?? 0) + 1;
    expect(missed).toEqual(
      Object.fromEntries(Object.entries(NOT_SAID).map(([rule, [projects]]) => [rule, projects])),
    );
  });
});
