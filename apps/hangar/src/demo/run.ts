import { redactText } from '@hangar/security';
import { openHouse } from './house.ts';
import { steps } from './steps/index.ts';
import { Story } from './story.ts';

/** What a demo is asked to do. */
export interface DemoOptions {
  readonly json: boolean;
  readonly processes: number;
  readonly crashes: boolean;
  readonly authorityApart: boolean;
  readonly verbose: boolean;
  readonly databaseUrl: string | undefined;
  readonly write: (line: string) => void;
}

/**
 * Plays the one flow against freshly started processes, step by step.
 *
 * @returns the process's exit code: 0 when every step went well.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { json, write } = options;
  if (!json) write('Starting a simulated Fly.io and Hangar, on free ports of this machine...');
  const house = await openHouse({
    processes: options.processes,
    databaseUrl: options.databaseUrl,
    authorityApart: options.authorityApart,
    onLine: (line) => {
      if (options.verbose && !json) write(`    ${line}`);
    },
  });
  // Whoever interrupts a demo does not want its processes to live on.
  const leave = (): void => void house.close().finally(() => process.exit(130));
  process.once('SIGINT', leave);
  process.once('SIGTERM', leave);
  const story = new Story(house, options.crashes);
  let passed = 0;
  let failed = 0;
  try {
    if (!json)
      write(
        `Hangar on ${house.engine === 'pglite' ? 'its embedded database' : 'Postgres'}, ${options.processes} process(es)${options.authorityApart ? ', the authority apart' : ''}${options.crashes ? ', killed now and then' : ''}.\n`,
      );
    for (const [index, step] of steps.entries()) {
      const started = performance.now();
      let ok = true;
      let details: Readonly<Record<string, unknown>>;
      try {
        details = await step.play(story);
        passed += 1;
      } catch (error) {
        ok = false;
        failed += 1;
        details = { problem: redactText(error instanceof Error ? error.message : String(error)) };
      }
      const ms = Math.round(performance.now() - started);
      write(
        json
          ? JSON.stringify({ step: index + 1, title: step.title, ok, ms, details })
          : told(index + 1, step.title, ok, ms, details),
      );
    }
  } finally {
    process.off('SIGINT', leave);
    process.off('SIGTERM', leave);
    await house.close();
  }
  const killed = options.crashes ? { killed: story.killed } : {};
  write(json ? JSON.stringify({ passed, failed, ...killed }) : `\n${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function told(
  number: number,
  title: string,
  ok: boolean,
  ms: number,
  details: Readonly<Record<string, unknown>>,
): string {
  const facts = Object.entries(details).map(
    ([name, value]) => `      ${name.replaceAll('_', ' ')}: ${String(value)}`,
  );
  return [`${ok ? '  ok  ' : 'FAILED'} ${number}. ${title} (${ms} ms)`, ...facts].join('\n');
}
