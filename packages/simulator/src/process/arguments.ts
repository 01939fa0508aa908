import { parseArgs } from 'node:util';
import { WrongUse } from './wrong-use.ts';

/** What the command line says; every member may be missing. */
export interface Arguments {
  readonly port?: number | undefined;
  readonly address?: string | undefined;
  readonly state?: string | undefined;
  readonly provider?: string | undefined;
  readonly config?: string | undefined;
  readonly seed?: string | undefined;
  readonly env?: string | undefined;
  readonly runner?: 'process' | undefined;
  readonly json: boolean;
  readonly exitWithParent: boolean;
  readonly help: boolean;
}

/** The highest first port, with room for the other three behind it. */
const HIGHEST_PORT = 65_532;

/** Reads the command line. Throws WrongUse for what it does not know. */
export function readArguments(args: string[]): Arguments {
  const { port, json, help, runner, 'exit-with-parent': exitWithParent, ...texts } = parsed(args);
  return {
    ...texts,
    port: port === undefined ? undefined : portIn(port),
    runner: runner === undefined ? undefined : runnerIn(runner),
    json: json ?? false,
    exitWithParent: exitWithParent ?? false,
    help: help ?? false,
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string' },
        address: { type: 'string' },
        state: { type: 'string' },
        provider: { type: 'string' },
        config: { type: 'string' },
        seed: { type: 'string' },
        env: { type: 'string' },
        runner: { type: 'string' },
        json: { type: 'boolean' },
        'exit-with-parent': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    // Node's own words for an unknown option name it.
    throw error instanceof TypeError ? new WrongUse(error.message, { cause: error }) : error;
  }
}

function portIn(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > HIGHEST_PORT)
    throw new WrongUse(`--port takes a number from 0 to ${HIGHEST_PORT}`);
  return port;
}

function runnerIn(text: string): 'process' {
  if (text !== 'process') throw new WrongUse('--runner takes process, and is off without it');
  return text;
}
