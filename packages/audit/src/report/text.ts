import type { AuditReport } from '../audit.ts';
import { SEVERITIES, type Finding, type Severity } from '../finding.ts';
import { printable, sentence } from './printable.ts';

/** For a person at a terminal: each file, what is there, and what to do. */
export function textReport(report: AuditReport, level: Severity): string {
  const lines: string[] = [];
  for (const finding of report.findings) lines.push(...linesOf(finding));
  for (const { path, reason } of report.problems)
    lines.push(`not looked at  ${printable(path === '' ? '.' : path)}: ${printable(reason)}`);
  if (lines.length > 0) lines.push('');
  lines.push(
    `${report.files === 0 ? '' : `${report.files} files, `}${report.rules.length} rules: ${summary(report.findings)}${silentNote(report)}.`,
  );
  if (report.problems.length > 0) lines.push('The audit is incomplete: see "not looked at" above.');
  lines.push(`Fails at ${level} and above. \`hangar audit --explain RULE\` says more about a rule.`);
  return lines.join('\n');
}

function linesOf({ rule, severity, place, detail, fix, logical }: Finding): readonly string[] {
  const where = logical ?? `${place.path}:${place.line}:${place.column}`;
  return [
    `${severity.padEnd(8)} ${rule}  ${printable(where)}`,
    `         ${sentence(detail)}`,
    `         ${sentence(fix)}`,
  ];
}

function summary(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'nothing found';
  return SEVERITIES.toReversed()
    .map((severity) => [severity, findings.filter((one) => one.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}`)
    .join(', ');
}

function silentNote({ suppressed }: AuditReport): string {
  return suppressed.length === 0 ? '' : `, ${suppressed.length} suppressed`;
}
