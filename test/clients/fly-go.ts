import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LineOutcome } from './sequence.ts';
import { OPERATOR_TOKEN, type ClientStage } from './stage.ts';

/** What became of one call of fly-go. */
export interface CallOutcome extends LineOutcome {
  readonly works: boolean;
  readonly error?: string | undefined;
}

/** Every call in its order, and the methods of the client that no call was for. */
export interface CallsRun {
  readonly outcomes: readonly CallOutcome[];
  readonly uncalled: readonly string[];
}

/** Builds the program of this folder. Undefined where there is no Go, or its modules cannot be had. */
export function buildCalls(program: string): string | undefined {
  const cwd = fileURLToPath(new URL('fly-go/', import.meta.url));
  return spawnSync('go', ['build', '-o', program, '.'], { cwd }).status === 0 ? program : undefined;
}

/** Runs it against a stage, one call after the other. */
export async function runCalls(stage: ClientStage, program: string): Promise<CallsRun> {
  const child = spawn(program, {
    env: { FLY_FLAPS_BASE_URL: stage.urls.machines, FLY_ACCESS_TOKEN: OPERATOR_TOKEN },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const outcomes: CallOutcome[] = [];
  child.stdin.on('error', () => undefined);
  child.stdin.write('\n');
  for await (const text of createInterface(child.stdout)) {
    const said = JSON.parse(text) as Said;
    if ('uncalled' in said) return { outcomes, uncalled: said.uncalled };
    outcomes.push({ line: said.call, works: said.works, error: said.error, passed: stage.take() });
    await stage.settled();
    child.stdin.write('\n');
  }
  throw new Error('it ended before it had called everything');
}

type Said =
  | { readonly call: string; readonly works: boolean; readonly error?: string }
  | { readonly uncalled: readonly string[] };
