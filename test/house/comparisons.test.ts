import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = execFileSync('git', ['ls-files', 'packages/*/src/*.ts', 'apps/hangar/src/*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && !file.startsWith('packages/simulator/'))
  .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const);

/** The two ways to compare what must stay secret: of any bytes by their digests, and of tails of equal length. */
const SAFE = ['packages/macaroon/src/crypto/node-primitives.ts', 'packages/security/src/compare.ts'];

/** Something with the name of a proof or a secret beside an operator that stops at the first difference. */
const NAMES = String.raw`(?:\w*(?:[sS]ignature|[sS]ecret|[pP]assword|[vV]erifier|csrfToken|Tail|[hH]mac)|tail)`;
const PLAIN = new RegExp(
  String.raw`\b${NAMES}\b\)?\s*[!=]==\s*(?!undefined|null|true|false|'|")[\w.]+|[!=]==\s*[\w.]*\b${NAMES}\b(?![.(])`,
  'g',
);

/**
 * None is a stranger's word against ours: whether an address in a file says one word twice, whether an object is still the same, and
 * which name a rule looks at.
 */
const KNOWN = [
  'packages/audit/src/secrets/scan.ts: === password',
  'packages/flyio/src/client/upstream.ts: secret !== secret',
  'packages/gateway/src/rules/body-rules.ts: secret === name',
];

test('TOK-15, SIG-22: proofs and secrets are compared in one of two ways, whose time tells nothing of where they differ', () => {
  const safe = sources.filter(([, text]) => /\btimingSafeEqual\(/.test(text)).map(([file]) => file);
  expect(safe).toEqual(SAFE);
  const definitions = sources.filter(([, text]) => /\bfunction sameBytes\b/.test(text)).map(([file]) => file);
  expect(definitions).toEqual([
    'packages/macaroon/src/crypto/noble.ts',
    'packages/macaroon/src/crypto/node-primitives.ts',
    'packages/security/src/compare.ts',
  ]);
  const plain = sources.flatMap(([file, text]) =>
    [...text.matchAll(PLAIN)].map(([found]) => `${file}: ${found}`),
  );
  expect(plain).toEqual(KNOWN);
});
