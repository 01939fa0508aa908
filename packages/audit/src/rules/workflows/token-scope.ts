import { optionValues, runLines, stepLines } from '../../readers/commands.ts';
import { scalars, textOf } from '../../readers/config-node.ts';
import {
  deploys,
  givesFlyToken,
  holdsFlyToken,
  type Job,
  runOf,
  scopedToken,
  usesOf,
  type Workflow,
} from '../../readers/workflow.ts';
import { pages, type Rule, type Sighting } from '../../rule.ts';
import { isThirdParty, reachedByPullRequest, runsProjectCode } from './reach.ts';

const wideToken: Rule = {
  id: 'HA301',
  severity: 'high',
  title: 'A workflow works with a token of the whole organization',
  reason:
    "Whoever gets a step of the pipeline to run their code has every app of the organization, and every person's rights with a personal token.",
  fix: 'Run `fly tokens create deploy -a APP -x 720h` for each app, keep it as the secret FLY_API_TOKEN of a protected environment, and delete the old secret.',
  source: pages.actions,
  *check(project) {
    for (const workflow of project.workflows) {
      for (const { node } of scalars(workflow.root)) {
        const text = textOf(node) ?? '';
        const named = /\bsecrets\s{0,4}\.\s{0,4}([A-Z0-9_]*(?:FLY|FLYCTL)[A-Z0-9_]*)/i.exec(text)?.[1] ?? '';
        if (!/(?:^|_)(?:ORG|ORGANIZATION|PERSONAL)(?:_|$)/i.test(named) || !/TOKEN|KEY/i.test(named))
          continue;
        yield {
          place: workflow.file.place(node.start, node.end),
          detail: `the secret ${named} is named for an organization or a person`,
          key: named,
        };
      }
      for (const line of runLines(workflow)) {
        if (!/\b(?:fly|flyctl)\s+(?:auth\s+token\b|tokens?\s+create\s+org\b)/.test(line.text)) continue;
        yield {
          place: line.file.place(line.start, line.end),
          detail: 'a step makes or prints a token of the whole organization',
        };
      }
    }
  },
};

const RISKY_EVENTS = ['pull_request_target', 'workflow_run', 'issue_comment'];
const HEAD =
  /github\.event\.pull_request\.head\.|github\.head_ref|github\.event\.workflow_run\.head_|refs\/pull\//;

const strangersCode: Rule = {
  id: 'HA302',
  severity: 'critical',
  title: 'Code of a stranger runs beside the token',
  reason:
    'On `pull_request_target`, `workflow_run` and `issue_comment` secrets are there for pull requests of anybody; whoever opens one takes the token.',
  fix: 'Split it: build and test on `pull_request` without secrets, deploy on `push` to the default branch. Do not check out the head of the request.',
  source: pages.hardening,
  *check(project) {
    for (const workflow of project.workflows) {
      if (!workflow.events.some((event) => RISKY_EVENTS.includes(event))) continue;
      for (const job of workflow.jobs) {
        if (scopedToken(workflow.env) === undefined && !holdsFlyToken(job.node)) continue;
        const checkout = job.steps.find(
          (step) =>
            (usesOf(step).startsWith('actions/checkout@') &&
              HEAD.test(textOf(step.with.find(({ name }) => name === 'ref')?.value) ?? '')) ||
            /\bgit\s+(?:fetch|checkout|switch|pull)\b[^\n]*(?:head_ref|pull_request\.head|refs\/pull)|\bgh\s+pr\s+checkout\b/.test(
              runOf(step),
            ),
        );
        if (checkout === undefined) continue;
        const node = checkout.uses?.value ?? checkout.run?.value ?? checkout.node;
        yield {
          place: workflow.file.placeOfLine(workflow.file.place(node.start).line),
          detail: `the job ${job.name} checks out the head of a request and holds a token of Fly.io`,
          key: job.name,
        };
      }
    }
  },
};

const wideScope: Rule = {
  id: 'HA303',
  severity: 'high',
  title: 'The token is set for more than the step that deploys',
  reason:
    'Every step of the job can read it: each dependency that is installed, each test, each action of somebody else.',
  fix: 'Move `env: FLY_API_TOKEN: ${{ secrets.FLY_API_TOKEN }}` to the step that deploys.',
  source: pages.hardening,
  *check(project): Generator<Sighting> {
    for (const workflow of project.workflows) {
      const wide = scopedToken(workflow.env);
      if (wide !== undefined) {
        const reason = workflow.jobs.map((job) => exposure(workflow, job)).find((one) => one !== undefined);
        if (reason !== undefined)
          yield {
            place: workflow.file.place(wide.start, wide.value.end),
            detail: `the token is set for the whole workflow, and ${reason}`,
            key: 'workflow',
          };
      }
      for (const job of workflow.jobs) {
        const token = scopedToken(job.env);
        const reason = token === undefined ? undefined : exposure(workflow, job);
        if (token === undefined || reason === undefined) continue;
        yield {
          place: workflow.file.place(token.start, token.value.end),
          detail: `the token is set for the whole job ${job.name}, and ${reason}`,
          key: job.name,
        };
      }
    }
  },
};

/** Who else gets the token of a job; undefined where nobody does. */
function exposure(workflow: Workflow, job: Job): string | undefined {
  const deployAt = job.steps.findIndex(deploys);
  const before = deployAt === -1 ? job.steps : job.steps.slice(0, deployAt);
  if (before.some(runsProjectCode)) return `${job.name} runs code of the project beside it`;
  if (!reachedByPullRequest(workflow, job)) return undefined;
  if (
    job.steps.some(
      (step) =>
        runsProjectCode(step) ||
        isThirdParty(step) ||
        usesOf(step).startsWith('actions/checkout@') ||
        deploys(step),
    )
  )
    return `pull requests start ${job.name}`;
  return undefined;
}

const commandLine: Rule = {
  id: 'HA307',
  severity: 'high',
  title: 'A token stands on a command line',
  reason:
    'Command lines are seen by every process of the machine and are printed by tracing shells and by errors.',
  fix: 'Set `FLY_API_TOKEN` in the `env` of the step; flyctl reads it by itself.',
  source: pages.actions,
  *check(project) {
    for (const workflow of project.workflows)
      for (const job of workflow.jobs)
        for (const step of job.steps) {
          const held =
            step.env.some(givesFlyToken) ||
            scopedToken(job.env) !== undefined ||
            scopedToken(workflow.env) !== undefined ||
            /FLY_API_TOKEN|secrets\.[A-Z_]*FLY/.test(runOf(step));
          for (const line of stepLines(workflow.file, step)) {
            const detail = spoken(line.text, held);
            if (detail !== undefined) yield { place: line.file.place(line.start, line.end), detail };
          }
        }
    for (const file of project.scripts)
      for (let line = 1; line <= file.lineCount; line += 1) {
        const text = file.line(line);
        const detail = /^\s*#/.test(text) ? undefined : spoken(text, false);
        if (detail !== undefined) yield { place: file.placeOfLine(line), detail };
      }
  },
};

const TOKEN_VARIABLE =
  /\$\{?(?:FLY_API_TOKEN|FLY_ACCESS_TOKEN)\b|\$\{\{\s{0,4}secrets\.\w{0,64}FLY\w{0,64}TOKEN/i;
/** A token that is piped into these is read from standard input, as it should be. */
const READERS = /^\s*(?:docker|podman|gh|wc|sha256sum|flyctl|fly|hangar|base64)\b/;

/** How a line gives the token away; undefined where it does not. */
function spoken(text: string, held: boolean): string | undefined {
  if (text.length > 8_192) return undefined;
  const parts = text.split('|');
  for (const [index, part] of parts.entries()) {
    const flyAt = part.search(/\b(?:fly|flyctl)\s/);
    const given = flyAt === -1 ? [] : optionValues(part.slice(flyAt), '-t', '--access-token');
    if (given.some((value) => /^["']?\$/.test(value))) return 'the token is an argument of flyctl';
    const printed = part.search(/\b(?:echo|printf)\s/);
    const said = printed === -1 ? '' : (part.slice(printed).split('>')[0] ?? '');
    if (TOKEN_VARIABLE.test(said) && !READERS.test(parts[index + 1] ?? '')) return 'the token is printed';
    if (
      /\bcurl\s/.test(part) &&
      TOKEN_VARIABLE.test(part) &&
      /\s(?:-[a-zA-Z]{0,8}v|--verbose|--trace)(?:\s|$)/.test(part)
    )
      return 'curl prints its headers, and with them the token';
  }
  if (held && /^\s*set\s+-[a-wyz]{0,8}x|^\s*(?:ba)?sh\s+-[a-wyz]{0,8}x/.test(text))
    return 'the shell prints every command beside the token';
  return undefined;
}

/** Where the token of a workflow is, and who can read it. */
export const TOKEN_SCOPE_RULES: readonly Rule[] = [wideToken, strangersCode, wideScope, commandLine];
