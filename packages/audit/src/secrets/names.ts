/** A name by its words: `StripeSettings__ApiKey` is stripe, settings, api, key. */
export function wordsOf(name: string): readonly string[] {
  return name
    .slice(0, 200)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

const LAST_WORDS = new Set([
  'secret',
  'token',
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'cookie',
  'salt',
  'credentials',
  'credential',
  'apikey',
  'pat',
]);
const BEFORE_KEY = new Set([
  'api',
  'secret',
  'private',
  'access',
  'signing',
  'encryption',
  'encrypt',
  'master',
  'auth',
  'session',
  'hmac',
  'jwt',
  'shared',
  'service',
  'admin',
  'account',
]);
/** What these name is meant to be seen. */
const PUBLIC_WORDS = new Set(['public', 'publishable', 'pub', 'vapidpublic']);

/** Whether the value under a name is kept from others, by its last words. */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name);
  if (words.some((word) => PUBLIC_WORDS.has(word)) || (words[0] === 'next' && words[1] === 'public'))
    return false;
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  if (LAST_WORDS.has(last)) return true;
  if (last === 'key' && BEFORE_KEY.has(before)) return true;
  if (last === 'keys' && before === 'master') return true;
  return last === 'base' && before === 'key' && words.at(-3) === 'secret';
}
