import { redactText } from '@hangar/security';

/**
 * A text of the project for a terminal or a log: control characters and line ends as escapes, so that a file's name can neither move
 * the cursor nor begin a line of its own, and whatever looks like a secret taken out.
 */
export function printable(text: string): string {
  return redactText(text, 1_000).replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}

const LONG_RUN = /[A-Za-z0-9_-]{24,}/g;

/**
 * The same for a sentence that names something of the project, such as an image or a branch. A long run of letters of both cases and digits is no
 * name of a person's; whatever it is, it need not be repeated.
 */
export function sentence(text: string): string {
  return printable(text).replaceAll(LONG_RUN, (run) =>
    /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run) ? '[redacted]' : run,
  );
}
