import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LineOutcome } from './sequence.ts';
import { at, type ClientStage } from './stage.ts';
import type { Line, Scenario } from './scenarios.ts';

/** What became of one line. */
export interface Outcome extends LineOutcome {
  readonly exitCode: number;
  readonly ms: number;
  /** The end of what it printed. */
  readonly output: string;
}

/** Nothing listens there: what flyctl wants to tell anybody but the simulator is refused at once, and no command fails for it. */
const NOWHERE = 'http://127.0.0.1:1';

const WHERE_IS_THE_CURSOR = '\u001B[6n';
/** What comes along with the answer about the cursor is thrown away. */
const TYPED_AFTER_MS = 500;

const USUAL_SECONDS = 120;
const KEPT_OUTPUT = 2_000;

/** Runs the lines of a scenario with that flyctl, one after the other. */
export async function runScenario(
  stage: ClientStage,
  binary: string,
  scenario: Scenario,
): Promise<Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'flyctl-'));
  const tokens = new Map<string, string>();
  const outcomes: Outcome[] = [];
  // A dashboard is opened by a program of the desktop, and there is none.
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/xdg-open'), '#!/bin/sh\n', { mode: 0o755 });
  try {
    for (const line of scenario.lines) {
      const token =
        line.as === undefined ? stage.token : (tokens.get(line.as) ?? (await stage.login(line.as)));
      if (line.as !== undefined) tokens.set(line.as, token);
      await stage.settled();
      if (line.config !== undefined) writeFileSync(join(folder, 'fly.toml'), line.config);
      const cwd = line.files === undefined ? folder : mkdtempSync(join(folder, 'own-'));
      for (const [name, text] of Object.entries(line.files ?? {})) writeFileSync(join(cwd, name), text);
      const words = await wordsOf(stage, line, token);
      stage.take();
      const began = performance.now();
      const { exitCode, output } = await run(binary, words, { stage, token, folder, cwd, line });
      const ms = Math.round(performance.now() - began);
      outcomes.push({
        line: line.line,
        exitCode,
        ms,
        output: output.slice(-KEPT_OUTPUT),
        passed: stage.take(),
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return outcomes;
}

/** The words of a line, with what it names in braces looked up. */
async function wordsOf(stage: ClientStage, { line }: Line, token: string): Promise<string[]> {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const named = / -a (\S+)/.exec(line)?.[1] ?? '';
  const found: Record<string, string> = {};
  if (line.includes('{')) {
    const app = (path: string) => stage.ask('machines', 'GET', `/v1/apps/${named}/${path}`, undefined, token);
    const ids = (list: unknown): string[] =>
      Array.isArray(list) ? list.map((one: { id?: string; ip?: string }) => one.id ?? one.ip ?? '') : [];
    const machines = ids((await app('machines')).json);
    found['{machine}'] = machines[0] ?? '';
    found['{machine2}'] = machines[1] ?? '';
    found['{volume}'] = ids((await app('volumes')).json)[0] ?? '';
    const addresses = ids(at(await app('ip_assignments'), 'ips'));
    found['{address}'] = addresses[0] ?? '';
    found['{address2}'] = addresses[1] ?? '';
    const query = `{ organization(slug: "${stage.organization}") { limitedAccessTokens { nodes { id } } } }`;
    const tokens = await stage.ask('api', 'POST', '/graphql', { query }, token);
    found['{token}'] = /"id":"([a-z0-9-]+)"/.exec(JSON.stringify(tokens.json))?.[1] ?? '';
  }
  return words.map((word) => found[word] ?? word);
}

async function run(
  binary: string,
  words: readonly string[],
  on: { stage: ClientStage; token: string; folder: string; cwd: string; line: Line },
): Promise<{ exitCode: number; output: string }> {
  const { api, machines } = on.stage.urls;
  const [program, args] = on.line.terminal ? atTerminal(binary, words) : [binary, [...words]];
  const child = spawn(program, args, {
    cwd: on.cwd,
    env: {
      PATH: `${join(on.folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: on.folder,
      FLY_API_BASE_URL: api,
      FLY_UIEX_BASE_URL: api,
      FLY_FLAPS_BASE_URL: machines,
      FLY_REGISTRY_HOST: new URL(api).host,
      FLY_METRICS_BASE_URL: NOWHERE,
      FLY_SYNTHETICS_BASE_URL: NOWHERE,
      FLY_STATUSPAGE_UNRESOLVED_INCIDENTS_URL: on.stage.statusPage,
      FLY_ACCESS_TOKEN: on.token,
      FLY_NO_UPDATE_CHECK: '1',
      FLY_SEND_METRICS: '0',
      FLY_SYNTHETICS_AGENT: '0',
      NO_COLOR: '1',
      HTTP_PROXY: NOWHERE,
      HTTPS_PROXY: NOWHERE,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
  child.stdin.on('error', () => undefined);
  if (on.line.terminal) {
    // A prompt asks the terminal where its cursor is, twice before it reads what is typed.
    let asked = 0;
    child.stdout.on('data', (bytes: Buffer) => {
      if (!bytes.includes(WHERE_IS_THE_CURSOR)) return;
      asked += 1;
      child.stdin.write('\u001B[1;1R');
      if (asked === 2) setTimeout(() => child.stdin.write(on.line.input ?? ''), TYPED_AFTER_MS);
    });
  } else child.stdin.end(on.line.input ?? '');
  const limit = setTimeout(() => child.kill('SIGKILL'), (on.line.seconds ?? USUAL_SECONDS) * 1000);
  const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  clearTimeout(limit);
  return { exitCode, output };
}

/** The same at a terminal, which util-linux has a program for. */
function atTerminal(binary: string, words: readonly string[]): [string, string[]] {
  const command = [binary, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return ['script', ['--quiet', '--return', '--command', command, '/dev/null']];
}
