import type { Report, Result } from '../run/report.ts';
import { escaped } from './escaped.ts';
import { sumsText } from './text.ts';

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}' +
  'table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}' +
  'pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;padding:.6rem}' +
  '.failed,.broken{color:#c22}.skipped{opacity:.7}:root{color-scheme:light dark}';

/** A run as one page that needs nothing else. */
export function htmlOf(report: Report): string {
  const { results, baseUrl } = report;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>Conformance of ${escaped(baseUrl)}</title><style>${STYLE}</style></head><body>`,
    `<h1>Conformance of ${escaped(baseUrl)}</h1>`,
    `<p>${escaped(sumsText(report))}</p>`,
    '<table><thead><tr><th>Case</th><th>Level</th><th>What</th><th>Outcome</th></tr></thead><tbody>',
    ...results.map(row),
    '</tbody></table></body></html>',
    '',
  ].join('\n');
}

function row({ case: one, outcome }: Result): string {
  return [
    `<tr class="${outcome.tag}"><td>${one.id}</td><td>${one.level}</td>`,
    `<td>${escaped(one.title)}${details(one.rule, outcome)}</td><td>${outcome.tag}</td></tr>`,
  ].join('');
}

function details(rule: string, outcome: Result['outcome']): string {
  switch (outcome.tag) {
    case 'passed':
      return '';
    case 'skipped':
    case 'broken':
      return `<br><small>${escaped(outcome.why)}</small>`;
    case 'failed': {
      const { evidence } = outcome;
      const told =
        evidence === undefined
          ? ''
          : `<pre>${escaped(`${evidence.curl}\n\n${evidence.answered}\n${evidence.body}`)}</pre>`;
      return `<br>${escaped(outcome.why)}<br><small>${escaped(rule)}</small>${told}`;
    }
  }
}
