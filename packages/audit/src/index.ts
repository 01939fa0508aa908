/** Checks a folder. */
export { auditFolder, SettingsError, type AuditOptions, type AuditReport } from './audit.ts';
export { reaches, SEVERITIES, type Finding, type Place, type Problem, type Severity } from './finding.ts';
export { OFFLINE_RULES } from './all-rules.ts';
export type { RuleText } from './rule.ts';

/** Checks what runs at Fly.io. */
export { auditLive, LIVE_RULES, reportOf, type LiveAuditOptions } from './live/audit-live.ts';
export type { LiveApp, LiveWorld } from './live/live-world.ts';

/** What is told, to whom. */
export { textReport } from './report/text.ts';
export { jsonReport } from './report/json.ts';
export { sarifReport } from './report/sarif.ts';
export { githubReport } from './report/github.ts';
export { explain } from './report/explain.ts';

/** What is known already, and what can be mended by itself. */
export { baselineOf, beyond, readBaseline, type Baseline } from './settle/baseline.ts';
export { applyFixes, type Fixed } from './fix.ts';
