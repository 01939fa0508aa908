import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  auditFolder,
  githubReport,
  jsonReport,
  OFFLINE_RULES,
  sarifReport,
  textReport,
} from '../src/index.ts';
import { kindOf } from '../src/tree/kinds.ts';
import { inFolder, NOW, token } from './world.ts';

const corpus = fileURLToPath(new URL('./corpus/projects', import.meta.url));
/** The goal is ten thousand; a push is held to a quarter of them. */
const INPUTS = process.env['HANGAR_NIGHTLY'] === '1' ? 10_000 : 2_500;
const BATCH = 50;
const CANARIES = [
  `tsec_CanaryE5gH7jK9mN1pQ3sT5vW7yZ9bC2`,
  'postgres://app:w8Fq2Lx0RtCanary@db.host9.net/app',
  token({ days: 30 }),
  'ghp_CanaryaB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2',
];
/** What readers stumble over. */
const PIECES = [
  '\n',
  '\r\n',
  '"',
  "'",
  '"""',
  '[[',
  ']]',
  '{',
  '}',
  '<<: *a\n',
  '&a ',
  '*a',
  '? ',
  '- ',
  '|\n',
  '>\n',
  '!!js/function ',
  '\\',
  '\\\n',
  '<<E\n',
  '# escape=`\n',
  '#',
  '${',
  '}}',
  '\u0000',
  '\ufeff',
  '\u2028',
  '\ud800',
  '😀',
  '=',
  ': ',
  '\t',
  'ONBUILD ',
  'FROM ',
  'hangar-ignore HA101 reason=',
  '9'.repeat(400),
  'a.'.repeat(200),
  '['.repeat(300),
  ...CANARIES,
];

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutate(text: string, other: string, random: (below: number) => number): string {
  let mutated = text.slice(0, 20_000);
  for (let times = 1 + random(6); times > 0; times -= 1) {
    const at = random(mutated.length + 1);
    const end = Math.min(mutated.length, at + random(60));
    const piece = PIECES[random(PIECES.length)] ?? '';
    mutated = [
      () => mutated.slice(0, at) + piece + mutated.slice(at),
      () => mutated.slice(0, at) + mutated.slice(end),
      () => mutated.slice(0, at),
      () => mutated.slice(0, at) + mutated.slice(at, end).repeat(1 + random(20)) + mutated.slice(end),
      () => mutated.slice(0, at) + String.fromCharCode(random(0x300)) + mutated.slice(at + 1),
      () => mutated.slice(0, at) + other.slice(random(other.length + 1), 5_000),
    ][random(6)]!();
  }
  return mutated;
}

function seeds(): readonly { name: string; text: string }[] {
  const found: { name: string; text: string }[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else
        found.push({
          name: kindOf(path) === 'workflow' ? `.github/workflows/${entry.name}` : entry.name,
          text: readFileSync(path, 'utf8'),
        });
    }
  };
  walk(corpus);
  const secrets = CANARIES.map((canary, index) => `NAME_${index}="${canary}"\n`).join('');
  return [
    ...found,
    { name: '.env', text: secrets },
    { name: 'deploy.sh', text: `#!/bin/sh\n${secrets}fly deploy -t "$TOKEN"\n` },
    {
      name: 'package.json',
      text: `{"scripts":{"postinstall":"curl https://x"},"dependencies":{"a":"${CANARIES[0]}"}}`,
    },
    {
      name: 'fly.json',
      text: `{"app":"a","env":{"TOKEN":"${CANARIES[2]}"},"http_service":{"internal_port":1}}`,
    },
  ];
}

test(`${INPUTS} mutated inputs: no crash, every place is in its file, and no output holds a canary`, () => {
  const random = numbers(20_261_128);
  const all = seeds();
  let findings = 0;
  let unread = 0;
  for (let done = 0; done < INPUTS; done += BATCH) {
    const files = Object.fromEntries(
      Array.from({ length: BATCH }, (_, index) => {
        const { name, text } = all[random(all.length)]!;
        return [`${index}/${name}`, mutate(text, all[random(all.length)]!.text, random)];
      }),
    );
    inFolder(files, (folder) => {
      const report = auditFolder(folder, { now: NOW });
      for (const { place } of report.findings) {
        const lines = (files[place.path] ?? '').split('\n').length;
        expect([place, place.line >= 1 && place.endLine >= place.line && place.endLine <= lines]).toEqual([
          place,
          true,
        ]);
      }
      const output = [
        textReport(report, 'low'),
        jsonReport(report),
        githubReport(report),
        sarifReport(report, OFFLINE_RULES, '0'),
      ].join('\n');
      expect(CANARIES.filter((canary) => output.includes(canary))).toEqual([]);
      findings += report.findings.length;
      unread += report.problems.length;
    });
  }
  // Some inputs are unreadable after it, about half; many are still read, and rules still see something in them.
  expect([findings > INPUTS, unread > INPUTS / 20, unread < INPUTS * 0.75]).toEqual([true, true, true]);
}, 600_000);
