import type { AuditReport } from '../audit.ts';
import type { Finding } from '../finding.ts';
import { printable, sentence } from './printable.ts';

/** For programs: one object. Its members are only added to. */
export function jsonReport(report: AuditReport): string {
  return JSON.stringify(
    {
      version: 1,
      complete: report.problems.length === 0,
      files: report.files,
      rules: report.rules,
      findings: report.findings.map(wire),
      suppressed: report.suppressed.map(wire),
      problems: report.problems.map(({ path, reason }) => ({
        path: printable(path),
        reason: printable(reason),
      })),
    },
    null,
    2,
  );
}

function wire({ rule, severity, place, detail, fix, fingerprint, logical, edit }: Finding) {
  return {
    rule,
    severity,
    path: printable(place.path),
    line: place.line,
    column: place.column,
    end_line: place.endLine,
    end_column: place.endColumn,
    detail: sentence(detail),
    fix: sentence(fix),
    fingerprint,
    fixable: edit !== undefined,
    logical: logical === undefined ? undefined : printable(logical),
  };
}
