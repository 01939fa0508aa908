/** Whether a text stands for a value that somebody puts in later: it is no secret, and should not look like one. */
export function isReference(value: string): boolean {
  return /\$\{|\$\(|\{\{|^\$[A-Za-z_]|^%[A-Z_]+%$|^op:\/\//.test(value);
}

const PLACEHOLDER_WORDS =
  /(?:^|[^a-z])(?:example|placeholder|dummy|your|yours|changeme|change[_-]me|replace|replaceme|todo|fixme|xxx+|sample|insert|redacted|secret[_-]?here|not[_-]?a[_-]?real|set[_-]?me|fill)(?:[^a-z]|$)/i;

/** A text that is there to be replaced by a person. */
export function isPlaceholder(value: string): boolean {
  const plain = value.trim();
  if (plain === '') return true;
  if (/^<.*>$|^\[.*\]$|^\{.*\}$/s.test(plain)) return true;
  if (/^(.)\1*$/s.test(plain)) return true;
  return PLACEHOLDER_WORDS.test(plain) || /\.\.\.|…/.test(plain);
}

/** Passwords that everybody tries first. */
const GUESSED = new Set([
  'admin',
  'changeme',
  'change-me',
  'change_me',
  'default',
  'guest',
  'password',
  'passw0rd',
  'pass',
  'postgres',
  'root',
  'secret',
  'test',
  '123456',
  '12345678',
  '123456789',
  '1234',
  'qwerty',
  'letmein',
]);

export function isGuessed(value: string): boolean {
  return GUESSED.has(value.trim().toLowerCase());
}

/** Bits for each character, by how often each stands in the text. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}

/** Whether a text could be a secret that a machine made or a person thought up: no word, number, flag, address or path. */
export function looksSecret(value: string): boolean {
  const plain = value.trim();
  if (plain.length < 6 || isReference(plain) || isPlaceholder(plain)) return false;
  if (/^(?:true|false|yes|no|on|off|null|none|disabled|enabled|-?\d+(?:\.\d+)?)$/i.test(plain)) return false;
  if (/^(?:[a-z][a-z0-9+.-]*:\/\/|\.{0,2}\/|~\/|file:)/i.test(plain)) return false;
  if (/^0x[0-9a-f]{40}$/i.test(plain)) return false;
  return true;
}
