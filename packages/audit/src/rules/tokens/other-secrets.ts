import { pages, type Rule } from '../../rule.ts';
import type { SecretKind } from '../../secrets/shapes.ts';
import type { Severity } from '../../finding.ts';
import { isSecretName } from '../../secrets/names.ts';
import { looksSecret } from '../../secrets/values.ts';
import { isExample } from '../../tree/kinds.ts';
import { shown } from './fly-tokens.ts';

/** How bad it is alone. A key id is no secret; with its secret in the same file the pair is complete. */
const SEVERITY_OF: Readonly<
  Record<Exclude<SecretKind, 'macaroon' | 'fly-oauth' | 'wireguard-key'>, Severity>
> = {
  'tigris-id': 'low',
  'tigris-secret': 'high',
  'private-key': 'critical',
  'url-password': 'critical',
  'aws-key': 'low',
  'webhook-secret': 'critical',
  'payment-key': 'critical',
  'github-token': 'critical',
  'chat-token': 'critical',
  'model-key': 'critical',
  jwt: 'medium',
};

const otherSecret: Rule = {
  id: 'HA202',
  severity: 'critical',
  title: 'A secret of another service lies in a file',
  reason: 'Whoever reads the repository, its forks or its images can use it.',
  fix: 'Rotate it where it was issued, keep the new one with `fly secrets set NAME=VALUE`, and delete it from the file.',
  source: pages.secrets,
  *check(project) {
    const reported = new Set(project.flyConfigs.map(({ file }) => file));
    for (const hit of project.secrets) {
      const { kind, file } = hit;
      // In [env] it is HA101 that says so.
      if (
        kind === 'macaroon' ||
        kind === 'fly-oauth' ||
        kind === 'wireguard-key' ||
        (reported.has(file) && inEnv(file.line(file.place(hit.start).line)))
      )
        continue;
      const pair =
        kind === 'tigris-secret' &&
        project.secrets.some((other) => other.file === file && other.kind === 'tigris-id');
      yield {
        place: file.place(hit.start, hit.end),
        detail: shown(hit),
        severity: pair ? 'critical' : SEVERITY_OF[kind],
        key: hit.digest,
      };
    }
  },
};

function inEnv(line: string): boolean {
  return !/^\s*(?:#|\/\/)/.test(line);
}

const trackedEnv: Rule = {
  id: 'HA203',
  severity: 'high',
  title: 'An environment file is in version control',
  reason:
    'What is in `.env` is what must not be shared; in git it is shared with everybody, and stays there.',
  fix: 'Run `git rm --cached FILE`, add it to `.gitignore`, and rotate what was in it. A file to copy from is called `.env.example`.',
  source: pages.secrets,
  *check(project) {
    if (project.tracked === undefined) return;
    for (const { file, lines } of project.envFiles) {
      if (file.tracked !== true || isExample(file.path)) continue;
      const secret = lines.find(({ name, value }) => isSecretName(name) && looksSecret(value));
      const found = project.secrets.some((hit) => hit.file === file);
      yield {
        place: secret === undefined ? file.placeOfLine(1) : file.place(secret.start, secret.end),
        detail:
          secret === undefined
            ? 'git has this file; no value in it looks secret'
            : `git has this file, with a value for ${secret.name}`,
        severity: secret === undefined && !found ? 'low' : 'high',
        fix: `Run \`git rm --cached ${file.path}\`, add it to .gitignore, and rotate what was in it.`,
        key: file.path,
      };
    }
  },
};

const wireGuard: Rule = {
  id: 'HA205',
  severity: 'medium',
  title: 'A WireGuard configuration lies in a file',
  reason: 'It is a way into the private network of the organization, past every public door.',
  fix: 'Delete it, run `fly wireguard remove ORG NAME`, and make a new one where it is needed: `fly wireguard create`.',
  source: pages.wireguard,
  *check(project) {
    for (const hit of project.secrets) {
      if (hit.kind !== 'wireguard-key') continue;
      yield { place: hit.file.place(hit.start, hit.end), detail: shown(hit), key: hit.digest };
    }
  },
};

/** Secrets of others, and files that hold them. */
export const OTHER_SECRET_RULES: readonly Rule[] = [otherSecret, trackedEnv, wireGuard];
