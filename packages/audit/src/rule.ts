import type { Edit, Place, Severity } from './finding.ts';
import type { Project } from './project.ts';

/** What a rule is, for people: what `--explain` prints and the reference is made of. */
export interface RuleText {
  /** `HA` and three digits. It never changes its meaning. */
  readonly id: string;
  /** The worst that it says; single sightings may be milder. */
  readonly severity: Severity;
  readonly title: string;
  /** Why it matters: what somebody could do. */
  readonly reason: string;
  /** What to do, with the exact command where there is one. */
  readonly fix: string;
  /** A page that says the same, by the one who makes the thing. */
  readonly source: string;
}

/** One place at which a rule applies. */
export interface Sighting {
  readonly place: Place;
  readonly detail: string;
  /** Milder than the rule's own. */
  readonly severity?: Severity | undefined;
  /** More exact than the rule's own. */
  readonly fix?: string | undefined;
  readonly edit?: Edit | undefined;
  /** What makes it this finding and no other, beside the rule and the path; without it the text of its line. */
  readonly key?: string | undefined;
}

/** A rule over the files of a project. */
export interface Rule extends RuleText {
  check(project: Project): Iterable<Sighting>;
}

const PAGES = {
  config: 'https://fly.io/docs/reference/configuration/',
  secrets: 'https://fly.io/docs/apps/secrets/',
  tokens: 'https://fly.io/docs/security/tokens/',
  services: 'https://fly.io/docs/networking/services/',
  private: 'https://fly.io/docs/networking/private-networking/',
  flycast: 'https://fly.io/docs/networking/flycast/',
  certificates: 'https://fly.io/docs/networking/custom-domain/',
  volumes: 'https://fly.io/docs/volumes/overview/',
  deploy: 'https://fly.io/docs/launch/deploy/',
  actions: 'https://fly.io/docs/launch/continuous-deployment-with-github-actions/',
  hardening: 'https://docs.github.com/en/actions/reference/security/secure-use',
  environments:
    'https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments',
  dockerBest: 'https://docs.docker.com/build/building/best-practices/',
  dockerSecrets: 'https://docs.docker.com/build/building/secrets/',
  dockerIgnore: 'https://docs.docker.com/build/concepts/context/#dockerignore-files',
  wireguard: 'https://fly.io/docs/blueprints/connect-private-network-wireguard/',
  npm: 'https://docs.npmjs.com/cli/v11/using-npm/scripts/',
  tigris: 'https://www.tigrisdata.com/docs/iam/',
  hangar: 'docs/configuration.md',
  audit: 'docs/guides/audit.md',
} as const;

/** Pages that rules point to. */
export const pages: typeof PAGES = PAGES;
