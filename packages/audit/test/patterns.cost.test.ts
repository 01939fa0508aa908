import { describe, expect, test } from 'vitest';
import { scanFile } from '../src/secrets/scan.ts';
import { MAY_HOLD_ENCODED, MAY_HOLD_SECRET, SECRET_SHAPES, type SecretKind } from '../src/secrets/shapes.ts';
import { SourceFile } from '../src/tree/source-file.ts';

/** How each shape begins, and what may follow without ending it. A new shape has to say so here. */
const BEGINNINGS: Readonly<Record<SecretKind, readonly string[]>> = {
  macaroon: ['fm2_', 'fm1r_', '+fm1a_'],
  'fly-oauth': ['fo1_', '-fo1_'],
  'tigris-id': ['tid_'],
  'tigris-secret': ['tsec_'],
  'private-key': ['-----BEGIN ', '-----BEGIN RSA PRIVATE KEY-----', '-----BEGIN PRIVATE KEY-----\\n'],
  'wireguard-key': ['PrivateKey', 'PrivateKey ='],
  'url-password': ['postgres://', 'redis://a:', 'mysql://a:b@', 'amqp://:'],
  'aws-key': ['AKIA', 'ASIA'],
  'webhook-secret': ['whsec_'],
  'payment-key': ['sk_live_'],
  'github-token': ['ghp_', 'github_pat_'],
  'chat-token': ['xoxb-'],
  'model-key': ['sk-ant-'],
  jwt: ['eyJ', 'eyJaaaaaaaaaaa.', 'eyJaaaaaaaaaaa.eyJaaaaaaaaaaa.'],
};
const KIB = 1_024;
const filled = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

/** The least processor time of three runs, in microseconds. */
function cost(work: () => void): number {
  let least = Infinity;
  for (let run = 0; run < 3; run += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return least;
}

/** Four times the text may cost eight times as much; what costs less than 40 ms measures the collector. */
function isLinear(work: (text: string) => void, piece: string): boolean {
  const whole = cost(() => work(filled(piece, 512 * KIB)));
  return whole < 40_000 || whole < 8 * cost(() => work(filled(piece, 128 * KIB)));
}

const AROUND = ['', 'a', 'aB3', ' ', '\n', '=', '.', '-', '_', ':', '@', '/', '"', '\\n', '+'];

describe('no text makes a pattern slow', () => {
  test('every shape says how it begins', () => {
    expect(SECRET_SHAPES.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(BEGINNINGS).toSorted());
  });

  test.each(SECRET_SHAPES.map(({ kind, pattern }) => [kind, pattern] as const))('%s', (kind, pattern) => {
    const slow = BEGINNINGS[kind]
      .flatMap((beginning) => AROUND.map((after) => beginning + after))
      .filter((piece) => !isLinear((text) => void [...text.matchAll(pattern)].length, piece));
    expect(slow).toEqual([]);
  });

  test('the first look at a file, and all of it together', () => {
    const all = Object.values(BEGINNINGS).flat();
    const slow = all.filter(
      (piece) =>
        !isLinear((text) => void (MAY_HOLD_SECRET.test(text) && MAY_HOLD_ENCODED.test(text)), piece) ||
        !isLinear((text) => void scanFile(new SourceFile('x', text)).length, `${piece} `),
    );
    expect(slow).toEqual([]);
  });
});
