import { writeFileSync } from 'node:fs';
import { HELP, readArguments, WrongUse } from './arguments.ts';
import { CASES } from './cases/all.ts';
import { htmlOf } from './report/html.ts';
import { jsonOf, sumsJson } from './report/json.ts';
import { junitOf } from './report/junit.ts';
import { sumsText, textOf } from './report/text.ts';
import { exitCodeOf } from './run/report.ts';
import { runConformance } from './run/run.ts';
import type { Twin } from './twin/twin.ts';

const EXIT_USAGE = 2;
const EXIT_TESTER = 3;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What the provider must be set to while the tester plays Fly.io. */
function sayTwin(twin: Twin, baseUrl: string): void {
  process.stderr.write(
    `Fly.io is played at ${twin.url}. The provider must call it for sign-on (client ${twin.clientId}, back to ${baseUrl}/callback) ` +
      `and for webhooks (${twin.url}/api/hooks/extensions/…).\n`,
  );
}

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2), process.env);
  if (asked.tag === 'help') {
    say(HELP.trimEnd());
    return 0;
  }
  if (asked.tag === 'list') {
    for (const one of CASES) say(`${one.id} ${one.level.toUpperCase()} ${one.group}: ${one.title}`);
    return 0;
  }
  const report = await runConformance({
    ...asked.plan,
    onTwin: (twin) => sayTwin(twin, asked.plan.baseUrl),
    onResult: (result) => say(asked.json ? jsonOf(result) : textOf(result)),
  });
  if (asked.junit !== undefined) writeFileSync(asked.junit, junitOf(report));
  if (asked.html !== undefined) writeFileSync(asked.html, htmlOf(report));
  say(asked.json ? sumsJson(report) : sumsText(report));
  return exitCodeOf(report.sums);
}

// Whoever read the output is gone: there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`hangar conform: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof WrongUse ? EXIT_USAGE : EXIT_TESTER;
}
