import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import {
  applyFixes,
  auditFolder,
  auditLive,
  type AuditReport,
  baselineOf,
  beyond,
  explain,
  githubReport,
  jsonReport,
  LIVE_RULES,
  OFFLINE_RULES,
  reaches,
  readBaseline,
  sarifReport,
  SettingsError,
  SEVERITIES,
  type Severity,
  textReport,
} from '@hangar/audit';
import { inWords, systemClock } from '@hangar/http';
import { Secret } from '@hangar/security';
import { processEnvironment } from '../config.ts';
import { EXIT_USAGE, fail, say } from '../processes/terminal.ts';
import { flyOf } from '../token/fly.ts';
import { UsageError } from '../token/source/usage-error.ts';

export interface AuditFlags {
  readonly format: string;
  readonly level: string;
  readonly only?: string[];
  readonly skip?: string[];
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly explain?: string;
  readonly fix?: boolean;
  readonly history?: boolean;
  readonly live?: boolean;
  readonly org?: string;
  readonly app?: string;
  readonly simulator?: string;
  readonly owned?: string;
}

/** 0 is clean and 1 is findings. Whatever else happens must not look like either. */
const EXIT_FINDINGS = 1;
const EXIT_FAILED = 3;
const ALL_RULES = [...OFFLINE_RULES, ...LIVE_RULES];
const FORMATS = ['text', 'json', 'sarif', 'github'] as const;
/** A baseline of a hundred thousand findings fits. */
const MAX_BASELINE_BYTES = 32 * 1024 * 1024;

/** `hangar audit [dir]`: checks what a project deploys. Reads only; talks to nobody. */
export async function audit(folder: string, flags: AuditFlags, version: string): Promise<void> {
  try {
    await run(folder, flags, version);
  } catch (error) {
    if (error instanceof UsageError || error instanceof SettingsError) fail(error.message, EXIT_USAGE);
    else fail(`The audit itself failed, and says nothing about the project: ${inWords(error)}`, EXIT_FAILED);
  }
}

async function run(folder: string, flags: AuditFlags, version: string): Promise<void> {
  if (flags.explain !== undefined) {
    say(explain(ruleOf(flags.explain)));
    return;
  }
  const level = oneOf(SEVERITIES, flags.level, '--level');
  const format = oneOf(FORMATS, flags.format, '--format');
  for (const id of [...(flags.only ?? []), ...(flags.skip ?? [])]) ruleOf(id);
  requireFolder(folder);
  const known = flags.baseline === undefined ? undefined : baselineFrom(flags.baseline);
  const options = { now: systemClock(), only: flags.only, skip: flags.skip, history: flags.history };
  let report = flags.live === true ? await reportOfLive(folder, flags) : auditFolder(folder, options);
  if (flags.fix === true) {
    const { changed, refused } = applyFixes(folder, report.findings);
    for (const path of changed) process.stderr.write(`mended ${JSON.stringify(path)}\n`);
    for (const path of refused)
      process.stderr.write(`left as it is, because it changed meanwhile: ${JSON.stringify(path)}\n`);
    report = auditFolder(folder, options);
  }
  if (flags.writeBaseline !== undefined)
    writeFileSync(flags.writeBaseline, `${JSON.stringify(baselineOf(report.findings), null, 2)}\n`);
  const told = known === undefined ? report : { ...report, findings: beyond(report.findings, known) };
  const text = rendered(told, format, level, version);
  if (text !== '') say(text);
  process.exitCode = exitCodeOf(told, level);
}

/** What runs at Fly.io. The token comes from the environment alone: a command line is no place for one. */
async function reportOfLive(folder: string, flags: AuditFlags): Promise<AuditReport> {
  if (flags.fix === true || flags.history === true)
    throw new UsageError('--live changes no file and reads no history');
  if (flags.org === undefined) throw new UsageError('--live needs --org, the slug of the organization');
  const token = processEnvironment()['FLY_API_TOKEN']?.trim() ?? '';
  if (token === '')
    throw new UsageError('--live needs FLY_API_TOKEN: `fly tokens create readonly ORG -x 24h` makes one');
  const urls = flyOf({ fly: true, simulator: flags.simulator });
  if (urls === undefined) throw new UsageError('--live asks Fly.io, or --simulator');
  return await auditLive({
    now: systemClock(),
    organization: flags.org,
    app: flags.app,
    owned: flags.owned === undefined ? undefined : namesFrom(flags.owned),
    token: Secret.of(token),
    machines: urls.machines,
    api: urls.api,
    folder,
    pause: async (ms) => await setTimeout(ms),
    only: flags.only,
    skip: flags.skip,
  });
}

/** Findings win over what could not be looked at: they are certain. */
function exitCodeOf({ findings, problems }: AuditReport, level: Severity): number {
  if (findings.some(({ severity }) => reaches(severity, level))) return EXIT_FINDINGS;
  return problems.length > 0 ? EXIT_FAILED : 0;
}

function rendered(
  report: AuditReport,
  format: (typeof FORMATS)[number],
  level: Severity,
  version: string,
): string {
  switch (format) {
    case 'text':
      return textReport(report, level);
    case 'json':
      return jsonReport(report);
    case 'sarif':
      return sarifReport(report, ALL_RULES, version);
    case 'github':
      return githubReport(report);
  }
}

function ruleOf(id: string) {
  const rule = ALL_RULES.find((one) => one.id === id.toUpperCase());
  if (rule === undefined) throw new UsageError(`there is no rule ${id}; docs/audit-rules.md lists them`);
  return rule;
}

function oneOf<T extends string>(allowed: readonly T[], given: string, option: string): T {
  const found = allowed.find((one) => one === given);
  if (found === undefined) throw new UsageError(`${option} is one of ${allowed.join(', ')}`);
  return found;
}

function requireFolder(folder: string): void {
  let found = false;
  try {
    found = statSync(folder).isDirectory();
  } catch {
    // Said below.
  }
  if (!found) throw new UsageError(`${folder} is no folder`);
}

/** One name a line; what follows a # is a comment. */
function namesFrom(file: string): readonly string[] {
  return textFrom(file, 'the list')
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((name) => name !== '');
}

function textFrom(file: string, what: string): string {
  try {
    if (statSync(file).size > MAX_BASELINE_BYTES) throw new Error('too large');
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`${what} ${file} cannot be read`);
  }
}

function baselineFrom(file: string) {
  const read = readBaseline(textFrom(file, 'the baseline'));
  if (!read.ok) throw new UsageError(`${file} is ${read.reason}`);
  return read.value;
}
