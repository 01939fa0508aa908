import type { Secret } from '@hangar/security';
import { chosenRules, inOrder, type AuditReport } from '../audit.ts';
import type { Finding, Place } from '../finding.ts';
import { fingerprintOf } from '../fingerprint.ts';
import { findApps } from './app-places.ts';
import { createFlyReader, type FlyReader } from './fly-reader.ts';
import { type LiveWorld, readLiveWorld } from './live-world.ts';
import type { LiveRule, LiveSighting } from './live-rule.ts';
import { presentedBy } from './presented.ts';
import { LIVE_EXPOSURE_RULES } from './rules-exposure.ts';
import { LIVE_PEOPLE_RULES } from './rules-people.ts';
import { LIVE_RUNNING_RULES } from './rules-running.ts';

/** Every rule over what Fly.io says, by its id. */
export const LIVE_RULES: readonly LiveRule[] = [
  ...LIVE_EXPOSURE_RULES,
  ...LIVE_RUNNING_RULES,
  ...LIVE_PEOPLE_RULES,
].toSorted((a, b) => a.id.localeCompare(b.id));

export interface LiveAuditOptions {
  readonly now: Date;
  readonly organization: string;
  /** Only this app. */
  readonly app?: string | undefined;
  /** Names of apps that somebody answers for: any other is a finding. */
  readonly owned?: readonly string[] | undefined;
  readonly token: Secret;
  readonly machines: string;
  readonly api: string;
  /** A project whose `fly.toml` files stand for the apps in reports. */
  readonly folder: string;
  readonly pause: (ms: number) => Promise<void>;
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
}

/** Checks what runs. Only reads, and only at the two addresses that are given. */
export async function auditLive(options: LiveAuditOptions): Promise<AuditReport> {
  const places = findApps(options.folder);
  const reader: FlyReader = createFlyReader(options);
  try {
    const presented = presentedBy(options.token.reveal(), options.now);
    const world = await readLiveWorld(reader, {
      slug: options.organization,
      presented,
      app: options.app,
      owned: options.owned === undefined ? undefined : new Set(options.owned),
      now: options.now,
      pause: options.pause,
    });
    return reportOf(world, chosenRules(LIVE_RULES, options), places);
  } finally {
    await reader.close();
  }
}

/** The report over a world that was read. */
export function reportOf(
  world: LiveWorld,
  rules: readonly LiveRule[],
  places: ReadonlyMap<string, Place>,
): AuditReport {
  const findings = rules.flatMap((rule) =>
    [...rule.check(world)].map((sighting) => findingOf(rule, sighting, world, places)),
  );
  return {
    findings: findings.toSorted(inOrder),
    suppressed: [],
    problems: world.problems,
    files: 0,
    rules: rules.map(({ id }) => id),
  };
}

/** GitHub shows only what has a place in a file: the app's own configuration stands for it. */
function findingOf(
  rule: LiveRule,
  sighting: LiveSighting,
  world: LiveWorld,
  places: ReadonlyMap<string, Place>,
): Finding {
  const logical = sighting.where === undefined ? world.slug : `${world.slug}/${sighting.where}`;
  const app = sighting.where?.split('/')[0] ?? '';
  return {
    rule: rule.id,
    severity: sighting.severity ?? rule.severity,
    place: places.get(app) ?? { path: 'fly.toml', line: 1, column: 1, endLine: 1, endColumn: 1 },
    detail: sighting.detail,
    fix: (sighting.fix ?? rule.fix)
      .replaceAll(/\bORG\b/g, world.slug)
      .replaceAll(/-a APP\b/g, app === '' ? '-a APP' : `-a ${app}`),
    fingerprint: fingerprintOf(rule.id, logical, sighting.key ?? sighting.detail, 0),
    logical,
  };
}
