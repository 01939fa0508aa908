import { readFileSync, writeFileSync } from 'node:fs';
import { missing, shapeOf } from './shape.ts';
import { jsonOf, type ClientStage } from './stage.ts';
import type { Sequence, Step } from './sequence.ts';

/** The sequences of a scenario, as they were recorded. */
export function recorded(name: string): Sequence[] {
  const sequences: { line: string; steps: Step[] }[] = [];
  for (const text of readFileSync(sequencesPath(name), 'utf8').split('\n').filter(Boolean)) {
    const row = JSON.parse(text) as Step | { readonly line: string };
    if ('line' in row) sequences.push({ line: row.line, steps: [] });
    else sequences.at(-1)?.steps.push(row);
  }
  return sequences;
}

/** What the last run of a client said of each of its lines. */
export function resultsOf(name: string): { readonly line: string }[] {
  const text = readFileSync(new URL(`results/${name}.jsonl`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((row) => JSON.parse(row) as { line: string });
}

/** Writes them down: a row names a line of flyctl, and those behind it are what it sends. */
export function record(name: string, sequences: readonly Sequence[]): void {
  const rows = sequences.flatMap(({ line, steps }) => [{ line }, ...steps]);
  writeFileSync(sequencesPath(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

function sequencesPath(name: string): URL {
  return new URL(`sequences/${name}.jsonl`, import.meta.url);
}

/** Sends a step in this world, and says in words what is not as it was. Texts that later steps use go into `texts`. */
export async function replay(
  stage: ClientStage,
  step: Step,
  texts: Map<string, string>,
  token: string,
): Promise<string[]> {
  const filled = (text: string): string =>
    text.replaceAll(/\{\{(\d+)\}\}/g, (_whole, name: string) => texts.get(name) ?? `nothing-for-${name}`);
  const answer = await fetch(stage.urls[step.door] + filled(step.path), {
    method: step.method,
    redirect: 'manual',
    headers: {
      ...(step.scheme === undefined ? {} : { authorization: credentials(step.scheme, token) }),
      ...(step.nonce === undefined ? {} : { 'fly-machine-lease-nonce': filled(step.nonce) }),
      ...(step.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: step.body === undefined ? undefined : filled(JSON.stringify(step.body)),
  });
  const json = jsonOf(await answer.text());
  for (const [name, path] of Object.entries(step.keeps ?? {})) {
    const text = memberAt(json, path.split('.'));
    if (typeof text === 'string') texts.set(name, text);
  }
  const what = `${step.method} ${step.path}`;
  if (answer.status !== step.status)
    return [`${what}: ${answer.status} instead of ${step.status}: ${JSON.stringify(json)}`];
  return missing(step.answer, shapeOf(json)).map((words) => `${what}: ${words}`);
}

function credentials(scheme: string, token: string): string {
  return scheme === 'Basic' ? `Basic ${Buffer.from(`x:${token}`).toString('base64')}` : `${scheme} ${token}`;
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (one, name) =>
      typeof one === 'object' && one !== null ? (one as Record<string, unknown>)[name] : undefined,
    value,
  );
}
