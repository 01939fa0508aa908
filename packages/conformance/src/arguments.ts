import { parseArgs } from 'node:util';
import { Secret } from '@hangar/security';
import type { Level } from './lab/case.ts';
import { selectCases } from './run/select.ts';
import type { Plan } from './run/run.ts';

/** The command line was wrong; the sentence says how. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

/** What the command line asks for. */
export type Arguments =
  | { readonly tag: 'help' }
  | { readonly tag: 'list' }
  | {
      readonly tag: 'run';
      readonly plan: Plan;
      readonly json: boolean;
      readonly junit: string | undefined;
      readonly html: string | undefined;
    };

export const HELP = `hangar conform <base-url> --secret-env NAME [options]

Aims the cases of the Extensions API at a provider, as Fly.io would call it, and deletes again what they make.
<base-url>: where Fly.io reaches the provider, such as https://logjam.io/flyio

  --secret-env NAME           the environment variable that holds the provisioning secret
  --only LIST, --skip LIST    ids (SIG-07), their beginnings (SIG) or groups (signing), with commas
  --level must|should         must leaves out what is only recommended; default should
  --json                      one line of JSON for each case; the last one has the sums
  --junit FILE, --html FILE   a report as well
  --list                      print the cases and end

Fly.io's other side, for sign-on and webhooks:
  --twin PORT                 play Fly.io at 127.0.0.1:PORT and the three ports after it
  --slug SLUG                 the last part of the address for webhooks; default hangar
  --oauth-client ID, --oauth-secret-env NAME, --webhook-secret-env NAME
                              what the provider was given; default those of a simulation nobody configured
  --trigger URL               told by POST what to change at the provider: {"do": "create" | "change" | "delete", …}
  --second-secret-env NAME    another provisioning secret that the provider takes

Ends with 0: all hold, 1: some do not, 2: wrong use, 3: the tester failed.
`;

/** Reads the command line. Secrets come from the environment alone. @throws WrongUse */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Arguments {
  const { values, positionals } = parsed(args);
  if (values.help === true) return { tag: 'help' };
  if (values.list === true) return { tag: 'list' };
  const [baseUrl, ...more] = positionals;
  if (baseUrl === undefined || more.length > 0)
    throw new WrongUse('one base address is needed; --help has the options');
  if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl) || new URL(baseUrl).search !== '')
    throw new WrongUse(`${baseUrl} is not an http address without a query`);
  const secretName = values['secret-env'];
  if (secretName === undefined)
    throw new WrongUse('--secret-env names the variable that holds the provisioning secret');
  const secretIn = (name: string | undefined): Secret | undefined => {
    if (name === undefined) return undefined;
    const value = environment[name];
    if (value === undefined || value === '')
      throw new WrongUse(`the environment variable ${name} is not set`);
    return Secret.of(value);
  };
  const { trigger } = values;
  if (trigger !== undefined && !(URL.canParse(trigger) && /^https?:/.test(trigger)))
    throw new WrongUse('--trigger takes an http address');
  const plan: Plan = {
    baseUrl,
    secret: secretIn(secretName) ?? Secret.of(''),
    secretName,
    secondSecret: secretIn(values['second-secret-env']),
    webhookSecret: secretIn(values['webhook-secret-env']),
    only: wordsIn(values.only),
    skip: wordsIn(values.skip),
    level: levelIn(values.level),
    triggerUrl: trigger,
    twin:
      values.twin === undefined
        ? undefined
        : {
            port: portIn(values.twin),
            slug: values.slug,
            clientId: values['oauth-client'],
            clientSecret: secretIn(values['oauth-secret-env']),
          },
  };
  try {
    selectCases(plan);
  } catch (error) {
    throw error instanceof RangeError ? new WrongUse(error.message, { cause: error }) : error;
  }
  return { tag: 'run', plan, json: values.json ?? false, junit: values.junit, html: values.html };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'secret-env': text,
        'second-secret-env': text,
        'webhook-secret-env': text,
        'oauth-secret-env': text,
        'oauth-client': text,
        only: text,
        skip: text,
        level: text,
        junit: text,
        html: text,
        twin: text,
        slug: text,
        trigger: text,
        json: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw error instanceof TypeError ? new WrongUse(error.message, { cause: error }) : error;
  }
}

function wordsIn(text: string | undefined): readonly string[] | undefined {
  return text
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function levelIn(text: string | undefined): Level | undefined {
  if (text === undefined || text === 'must' || text === 'should') return text;
  throw new WrongUse('--level takes must or should');
}

/** The highest first port, with room for the other three behind it. */
const HIGHEST_PORT = 65_532;

function portIn(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > HIGHEST_PORT)
    throw new WrongUse(`--twin takes a port from 0 to ${HIGHEST_PORT}`);
  return port;
}
