import type { AuditReport } from '../audit.ts';
import type { Finding, Severity } from '../finding.ts';
import { printable, sentence } from './printable.ts';

const COMMAND_OF: Readonly<Record<Severity, 'error' | 'warning' | 'notice'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'notice',
  info: 'notice',
};

/** Annotations of GitHub Actions: workflow commands, one a line. */
export function githubReport(report: AuditReport): string {
  return [
    ...report.findings.map(annotation),
    ...report.problems.map(
      ({ path, reason }) => `::warning file=${property(path)}::${message(`not looked at: ${reason}`)}`,
    ),
  ].join('\n');
}

function annotation({ rule, severity, place, detail, fix }: Finding): string {
  const { path, line, column, endLine, endColumn } = place;
  const one = endLine === line ? `,col=${column},endColumn=${Math.max(column, endColumn - 1)}` : '';
  return `::${COMMAND_OF[severity]} file=${property(path)},line=${line},endLine=${endLine}${one},title=${property(`${rule} (${severity})`)}::${message(`${detail}. ${fix}`)}`;
}

/** A name or a text of the project must not become a command of its own, nor another property. */
function message(text: string): string {
  return sentence(text).replaceAll('%', '%25');
}

function property(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll(':', '%3A').replaceAll(',', '%2C');
}
