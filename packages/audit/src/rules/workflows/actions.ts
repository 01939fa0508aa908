import { member, scalars, textOf } from '../../readers/config-node.ts';
import { deploys, type Job, type Workflow } from '../../readers/workflow.ts';
import type { Member } from '../../readers/config-node.ts';
import { pages, type Rule, type Sighting } from '../../rule.ts';
import { stepReachedByPullRequest } from './reach.ts';

type Pin = 'commit' | 'version' | 'branch';

function pinOf(uses: string): Pin | undefined {
  const at = uses.lastIndexOf('@');
  if (uses.startsWith('./') || uses.startsWith('docker://') || at === -1 || !uses.includes('/'))
    return undefined;
  const ref = uses.slice(at + 1);
  if (/^[0-9a-f]{40}$|^[0-9a-f]{64}$/.test(ref)) return 'commit';
  return /^v?\d/.test(ref) ? 'version' : 'branch';
}

const movingAction: Rule = {
  id: 'HA304',
  severity: 'medium',
  title: 'An action can change under its name',
  reason:
    'Whoever can push to that branch, or move that tag, runs code beside your token. The guide of the platform itself says `@master`.',
  fix: 'Pin the commit: `git ls-remote https://github.com/OWNER/REPO HEAD` prints it, then `uses: OWNER/REPO@COMMIT # version`.',
  source: pages.hardening,
  *check(project): Generator<Sighting> {
    for (const workflow of project.workflows)
      for (const used of usedBy(workflow)) {
        const uses = textOf(used.value) ?? '';
        const pin = pinOf(uses);
        if (pin === undefined || pin === 'commit') continue;
        const [name = '', ref = ''] = uses.split('@');
        const [owner, repository] = name.split('/');
        yield {
          place: workflow.file.place(used.value.start, used.value.end),
          detail:
            pin === 'branch'
              ? `${name} is pinned to the branch ${ref}`
              : `${name} is pinned to the tag ${ref}`,
          severity: pin === 'branch' && workflow.aboutFly ? 'medium' : 'low',
          fix: `Run \`git ls-remote https://github.com/${owner}/${repository} ${pin === 'branch' ? `refs/heads/${ref}` : `refs/tags/${ref}`}\`, and write the commit in place of ${ref}.`,
          key: uses,
        };
      }
  },
};

function usedBy(workflow: Workflow): readonly Member[] {
  return workflow.jobs.flatMap((job) =>
    [job.uses, ...job.steps.map((step) => step.uses)].filter((one) => one !== undefined),
  );
}

const permissions: Rule = {
  id: 'HA305',
  severity: 'low',
  title: 'A workflow does not say what its GitHub token may do',
  reason:
    'Without `permissions` the token has what the repository gives by default, which may be to write everywhere.',
  fix: 'Write `permissions: { contents: read }` at the top of the workflow.',
  source: pages.hardening,
  *check(project) {
    for (const workflow of project.workflows) {
      const { permissions: said, jobs, file } = workflow;
      if (said !== undefined && textOf(said.value) === 'write-all')
        yield { place: file.place(said.start, said.value.end), detail: 'the workflow may write everywhere' };
      else if (said === undefined && jobs.some((job) => job.permissions === undefined)) {
        const start = member(workflow.root, 'jobs')?.start ?? 0;
        yield {
          place: file.place(start, start + 'jobs'.length),
          detail: 'neither the workflow nor each of its jobs has permissions',
          edit:
            /(?:^|\n)$/.test(file.text.slice(0, start)) && file.text.startsWith('jobs', start)
              ? { path: file.path, start, end: start, text: 'permissions:\n  contents: read\n\n' }
              : undefined,
          key: 'permissions',
        };
      }
    }
  },
};

const environment: Rule = {
  id: 'HA306',
  severity: 'medium',
  title: 'A job deploys without an environment',
  reason: 'An environment holds the token back from every other branch and job, and can ask a person first.',
  fix: 'Write `environment: production` to the job, create it under Settings, Environments, and move the secret there.',
  source: pages.environments,
  *check(project) {
    for (const workflow of project.workflows)
      for (const job of workflow.jobs) {
        if (job.environment !== undefined) continue;
        const step = job.steps.find(deploys);
        if (step === undefined) continue;
        const byRequest =
          workflow.events.includes('pull_request') &&
          stepReachedByPullRequest(workflow, job, step) &&
          !previews(job);
        yield {
          place: workflow.file.place(job.start, job.end),
          detail: byRequest
            ? `a pull request deploys, by the job ${job.name}, which has no environment`
            : `the job ${job.name} deploys and has no environment`,
          severity: byRequest ? 'medium' : 'low',
          key: job.name,
        };
      }
  },
};

/** An app for each pull request is meant to be deployed by it. */
function previews(job: Job): boolean {
  for (const { node } of scalars(job.node))
    if (/preview|fly-pr-review-apps|github\.event\.number|pull_request\.number/i.test(textOf(node) ?? ''))
      return true;
  return false;
}

const SCANNERS =
  /trivy|grype|snyk|docker\s+scout|osv-scanner|npm\s+audit|pnpm\s+audit|yarn\s+(?:npm\s+)?audit|pip-audit|cargo\s+(?:audit|deny)|govulncheck|bundler?-audit|codeql|dependency-review|hangar\s+audit|anchore|clair/i;
const WATCHERS =
  /^(?:\.github\/dependabot\.ya?ml|renovate\.json5?|\.renovaterc(?:\.json)?|\.github\/renovate\.json5?)$/;

const noScan: Rule = {
  id: 'HA310',
  severity: 'low',
  title: 'Nothing scans what is deployed',
  reason: "Most of an image is other people's code, and its weaknesses become known after it was built.",
  fix: 'Add `.github/dependabot.yml`, or a step such as `trivy image --exit-code 1 --severity HIGH,CRITICAL IMAGE`.',
  source: pages.hardening,
  *check(project) {
    const deploying = project.workflows.find((workflow) =>
      workflow.jobs.some((job) => job.steps.some(deploys)),
    );
    if (deploying === undefined) return;
    if (project.paths.some((path) => WATCHERS.test(path))) return;
    if (project.workflows.some(({ file }) => SCANNERS.test(file.text))) return;
    yield {
      place: deploying.file.placeOfLine(1),
      detail: 'no workflow scans, and nothing watches the dependencies',
      key: 'no scan',
    };
  },
};

/** How workflows are put together. */
export const ACTION_RULES: readonly Rule[] = [movingAction, permissions, environment, noScan];
