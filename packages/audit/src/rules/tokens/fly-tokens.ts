import type { Severity } from '../../finding.ts';
import type { Project } from '../../project.ts';
import { pages, type Rule } from '../../rule.ts';
import type { SecretHit } from '../../secrets/scan.ts';

const DAY_S = 86_400;
/** Nobody rotates what lives longer. */
const LONG_DAYS = 90;

function isFlyToken({ kind }: SecretHit): boolean {
  return kind === 'macaroon' || kind === 'fly-oauth';
}

function expired(hit: SecretHit, now: Date): boolean {
  return hit.facts?.expiry !== undefined && hit.facts.expiry * 1000 <= now.getTime();
}

/** Kind, length and digest: enough to know it again, nothing to use. */
export function shown(hit: SecretHit): string {
  const wrapped = hit.inside === undefined ? '' : ` in ${hit.inside}`;
  return `${hit.words}${wrapped}, ${hit.length} characters, sha256 ${hit.digest}`;
}

const liveToken: Rule = {
  id: 'HA201',
  severity: 'critical',
  title: 'A token of Fly.io lies in a file',
  reason:
    'Whoever reads the repository can deploy, read secrets or delete apps, for as long as the token lives.',
  fix: 'Revoke it (`fly tokens list`, then `fly tokens revoke ID`), make a narrow one (`fly tokens create deploy -a APP -x 720h`), and keep that in the secrets of your CI.',
  source: pages.tokens,
  *check(project) {
    for (const hit of project.secrets) {
      if (!isFlyToken(hit) || expired(hit, project.now) || loneDischarge(hit, project)) continue;
      yield {
        place: hit.file.place(hit.start, hit.end),
        detail: `${shown(hit)}${stateOf(hit)}`,
        severity: severityOf(hit, project),
        key: hit.digest,
      };
    }
  },
};

function stateOf({ facts, cut, kind }: SecretHit): string {
  if (kind === 'fly-oauth') return ': it can do everything that its owner can';
  if (facts === undefined)
    return cut === true ? ': it looks cut' : ': it has the form of a token and cannot be read as one';
  const until = facts.expiry === undefined ? 'it never ends' : `it works until ${isoOf(facts.expiry)}`;
  return `: a ${facts.role} token, ${until}${facts.needsDischarge ? ', with a discharge' : ''}`;
}

function isoOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? 'the end of time' : date.toISOString();
}

/** A token that is whole on its own, or has what completes it beside it, is worth the most. */
function severityOf(hit: SecretHit, project: Project): Severity {
  if (hit.kind === 'fly-oauth') return 'critical';
  if (hit.facts === undefined) return 'medium';
  if (hit.facts.role === 'discharge') return 'medium';
  return !hit.facts.needsDischarge || dischargeBeside(hit, project) ? 'critical' : 'high';
}

function dischargeBeside(hit: SecretHit, project: Project): boolean {
  return project.secrets.some(
    (other) => other.file === hit.file && other.facts?.role === 'discharge' && !expired(other, project.now),
  );
}

function loneDischarge(hit: SecretHit, project: Project): boolean {
  return (
    hit.facts?.role === 'discharge' &&
    !project.secrets.some((other) => other.file === hit.file && other.facts?.role === 'permission')
  );
}

const organizationWide: Rule = {
  id: 'HA206',
  severity: 'medium',
  title: 'A token works on every app of its organization',
  reason: 'One leak takes all apps along. A token of one app takes one.',
  fix: 'Run `fly tokens create deploy -a APP -x 720h` for each app, and revoke the wide one.',
  source: pages.tokens,
  *check(project) {
    for (const hit of project.secrets) {
      if (hit.facts?.organizationWide !== true || expired(hit, project.now)) continue;
      yield {
        place: hit.file.place(hit.start, hit.end),
        detail: `${shown(hit)}: no caveat confines it to an app`,
        key: hit.digest,
      };
    }
  },
};

/** Of a token in a file; HA207 of `fly tokens create` is in token-commands. */
export function* longLived(project: Project) {
  for (const hit of project.secrets) {
    if (hit.facts?.role !== 'permission' || expired(hit, project.now)) continue;
    const days =
      hit.facts.expiry === undefined
        ? undefined
        : Math.ceil((hit.facts.expiry - project.now.getTime() / 1000) / DAY_S);
    if (days !== undefined && days <= LONG_DAYS) continue;
    yield {
      place: hit.file.place(hit.start, hit.end),
      detail:
        days === undefined ? `${shown(hit)}: it never ends` : `${shown(hit)}: it works for ${days} more days`,
      key: hit.digest,
    };
  }
}

const spent: Rule = {
  id: 'HA208',
  severity: 'low',
  title: 'A token that works no more lies in a file',
  reason: 'It does no harm, and hides that the next one may end up in the same place.',
  fix: 'Delete it, and read the token from the environment.',
  source: pages.tokens,
  *check(project) {
    for (const hit of project.secrets) {
      if (hit.facts === undefined) continue;
      const over = expired(hit, project.now);
      if (!over && !loneDischarge(hit, project)) continue;
      yield {
        place: hit.file.place(hit.start, hit.end),
        detail: `${shown(hit)}: ${over ? 'it has expired' : 'a discharge alone opens nothing'}`,
        key: hit.digest,
      };
    }
  },
};

/** Tokens of Fly.io in files, by what they say about themselves. */
export const FLY_TOKEN_RULES: readonly Rule[] = [liveToken, organizationWide, spent];
