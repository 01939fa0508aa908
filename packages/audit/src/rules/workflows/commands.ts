import { optionValues, stepLines } from '../../readers/commands.ts';
import { textOf } from '../../readers/config-node.ts';
import { holdsFlyToken, runOf, scopedToken, type Step, usesOf } from '../../readers/workflow.ts';
import { pages, type Rule, type Sighting } from '../../rule.ts';

/** Texts that whoever opens an issue or a pull request writes. Numbers, ids and names of events are not among them. */
const WRITTEN_BY_STRANGERS =
  /github\.event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.(?:ref|label|repo\.\w+))|comment\.body|review\.body|review_comment\.body|discussion\.(?:title|body)|pages\.\*?\.?page_name|commits(?:\.\*|\[\d+\])?\.(?:message|author\.(?:name|email))|head_commit\.(?:message|author\.(?:name|email))|workflow_run\.(?:head_branch|display_title|head_commit\.message))|github\.head_ref/;
/** Names that only somebody with write access gives; harmless from a tag of one's own, and not from a branch. */
const WRITTEN_BY_COLLEAGUES = /github\.ref_name|github\.event\.(?:ref|inputs\.\w+)/;
const EXPRESSION = /\$\{\{([^}]{1,400})\}\}/g;

const interpolated: Rule = {
  id: 'HA308',
  severity: 'high',
  title: 'Text of strangers becomes part of a command',
  reason:
    'The title of a pull request or the name of a branch may hold `$(…)`, which the shell runs beside the token.',
  fix: 'Pass it by the environment: `env: TITLE: ${{ github.event.pull_request.title }}`, and write `"$TITLE"` in the command.',
  source: pages.hardening,
  *check(project) {
    for (const workflow of project.workflows)
      for (const job of workflow.jobs) {
        if (scopedToken(workflow.env) === undefined && !holdsFlyToken(job.node)) continue;
        for (const step of job.steps) {
          const node = step.run?.value;
          if (node === undefined) continue;
          for (const [whole, expression = ''] of runOf(step).matchAll(EXPRESSION)) {
            const stranger = WRITTEN_BY_STRANGERS.test(expression);
            if (!stranger && !WRITTEN_BY_COLLEAGUES.test(expression)) continue;
            const start = workflow.file.text.indexOf(whole, node.start);
            yield {
              place: workflow.file.place(
                start === -1 ? node.start : start,
                start === -1 ? node.start : start + whole.length,
              ),
              detail: `${expression.trim()} is put into the command as it is`,
              severity: stranger ? 'high' : 'low',
              key: expression.trim(),
            };
          }
        }
      }
  },
};

const passedSecrets: Rule = {
  id: 'HA309',
  severity: 'medium',
  title: 'A secret is deployed as plain configuration',
  reason:
    'What `--env` and `--build-arg` say can be read in the configuration of each machine and in the history of the image.',
  fix: 'Run `fly secrets set --stage NAME="$NAME" -a APP` before the deployment, or `fly deploy --build-secret NAME="$NAME"` for the build.',
  source: pages.secrets,
  *check(project): Generator<Sighting> {
    for (const workflow of project.workflows)
      for (const job of workflow.jobs)
        for (const step of job.steps) {
          const secretNames = new Set(
            [...workflow.env, ...job.env, ...step.env]
              .filter(({ value }) => /\bsecrets\./.test(textOf(value) ?? ''))
              .map(({ name }) => name),
          );
          for (const line of commandsOf(workflow.file, step)) {
            if (!/\b(?:fly|flyctl)\b|deploy|docker\s+build/.test(line.text)) continue;
            const given = optionValues(line.text, '-e', '--env', '--build-arg').find((value) =>
              carriesSecret(value, secretNames, line.text),
            );
            if (given === undefined) continue;
            const name = given.replace(/^["']/, '').split('=')[0] ?? '';
            yield {
              place: line.file.place(line.start, line.end),
              detail: `${name} is a secret and becomes plain configuration`,
              key: name,
            };
          }
        }
  },
};

/** `run` and, of the action of Fly.io, `args`. */
function commandsOf(file: Parameters<typeof stepLines>[0], step: Step) {
  const args = step.with.find(({ name }) => name === 'args');
  const text = textOf(args?.value);
  const own = stepLines(file, step);
  if (args === undefined || text === undefined || !/flyctl/.test(usesOf(step))) return own;
  return [...own, { file, text: `flyctl ${text}`, start: args.value.start, end: args.value.end }];
}

/** An expression with blanks in it is several words: the whole line is looked at from there. */
function carriesSecret(value: string, secretNames: ReadonlySet<string>, line: string): boolean {
  const assigned = value.slice(value.indexOf('=') + 1);
  if (!value.includes('=')) return secretNames.has(value.replaceAll(/["']/g, ''));
  if (assigned.startsWith('${{') || assigned.startsWith('"${{')) {
    const start = line.indexOf(value);
    return /^[^}]*\bsecrets\./.test(line.slice(start + value.indexOf('${{')));
  }
  const named = /\$\{?([A-Za-z_]\w*)/.exec(assigned)?.[1];
  return /\$\{\{[^}]*\bsecrets\./.test(assigned) || (named !== undefined && secretNames.has(named));
}

/** What the commands of a workflow say. */
export const COMMAND_RULES: readonly Rule[] = [interpolated, passedSecrets];
