import { runOf, usesOf, type Job, type Step, type Workflow, deploys } from '../../readers/workflow.ts';

/** What happens to a job on a pull request, and what it does with the checkout. */

/** Whether somebody else's pull request starts this job. A condition on the event, the branch or a tag keeps it out. */
export function reachedByPullRequest(workflow: Workflow, job: Job): boolean {
  if (!workflow.events.some((event) => event === 'pull_request' || event === 'pull_request_target'))
    return false;
  return !keepsOut(job.condition);
}

function keepsOut(condition: string): boolean {
  if (/event_name\s*==\s*['"]pull_request/.test(condition) || /event\.action/.test(condition)) return false;
  return /github\.(?:ref|ref_name|ref_type|event_name|base_ref)\b|refs\/(?:heads|tags)/.test(condition);
}

/** The same for one step of a job. */
export function stepReachedByPullRequest(workflow: Workflow, job: Job, step: Step): boolean {
  return reachedByPullRequest(workflow, job) && !keepsOut(step.condition);
}

const PROJECT_CODE =
  /(?:^|[\s;&|(])(?:npm\s+(?:ci|i|install|run|test|t|exec)|npx|pnpm\s|yarn(?:\s|$)|bun\s+(?:install|run|test|x)|pip3?\s+install|pytest|tox|poetry\s|uv\s+(?:run|sync|pip)|python3?\s+\S|make(?:\s|$)|go\s+(?:test|run|build|generate)|cargo\s|mix\s|bundle\s|rails\s|rake\s|gradle|\.\/gradlew|mvn|\.\/mvnw|sbt\s|dotnet\s+(?:test|build|run|restore|publish)|composer\s+install|php\s+\S|docker\s+(?:build|compose)|docker-compose|terraform\s+(?:apply|plan|init)|deno\s+(?:run|test|task)|gleam\s|\.\/[\w.-]+|(?:ba)?sh\s+\w[\w./-]*)/m;

/** Whether a step runs what the checkout brought: installing, testing, building, a script, an action of the checkout. */
export function runsProjectCode(step: Step): boolean {
  if (deploys(step)) return false;
  if (usesOf(step).startsWith('./')) return true;
  return PROJECT_CODE.test(runOf(step));
}

/** Third parties that a token in the job's environment is handed to: not GitHub's own, not Fly.io's. */
export function isThirdParty(step: Step): boolean {
  const uses = usesOf(step);
  return (
    uses !== '' &&
    !/^(?:\.\/|actions\/|github\/|docker:\/\/|superfly\/)/.test(uses) &&
    !/\/flyctl-actions/.test(uses)
  );
}
