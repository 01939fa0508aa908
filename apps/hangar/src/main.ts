#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Argument, Command, Option } from 'commander';
import type { AuditFlags } from './commands/audit.ts';
import type { Shell } from './commands/completion.ts';
import type { DemoFlags } from './commands/demo.ts';
import type { DoctorSignatureFlags } from './commands/doctor-signature.ts';
import { endWithReader, EXIT_USAGE } from './processes/terminal.ts';

/**
 * The `hangar` command. Each subcommand lives in `commands/` and is loaded when it is called, so that a quick
 * question does not wait for the server's libraries.
 */
const program = new Command('hangar')
  .enablePositionalOptions()
  .description('A self-hosted control plane for Fly.io')
  .version(ownVersion(), '--version', 'print the version')
  .showHelpAfterError()
  .allowExcessArguments(false)
  // Commander's own code for a wrong use is 1, which is kept for refusals. Every command below inherits this.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));

program
  .command('start')
  .description('serve Hangar beside a simulated Fly.io: everything, offline, from one command')
  .action(async () => {
    const { start } = await import('./commands/start.ts');
    await start();
  });

program
  .command('serve')
  .description('serve Hangar alone, as in production; HANGAR_FLY says which Fly.io it talks to')
  .action(async () => {
    const { serveCommand } = await import('./commands/serve.ts');
    await serveCommand();
  });

program
  .command('authority')
  .description('hold the keys that sign tokens, in a process apart from the one that serves')
  .action(async () => {
    const { authorityCommand } = await import('./commands/authority.ts');
    await authorityCommand();
  });

program
  .command('simulator')
  .description('serve the simulated Fly.io alone, to test code against it; --help has its options')
  .argument('[options...]')
  // Its options are its own, its help as well.
  .helpOption(false)
  .allowUnknownOption()
  .passThroughOptions()
  .action(async (options: string[]) => {
    const { simulator } = await import('./commands/simulator.ts');
    await simulator(options);
  });

program
  .command('conform')
  .description('aim the cases of the Extensions API at any provider; --help has its options')
  .argument('[options...]')
  // Its options are its own, its help as well.
  .helpOption(false)
  .allowUnknownOption()
  .passThroughOptions()
  .action(async (options: string[]) => {
    const { conform } = await import('./commands/conform.ts');
    await conform(options);
  });

program
  .command('demo')
  .description('play the whole flow against freshly started processes')
  .option('--json', 'one JSON object per step and one with the sums', false)
  .addOption(
    new Option(
      '--processes <number>',
      'Hangar processes behind one address; more than one needs DATABASE_URL',
    )
      .default(1)
      .argParser((value) => Number(value)),
  )
  .option('--crashes', 'kill the processes in the middle of things', false)
  .option(
    '--authority-apart',
    'keep the keys that sign tokens in a process and a database of their own',
    false,
  )
  .option('--verbose', 'show what the processes log', false)
  .action(async (options: DemoFlags) => {
    const { demo } = await import('./commands/demo.ts');
    await demo(options);
  });

program
  .command('audit')
  .description('check what a project deploys to Fly.io: configuration, images, workflows, tokens. Reads only')
  .argument('[folder]', 'the project', '.')
  .option('--format <name>', 'text, json, sarif (2.1.0) or github (annotations)', 'text')
  .option('--level <severity>', 'fail at info, low, medium, high or critical', 'high')
  .option('--only <rule...>', 'only these rules')
  .option('--skip <rule...>', 'all but these rules')
  .option('--baseline <file>', 'say nothing of what is in it')
  .option('--write-baseline <file>', 'write what is found now to it')
  .option('--history', 'look at deleted versions too, as far as git has them')
  .option('--live', 'check what runs at Fly.io instead, with FLY_API_TOKEN; needs --org')
  .option('--org <slug>', 'the organization to look at')
  .option('--app <name>', 'only this app of it')
  .option('--owned <file>', 'apps that somebody answers for, one name a line; any other is a finding')
  .option('--simulator <port>', 'look at a simulated Fly.io on this machine, by the first of its ports')
  .option('--explain <rule>', 'say what a rule looks for, why, and what to do')
  .option('--fix', 'mend what is safe to mend, then check again')
  .addHelpText(
    'after',
    `
Exit codes:
  0  clean, or nothing at or above --level
  1  findings at or above --level
  2  a wrong use of the command
  3  something could not be looked at, or the checker failed: says nothing about the project`,
  )
  .action(async (folder: string, options: AuditFlags) => {
    const { audit } = await import('./commands/audit.ts');
    await audit(folder, options, ownVersion());
  });

program
  .command('config')
  .description('print the effective configuration, without secrets')
  .action(async () => {
    const { printConfig } = await import('./commands/config.ts');
    printConfig();
  });

const doctorCommand = program
  .command('doctor')
  .description('look at the database, both addresses, the clock and every credential, and say what is wrong')
  .option('--json', 'one JSON object', false)
  .action(async (options: { json: boolean }) => {
    const { doctor } = await import('./commands/doctor.ts');
    await doctor(options);
  });

doctorCommand
  .command('signature')
  .description('name the mistake in a signed request that was refused; no secret is shown')
  .argument('[file]', 'the request as it came: first line, headers, empty line, body; default standard input')
  .option('--at <time>', 'when it came, such as 2026-11-20T12:00:00Z; default now')
  .action(async (file: string | undefined, flags: DoctorSignatureFlags) => {
    const { doctorSignature } = await import('./commands/doctor-signature.ts');
    doctorSignature(file, flags);
  });

program
  .command('completion')
  .description('print a script that completes commands and options: eval "$(hangar completion bash)"')
  .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
  .action(async (shell: Shell) => {
    const { completionScript } = await import('./commands/completion.ts');
    process.stdout.write(completionScript(program, shell));
  });

// Their libraries are not small, so a command of another name does without; whoever asks what there is sees all of it.
const named = program.commands.map((command) => command.name()).filter((name) => name !== 'completion');
if (!named.includes(process.argv[2] ?? '')) {
  const { addTokenCommands } = await import('./token/commands.ts');
  addTokenCommands(program);
}

// These have no configuration of ours, and start before ours would be read.
if (!['simulator', 'conform'].includes(process.argv[2] ?? ''))
  (await import('./config.ts')).silenceKnownWarnings();
endWithReader();
await program.parseAsync();

function ownVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
