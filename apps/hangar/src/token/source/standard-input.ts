import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { UsageError } from './usage-error.ts';

/** What standard input holds for a command that did not ask for it by name. */
export type Piped =
  /** A terminal, `/dev/null`, or closed: nobody pipes anything in. */
  | { readonly tag: 'none' }
  /** A pipe or a file that ended before its first byte. */
  | { readonly tag: 'empty' }
  | { readonly tag: 'text'; readonly text: string };

/** Calls back once after a silence, unless it is called off before. Returns how to call it off. */
export type Patience = (whenOver: () => void) => () => void;

/**
 * How long an open pipe may stay silent. A shorter time would end commands whose neighbour in the pipe asks a server first;
 * a longer one would let a script hang that runs with an open standard input and does not know it.
 */
const SILENCE_SECONDS = 10;
/** Far more than the largest header of tokens or list of caveats that is accepted. */
const MAX_BYTES = 1_048_576;

/** Ten seconds of silence, then it is over. */
const tenSeconds: Patience = (whenOver) => {
  const timer = setTimeout(whenOver, SILENCE_SECONDS * 1000);
  return () => clearTimeout(timer);
};

/** As long as it takes: for whoever asked for standard input by name. */
const endless: Patience = () => () => {};

/**
 * What was piped in, if anything was. An open pipe in which nothing happens is no answer to which token is meant: guessing
 * could end the wrong one.
 *
 * @throws UsageError when an open pipe stays silent
 */
export async function pipedIn(): Promise<Piped> {
  if (!mayBePiped()) return { tag: 'none' };
  const text = await readAll(process.stdin, tenSeconds);
  return text === '' ? { tag: 'empty' } : { tag: 'text', text };
}

/** The whole of standard input, for `-`: waits for its end, at a terminal too. */
export async function standardInput(): Promise<string> {
  return await readAll(process.stdin, endless);
}

/** Pipes, the sockets that some programs make in their place, and files. */
function mayBePiped(): boolean {
  const input = fstatSync(0);
  return input.isFIFO() || input.isSocket() || input.isFile();
}

/**
 * Reads a stream to its end.
 *
 * @throws UsageError when patience ends first, and for more than any command takes
 */
export async function readAll(source: Readable, patience: Patience): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  let stopWaiting = (): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      const isOver = (): void => reject(new UsageError(SILENT));
      let callOff = patience(isOver);
      source.on('data', (part: Buffer) => {
        callOff();
        parts.push(part);
        length += part.length;
        if (length > MAX_BYTES) reject(new UsageError('standard input holds more than any command takes'));
        else callOff = patience(isOver);
      });
      source.once('end', resolve);
      source.once('close', resolve);
      source.once('error', (error: NodeJS.ErrnoException) =>
        reject(new UsageError(`standard input cannot be read (${error.code ?? 'unknown'})`)),
      );
      stopWaiting = () => callOff();
    });
  } finally {
    stopWaiting();
    source.destroy();
  }
  return Buffer.concat(parts).toString('utf8');
}

const SILENT = `standard input is open, and nothing has come through it for ${SILENCE_SECONDS} seconds: is a token to come? \`--token -\` waits for it; \`--token TEXT\` or \`< /dev/null\` leaves standard input alone`;
