import { OFFLINE_RULES } from './all-rules.ts';
import { type Finding, type Problem, SEVERITIES } from './finding.ts';
import { fingerprintOf } from './fingerprint.ts';
import { readProject, type Project } from './project.ts';
import type { Rule, Sighting } from './rule.ts';
import { ignoresPath, readSettings, SETTINGS_FILE, type IgnoredPaths } from './settle/settings-file.ts';
import { readSuppressions, suppresses, type Suppression } from './settle/suppressions.ts';

export interface AuditOptions {
  readonly now: Date;
  /** Only these rules; all without. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  /** Look at what git still has of deleted versions. */
  readonly history?: boolean | undefined;
}

/** What an audit found, and what it could not look at. */
export interface AuditReport {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly Finding[];
  /** An audit with any of these is incomplete, and never clean. */
  readonly problems: readonly Problem[];
  readonly files: number;
  readonly rules: readonly string[];
}

/**
 * Checks the files of a folder. Reads only: nothing of the project is run, no link is followed, nothing is asked of the network.
 * A defect of a rule is thrown: what calls this must not take it for an answer.
 */
export function auditFolder(root: string, options: AuditOptions): AuditReport {
  const project = readProject(root, options.now, options.history === true);
  return auditProject(project, chosenRules(OFFLINE_RULES, options), ignoredBy(project));
}

export function chosenRules<T extends { readonly id: string }>(
  rules: readonly T[],
  { only, skip }: Pick<AuditOptions, 'only' | 'skip'>,
): readonly T[] {
  return rules.filter(({ id }) => (only === undefined || only.includes(id)) && skip?.includes(id) !== true);
}

/** A file of settings that cannot be read silences nothing, and must not pass for one that says nothing. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** @throws SettingsError */
function ignoredBy(project: Project): readonly IgnoredPaths[] {
  const text = project.paths.includes(SETTINGS_FILE) ? project.text(SETTINGS_FILE) : undefined;
  if (text === undefined) return [];
  const read = readSettings(text);
  if (!read.ok) throw new SettingsError(`${SETTINGS_FILE}: ${read.reason}`);
  return read.value;
}

function auditProject(
  project: Project,
  rules: readonly Rule[],
  ignored: readonly IgnoredPaths[],
): AuditReport {
  const all: Finding[] = [];
  for (const rule of rules) for (const finding of findingsOf(rule, project)) all.push(finding);
  const suppressions = project.commented.flatMap((file) => readSuppressions(file));
  const { told, silent } = settled(all, suppressions, ignored, project.now);
  const unread = rules.some(({ id }) => id === 'HA902')
    ? told
        .filter(({ rule, severity }) => rule === 'HA902' && severity !== 'info')
        .map(({ place, detail }) => ({ path: place.path, reason: detail }))
    : [];
  return {
    findings: told.toSorted(inOrder),
    suppressed: silent,
    problems: [...project.problems, ...unread],
    files: project.fileCount,
    rules: rules.map(({ id }) => id),
  };
}

function settled(
  all: readonly Finding[],
  suppressions: readonly Suppression[],
  ignored: readonly IgnoredPaths[],
  now: Date,
) {
  const told: Finding[] = [];
  const silent: Finding[] = [];
  for (const finding of all) {
    const silenced =
      suppressions.some((one) => suppresses(one, finding, now)) ||
      ignored.some((one) => ignoresPath(one, finding, now));
    (silenced ? silent : told).push(finding);
  }
  return { silent, told };
}

/** Findings of one rule, each with a fingerprint of its own: the second of the same kind in a file is the second. */
function findingsOf(rule: Rule, project: Project): readonly Finding[] {
  const times = new Map<string, number>();
  const found: Finding[] = [];
  for (const sighting of rule.check(project)) {
    const base = `${sighting.place.path}\n${sighting.key ?? sighting.detail}`;
    const time = times.get(base) ?? 0;
    times.set(base, time + 1);
    found.push(
      findingFrom(
        rule,
        sighting,
        fingerprintOf(rule.id, sighting.place.path, sighting.key ?? sighting.detail, time),
      ),
    );
  }
  return found;
}

function findingFrom(rule: Rule, sighting: Sighting, fingerprint: string): Finding {
  return {
    rule: rule.id,
    severity: sighting.severity ?? rule.severity,
    place: sighting.place,
    detail: sighting.detail,
    fix: sighting.fix ?? rule.fix,
    fingerprint,
    edit: sighting.edit,
  };
}

/** The worst first; then as the files are read. */
export function inOrder(a: Finding, b: Finding): number {
  const worse = SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity);
  if (worse !== 0) return worse;
  return (
    a.place.path.localeCompare(b.place.path) || a.place.line - b.place.line || a.rule.localeCompare(b.rule)
  );
}
