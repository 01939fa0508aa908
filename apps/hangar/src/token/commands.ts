import type { Command } from 'commander';
import { addAttenuateCommand } from './attenuate.ts';
import { addExplainCommand } from './inspect.ts';
import { addOnlineCommands } from './online.ts';
import { addRefreshCommand } from './refresh.ts';
import { addRevokeCommand } from './revoke.ts';
import { addThirdPartyCommands } from './third-party.ts';
import { addVerdictCommands } from './verdicts.ts';

const EXIT_CODES = `
Exit codes:
  0  done; for check and verify: yes
  1  refused, or nobody answered
  2  a wrong use of the command
  3  for check and verify: no`;

/** Puts `hangar token …` together. */
export function addTokenCommands(program: Command): void {
  const token = program
    .command('token')
    .description('mint, narrow, explain, check, list and revoke tokens')
    .addHelpText('after', EXIT_CODES);
  const common = (command: Command): Command =>
    command
      .option(
        '--token <text>',
        'the token; - reads standard input. Default: what is piped in, else HANGAR_TOKEN, HANGAR_API_TOKEN or FLY_API_TOKEN',
      )
      .option('--url <address>', 'the gateway. Default: HANGAR_API_URL')
      .option('--json', 'print one JSON object');
  addOnlineCommands(token, common);
  addRevokeCommand(token, common);
  addVerdictCommands(token, common);
  addAttenuateCommand(token, common);
  addExplainCommand(token, common);
  addRefreshCommand(token, common);
  addThirdPartyCommands(token, common);
}
