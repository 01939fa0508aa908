import type { SourceFile } from '../tree/source-file.ts';
import {
  at,
  type ConfigNode,
  items,
  type Member,
  member,
  membersOf,
  scalars,
  textOf,
  Unreadable,
} from './config-node.ts';
import { readYaml } from './yaml.ts';

/** A workflow of GitHub Actions. */
export interface Workflow {
  readonly file: SourceFile;
  readonly root: ConfigNode;
  /** Names of events that start it. */
  readonly events: readonly string[];
  readonly env: readonly Member[];
  readonly permissions: Member | undefined;
  readonly jobs: readonly Job[];
  /** Whether it deploys to Fly.io, or holds a token of it. */
  readonly aboutFly: boolean;
}

export interface Job {
  readonly name: string;
  readonly node: ConfigNode;
  readonly start: number;
  readonly end: number;
  readonly env: readonly Member[];
  readonly permissions: Member | undefined;
  readonly environment: Member | undefined;
  readonly condition: string;
  readonly uses: Member | undefined;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly node: ConfigNode;
  readonly condition: string;
  readonly uses: Member | undefined;
  readonly run: Member | undefined;
  readonly env: readonly Member[];
  readonly with: readonly Member[];
}

/**
 * @throws Unreadable for what is not YAML, or no workflow
 */
export function readWorkflow(file: SourceFile): Workflow {
  const root = readYaml(file.text);
  if (root?.kind !== 'table') throw new Unreadable('holds no workflow');
  const jobs = membersOf(at(root, 'jobs')).map(jobOf);
  return {
    file,
    root,
    events: eventsOf(at(root, 'on') ?? at(root, 'true')),
    env: membersOf(at(root, 'env')),
    permissions: member(root, 'permissions'),
    jobs,
    aboutFly: jobs.some((job) => job.steps.some(deploys)) || holdsFlyToken(root),
  };
}

function eventsOf(node: ConfigNode | undefined): readonly string[] {
  if (node?.kind === 'table') return node.members.map((one) => one.name);
  return items(node).flatMap((one) => textOf(one) ?? []);
}

function jobOf({ name, start, value }: Member): Job {
  return {
    name,
    node: value,
    start,
    end: start + name.length,
    env: membersOf(at(value, 'env')),
    permissions: member(value, 'permissions'),
    environment: member(value, 'environment'),
    condition: textOf(at(value, 'if')) ?? '',
    uses: member(value, 'uses'),
    steps: items(at(value, 'steps')).map((node) => ({
      node,
      condition: textOf(at(node, 'if')) ?? '',
      uses: member(node, 'uses'),
      run: member(node, 'run'),
      env: membersOf(at(node, 'env')),
      with: membersOf(at(node, 'with')),
    })),
  };
}

export function usesOf(step: { readonly uses: Member | undefined }): string {
  return textOf(step.uses?.value) ?? '';
}

export function runOf(step: Step): string {
  return textOf(step.run?.value) ?? '';
}

const DEPLOYING =
  /\b(?:fly|flyctl)\s[^\n]{0,300}?\bdeploy\b|\b(?:fly|flyctl)\s+(?:machines?|m)\s+(?:run|update)\b/;

/** Whether a step brings something to Fly.io. */
export function deploys(step: Step): boolean {
  if (DEPLOYING.test(runOf(step)) && !/--build-only\b/.test(runOf(step))) return true;
  const uses = usesOf(step);
  if (/fly-pr-review-apps|fly[-_.]?deploy|deploy[-_](?:to[-_])?fly/i.test(uses)) return true;
  return (
    /^[\w.-]+\/flyctl-actions@/.test(uses) &&
    step.with.some(({ name, value }) => name === 'args' && /\bdeploy\b/.test(textOf(value) ?? ''))
  );
}

const FLY_SECRET =
  /\bsecrets\s{0,4}\.\s{0,4}[A-Z0-9_]*FLY[A-Z0-9_]*(?:TOKEN|KEY)|\bsecrets\s{0,4}\.\s{0,4}[A-Z0-9_]*FLY_IO[A-Z0-9_]*/i;

/** Whether a member gives a token of Fly.io: by its own name, or by the name of the secret. */
export function givesFlyToken({ name, value }: Member): boolean {
  const text = textOf(value) ?? '';
  if (!/\$\{\{[^}]*\bsecrets\b/.test(text)) return false;
  return /^FLY_(?:API|ACCESS)_TOKEN$/i.test(name) || FLY_SECRET.test(text);
}

/** Whether a token of Fly.io is named anywhere below. */
export function holdsFlyToken(node: ConfigNode): boolean {
  for (const { path, node: one } of scalars(node)) {
    const text = textOf(one) ?? '';
    if (FLY_SECRET.test(text)) return true;
    if (/^FLY_(?:API|ACCESS)_TOKEN$/i.test(path.at(-1) ?? '') && text.includes('secrets')) return true;
  }
  return false;
}

/** Whether a token is set for the whole of it: workflow or job. */
export function scopedToken(env: readonly Member[]): Member | undefined {
  return env.find(givesFlyToken);
}
