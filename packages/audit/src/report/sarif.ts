import type { AuditReport } from '../audit.ts';
import type { Finding, Severity } from '../finding.ts';
import type { RuleText } from '../rule.ts';
import { printable, sentence } from './printable.ts';

const LEVEL_OF: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};
/** GitHub reads these: over 9.0 critical, over 7.0 high, over 4.0 medium. 0.0 would be none. */
const SCORE_OF: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  info: '0.5',
};
/** GitHub keeps no more of one run. */
const MAX_RESULTS = 5_000;
const HOME = 'https://github.com/hangar-control/hangar';

/** SARIF 2.1.0, in the form that GitHub takes. What is suppressed is left out: readers count it nevertheless. */
export function sarifReport(report: AuditReport, rules: readonly RuleText[], version: string): string {
  const used = rules.filter(({ id }) => report.rules.includes(id));
  const results = report.findings.slice(0, MAX_RESULTS);
  const left = report.findings.length - results.length;
  const notes = [
    ...(left > 0 ? [`${left} milder findings are left out: a run holds ${MAX_RESULTS}.`] : []),
    ...report.problems.map(({ path, reason }) => `${printable(path)}: ${printable(reason)}`),
  ];
  return JSON.stringify(
    {
      $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'hangar-audit',
              semanticVersion: version,
              informationUri: HOME,
              rules: used.map(ruleWire),
            },
          },
          // One run for each kind of audit: a second upload of the same kind takes the place of the first.
          automationDetails: {
            id: report.rules.every((id) => id.startsWith('HA7')) ? 'hangar-audit-live/' : 'hangar-audit/',
          },
          columnKind: 'utf16CodeUnits',
          originalUriBaseIds: { ROOT: { description: { text: 'The audited folder.' } } },
          invocations: [
            {
              executionSuccessful: report.problems.length === 0,
              toolExecutionNotifications: notes
                .slice(0, 1_000)
                .map((text) => ({ level: 'warning', message: { text } })),
            },
          ],
          results: results.map((finding) => resultWire(finding, used)),
        },
      ],
    },
    null,
    2,
  );
}

function ruleWire({ id, title, reason, fix, severity, source }: RuleText) {
  const helpUri = source.startsWith('https:') ? source : `${HOME}/blob/main/${source}`;
  return {
    id,
    name: title.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase()),
    shortDescription: { text: `${title}.` },
    fullDescription: { text: reason },
    help: { text: `${reason}\n\n${fix}`, markdown: `${reason}\n\n${fix}\n\n[More](${helpUri})` },
    helpUri,
    defaultConfiguration: { level: LEVEL_OF[severity] },
    messageStrings: { found: { text: '{0}. {1}' } },
    properties: { 'security-severity': SCORE_OF[severity], tags: ['security', 'flyio'] },
  };
}

function resultWire(finding: Finding, rules: readonly RuleText[]) {
  const { rule, severity, place, detail, fix, fingerprint, logical } = finding;
  const [said, mended] = [sentence(detail), sentence(fix)];
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex(({ id }) => id === rule),
    level: LEVEL_OF[severity],
    message: { id: 'found', text: `${said}. ${mended}`, arguments: [said, mended] },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(place.path), uriBaseId: 'ROOT' },
          region: {
            startLine: place.line,
            startColumn: place.column,
            endLine: place.endLine,
            endColumn: Math.max(place.endColumn, place.endLine === place.line ? place.column : 1),
          },
        },
        logicalLocations: logical === undefined ? undefined : [{ fullyQualifiedName: printable(logical) }],
      },
    ],
    partialFingerprints: {
      primaryLocationLineHash: `${fingerprint.slice(0, 16)}:1`,
      'hangar/v1': fingerprint,
    },
    properties: { 'security-severity': SCORE_OF[severity] },
  };
}

/** A relative reference: no slash in front, and no first part that looks like a scheme. */
function uriOf(path: string): string {
  return printable(path)
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');
}
