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
