/** Every character that Unicode calls white space. U+FEFF is none, although `String.trim` takes it for one. */
const BLANK = /\p{White_Space}/u;

/** A text without the blanks around it: exactly those that the reference trims, so that both see the same token. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start += 1;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

/** Whether there is a blank anywhere in a text. */
export function holdsBlank(text: string): boolean {
  return BLANK.test(text);
}

/** Letters and digits, which begin and end nearly every text, are told without the table of Unicode. */
function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code <= 0x20 || code >= 0x7f) && BLANK.test(text[at]!);
}
