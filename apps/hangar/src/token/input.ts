import { readFileSync } from 'node:fs';
import { processEnvironment } from '../config.ts';

/** A wrong use of the command: exit code 2, with what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options that every `hangar token` command shares. */
export interface TokenOptions {
  readonly token?: string;
  readonly url?: string;
  readonly json?: boolean;
}

/** Where the gateway of `npm start` is. */
const LOCAL_GATEWAY = 'http://127.0.0.1:4601';

/**
 * The token text: from `--token` (`-` reads standard input), `HANGAR_TOKEN`, `HANGAR_API_TOKEN` (the name under which
 * an app has it), `FLY_API_TOKEN`, or piped in.
 *
 * @throws UsageError when there is none anywhere.
 */
export function readToken(options: TokenOptions): string {
  const environment = processEnvironment();
  const given =
    options.token ??
    environment['HANGAR_TOKEN'] ??
    environment['HANGAR_API_TOKEN'] ??
    environment['FLY_API_TOKEN'];
  const text = given === undefined || given === '-' ? readPiped(given === '-') : given;
  if (text === undefined || text.trim() === '') {
    throw new UsageError('no token: give --token, set HANGAR_TOKEN, or pipe one in');
  }
  return text.trim();
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
export function readTextFile(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

/** The JSON in a file. Throws {@link UsageError} when it cannot be read or is none. */
export function readJsonFile(file: string): unknown {
  const text = readTextFile(file);
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${file === '-' ? 'standard input' : file} is not JSON`);
  }
}

/** Standard input, unless it is a terminal: then a command would wait for somebody who does not know. */
function readPiped(asked: boolean): string | undefined {
  if (process.stdin.isTTY && !asked) return undefined;
  try {
    return readFileSync(0, 'utf8');
  } catch (error) {
    // No standard input at all, as under some schedulers.
    if (['EAGAIN', 'EOF', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
