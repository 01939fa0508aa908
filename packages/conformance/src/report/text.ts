import type { Report, Result } from '../run/report.ts';

/** One case as a line, and below it what a person needs when it does not hold. */
export function textOf({ case: one, outcome }: Result): string {
  const head = (word: string): string => `${word} ${one.id} ${one.level.toUpperCase()} ${one.title}`;
  switch (outcome.tag) {
    case 'passed':
      return head('ok     ');
    case 'skipped':
      return `${head('skipped')}\n        ${outcome.why}`;
    case 'broken':
      return `${head('BROKEN ')}\n        the tester failed: ${outcome.why}`;
    case 'failed': {
      const { evidence } = outcome;
      return [
        head('FAILED '),
        `        ${outcome.why}`,
        `        rule: ${one.rule}`,
        ...(evidence === undefined
          ? []
          : [
              indented(evidence.curl),
              `        answer: ${evidence.answered}${Object.entries(evidence.headers)
                .map(([name, value]) => `\n          ${name}: ${value}`)
                .join('')}`,
              ...(evidence.body === '' ? [] : [indented(evidence.body, 10)]),
            ]),
      ].join('\n');
    }
  }
}

/** The last lines. */
export function sumsText({ sums, left }: Report): string {
  const { passed, failed, skipped, broken, failedMust } = sums;
  return [
    ...left.map((one) => `still at the provider: ${one}`),
    `${passed} passed, ${failed} failed (${failedMust} of them MUST), ${skipped} skipped${broken > 0 ? `, ${broken} could not be tested` : ''}`,
  ].join('\n');
}

function indented(text: string, by = 8): string {
  return text
    .split('\n')
    .map((line) => ' '.repeat(by) + line)
    .join('\n');
}
