import type { Report, Result } from '../run/report.ts';
import { escaped } from './escaped.ts';

/** A run as JUnit XML: one suite for each group. */
export function junitOf({ results, sums }: Report): string {
  const groups = [...new Set(results.map((one) => one.case.group))];
  const suites = groups.map((group) =>
    suite(
      group,
      results.filter((one) => one.case.group === group),
    ),
  );
  const { passed, failed, skipped, broken } = sums;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="conformance" tests="${passed + failed + skipped + broken}" failures="${failed}" errors="${broken}" skipped="${skipped}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(group: string, results: readonly Result[]): string {
  const count = (tag: string): number => results.filter(({ outcome }) => outcome.tag === tag).length;
  return [
    `  <testsuite name="${escaped(group)}" tests="${results.length}" failures="${count('failed')}" errors="${count('broken')}" skipped="${count('skipped')}">`,
    ...results.map(testcase),
    '  </testsuite>',
  ].join('\n');
}

function testcase({ case: one, outcome, ms }: Result): string {
  const head = `    <testcase classname="${escaped(one.group)}.${one.level}" name="${escaped(`${one.id} ${one.title}`)}" time="${(ms / 1000).toFixed(3)}"`;
  switch (outcome.tag) {
    case 'passed':
      return `${head}/>`;
    case 'skipped':
      return `${head}><skipped message="${escaped(outcome.why)}"/></testcase>`;
    case 'broken':
      return `${head}><error message="${escaped(outcome.why)}"/></testcase>`;
    case 'failed': {
      const { evidence } = outcome;
      const told =
        evidence === undefined ? '' : `${evidence.curl}\n\nanswer: ${evidence.answered}\n${evidence.body}`;
      return `${head}><failure message="${escaped(outcome.why)}">${escaped(`${one.rule}\n${told}`)}</failure></testcase>`;
    }
  }
}
