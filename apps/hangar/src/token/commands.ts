import type { Command } from 'commander';
import { addOfflineCommands } from './offline.ts';
import { addOnlineCommands } from './online.ts';
import { addThirdPartyCommands } from './third-party.ts';

/** Puts `hangar token …` together. */
export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('mint, narrow, explain, check, list and revoke tokens');
  const common = (command: Command): Command =>
    command
      .option(
        '--token <text>',
        'the token; - reads standard input. Default: HANGAR_TOKEN, HANGAR_API_TOKEN, FLY_API_TOKEN, or piped in',
      )
      .option('--url <address>', 'the gateway. Default: HANGAR_API_URL')
      .option('--json', 'print one JSON object');
  addOnlineCommands(token, common);
  addOfflineCommands(token, common);
  addThirdPartyCommands(token, common);
}
