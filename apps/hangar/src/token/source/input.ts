import { readFileSync } from 'node:fs';
import { trimBlanks } from '@hangar/macaroon';
import { processEnvironment } from '../../config.ts';
import { pipedIn, standardInput } from './standard-input.ts';
import { UsageError } from './usage-error.ts';

/** Options that `hangar token` commands share. */
export interface TokenOptions {
  readonly token?: string;
  readonly url?: string;
  readonly json?: boolean;
  /** A file of caveats; `-` takes standard input, which then holds no token. */
  readonly caveats?: string;
}

/** Where a token text came from. */
export type TokenSource =
  | { readonly tag: 'option' }
  | { readonly tag: 'pipe' }
  | {
      readonly tag: 'environment';
      readonly variable: string;
      /** A pipe was there as well, and nothing was in it: whoever filled it meant another token, or none. */
      readonly besideEmptyPipe: boolean;
    };

/** A text of tokens, and where it came from. */
export interface GivenText {
  readonly text: string;
  readonly source: TokenSource;
}

/** Where the gateway of `npm start` is. */
const LOCAL_GATEWAY = 'http://127.0.0.1:4601';

/** `HANGAR_API_TOKEN` is the name under which an app has its token, `FLY_API_TOKEN` that of flyctl. */
const VARIABLES = ['HANGAR_TOKEN', 'HANGAR_API_TOKEN', 'FLY_API_TOKEN'];

const NO_TOKEN = 'no token: give --token, pipe one in, or set HANGAR_TOKEN';
const NO_CREDENTIAL = 'no token: give --token (- reads standard input), or set HANGAR_TOKEN';

/**
 * What the token is to a command. The subject is what it is about, and may be piped in. A credential only lets it do something
 * to a thing that is named: in a loop over names, standard input holds the other names.
 */
export type TokenRole = 'subject' | 'credential';

/**
 * The token text, from where it was given most explicitly: `--token` (`-` reads standard input), what is piped in, the first
 * of the variables that is set (docs/specs/promises.md#where-a-token-comes-from). Standard input is touched only
 * without the option, and not at all for a credential or where `--caveats -` reads it.
 *
 * @throws UsageError when there is none anywhere, and when the most explicit one is blank
 */
export async function readToken(options: TokenOptions, role: TokenRole = 'subject'): Promise<GivenText> {
  const forCaveats = options.caveats === '-';
  if (options.token === '-') {
    if (forCaveats) throw new UsageError('standard input is read once: for --token or for --caveats');
    return given(await standardInput(), { tag: 'pipe' });
  }
  if (options.token !== undefined) return given(options.token, { tag: 'option' });
  const leavesPipe = forCaveats || role === 'credential';
  const piped = leavesPipe ? ({ tag: 'none' } as const) : await pipedIn();
  if (piped.tag === 'text') return given(piped.text, { tag: 'pipe' });
  const environment = processEnvironment();
  for (const variable of VARIABLES) {
    const text = environment[variable];
    if (text !== undefined)
      return given(text, { tag: 'environment', variable, besideEmptyPipe: piped.tag === 'empty' });
  }
  throw new UsageError(role === 'credential' ? NO_CREDENTIAL : NO_TOKEN);
}

/** The place in words: `--token`, `standard input`, or the variable. */
export function sourceName(source: TokenSource): string {
  switch (source.tag) {
    case 'option':
      return '--token';
    case 'pipe':
      return 'standard input';
    case 'environment':
      return source.variable;
  }
}

/** Blank is not absent: a variable that a shell filled with nothing must not lead to some other token. */
function given(text: string, source: TokenSource): GivenText {
  const trimmed = trimBlanks(text);
  if (trimmed === '') throw new UsageError(`no token: ${sourceName(source)} is blank`);
  return { text: trimmed, source };
}

/** The address of the gateway: `--url`, `HANGAR_API_URL` (the name under which an app has it), or that of `npm start`. */
export function gatewayUrl(options: TokenOptions): string {
  const environment = processEnvironment();
  const url =
    options.url ?? environment['HANGAR_API_URL'] ?? environment['HANGAR_GATEWAY_URL'] ?? LOCAL_GATEWAY;
  if (!URL.canParse(url))
    throw new UsageError('the address of the gateway (--url or HANGAR_API_URL) is no URL');
  return url.replace(/\/+$/, '');
}

/** The text of a file, `-` for standard input. Throws {@link UsageError} when it cannot be read. */
export async function readTextFile(file: string): Promise<string> {
  if (file === '-') return await standardInput();
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

/** The JSON in a file. Throws {@link UsageError} when it cannot be read or is none. */
export async function readJsonFile(file: string): Promise<unknown> {
  const text = await readTextFile(file);
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${file === '-' ? 'standard input' : file} is not JSON`);
  }
}
