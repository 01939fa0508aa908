import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';

/** Where somebody may be asked. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
}

/** Asks a person; without one, nobody agrees. The question goes to standard error, because the answer of a command is not it. */
export async function consent(
  question: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (input.isTTY !== true || output.isTTY !== true) return false;
  const lines = createInterface({ input, output, terminal: false });
  try {
    return await Promise.race([
      lines.question(question).then((line) => /^y(?:es)?$/i.test(line.trim())),
      // The end of the input is no answer.
      new Promise<boolean>((resolve) => lines.once('close', () => resolve(false))),
    ]);
  } finally {
    lines.close();
  }
}
