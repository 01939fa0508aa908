import { describe, expect, test } from 'vitest';
import { redactText, TOKEN_SHAPES } from '@hangar/security';
import { MAY_HOLD_TOKEN } from '../src/token-shapes.ts';

/** How each shape begins; a new shape has to say so here. */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  'private-key': ['-----BEGIN ', '-----BEGIN PRIVATE KEY-----', '-----BEGIN PRIVATE KEY-----a-----END '],
  macaroon: ['fm2_', 'fm1r_', 'fm1a_'],
  'fly-oauth': ['fo1_'],
  'tigris-secret': ['tsec_'],
  signature: ['x-signature', 'x-signature: '],
  bearer: ['Bearer ', 'basic  '],
  'url-password': ['a://', '://', '://a:', 'a://b:c'],
  'query-secret': ['?code=', '&x-amz-security-token='],
  'query-state': ['?state='],
  'aws-key': ['AKIA'],
  'aws-signature': ['Signature='],
  'webhook-secret': ['whsec_'],
  'payment-key': ['sk_live_'],
  github: ['ghp_', 'github_pat_'],
  jwt: ['eyJ', 'eyJaaaaaaaa.', 'eyJaaaaaaaa.bbbbbbbb.'],
};

const KIB = 1_024;
const nightly = process.env['HANGAR_NIGHTLY'] === '1';

/** Letters and digits stand for their kind (hexadecimal or not), every other character for itself. */
const CHARACTERS = nightly
  ? [...Array(0x7f).keys()].map((code) => String.fromCharCode(code)).concat('é', '…')
  : `azAZ09\t\n\r !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~…`.split('');

type Work = (text: string) => unknown;

/** The least processor time of five runs, in microseconds. */
function cost(work: () => void): number {
  let least = Infinity;
  for (let run = 0; run < 5; run += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return Math.max(1, least);
}

const filled = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

/** What hostile texts are made of: a beginning, then what may follow it, again and again. */
function pieces(beginning: string): string[] {
  return CHARACTERS.flatMap((character) => [
    `${beginning}${character}`,
    `${character}${beginning}`,
    `${beginning}${'a'.repeat(9)}${character}`,
    `${beginning}${character.repeat(9)}`,
  ]);
}

/**
 * Twice the text may cost three times as much, and one text of 64 KiB three times as much as the same bytes in texts of
 * 1 KiB: the second sees a repeat that is bounded, but by thousands.
 */
function isLinear(work: Work, piece: string): boolean {
  // Whatever reads a text more often than some hundred times takes longer than this for 16 KiB, by far.
  if (!nightly && cost16(work, piece) < 4_000) return true;
  const [half, whole] = [filled(piece, 64 * KIB), filled(piece, 128 * KIB)];
  const small = filled(piece, KIB);
  const costOfWhole = cost(() => work(whole));
  // A repeat of a thousand makes this 100 ms at least; below a fifth of that, a ratio measures the collector and the compiler.
  if (costOfWhole < 20_000) return true;
  const costOfHalf = cost(() => work(half));
  const inParts = cost(() => {
    for (let part = 0; part < 64; part += 1) work(small);
  });
  return costOfWhole <= 3 * costOfHalf && costOfHalf <= 3 * Math.max(inParts, 1_000);
}

function cost16(work: Work, piece: string): number {
  const text = filled(piece, 16 * KIB);
  const before = process.cpuUsage();
  work(text);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

describe('what a shape costs', { timeout: nightly ? 1_200_000 : 60_000 }, () => {
  test('every shape says how it begins', () => {
    expect(Object.keys(BEGINNINGS).sort()).toEqual(TOKEN_SHAPES.map((shape) => shape.name).sort());
  });

  test.each(TOKEN_SHAPES)('$name is linear in every text of its characters', ({ name, pattern }) => {
    const texts = (BEGINNINGS[name] ?? []).flatMap((beginning) => [
      ...pieces(beginning).map((piece) => ({ beginning: '', piece })),
      ...CHARACTERS.map((piece) => ({ beginning, piece })),
    ]);
    // The first is enough: one quadratic text costs seconds.
    const slow = texts.find(
      ({ beginning, piece }) => !isLinear((text) => (beginning + text).replace(pattern, ''), piece),
    );
    expect(slow).toBeUndefined();
  });

  test.each([
    ['the look whether there is any', (text: string) => MAY_HOLD_TOKEN.test(text)],
    ['all of them together', (text: string) => redactText(`Failed query: ${text}`)],
  ] as [string, Work][])('%s', (_, work) => {
    const all = [...Object.values(BEGINNINGS).flat(), 'params: ', '\n    at '];
    const slow = all
      .flatMap((beginning) => [`${beginning}-`, `${beginning}a.`, beginning])
      .find((piece) => !isLinear(work, piece));
    expect(slow).toBeUndefined();
  });
});
