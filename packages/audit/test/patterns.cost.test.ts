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
function isLinear(work: (text: string) => void, whole: string, quarter: string): boolean {
  const all = cost(() => work(whole));
  return all < 40_000 || all < 8 * cost(() => work(quarter));
}

/** A piece again and again; and its beginning, with one character behind it without end. */
function staysLinear(work: (text: string) => void, beginning: string, after: string): boolean {
  const piece = beginning + after;
  const run = (length: number): string => beginning + filled(after === '' ? 'a' : after, length);
  return (
    isLinear(work, filled(piece, 512 * KIB), filled(piece, 128 * KIB)) &&
    isLinear(work, run(24 * KIB), run(6 * KIB))
  );
}

const AROUND = ['', 'a', 'aB3', ' ', '\n', '=', '.', '-', '_', ':', '@', '/', '"', '\\n', '+'];

describe('no text makes a pattern slow', () => {
  test('every shape says how it begins', () => {
    expect(SECRET_SHAPES.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(BEGINNINGS).toSorted());
  });

  test.each(SECRET_SHAPES.map(({ kind, pattern }) => [kind, pattern] as const))('%s', (kind, pattern) => {
    const work = (text: string): void => void [...text.matchAll(pattern)].length;
    const slow = BEGINNINGS[kind].flatMap((beginning) =>
      AROUND.filter((after) => !staysLinear(work, beginning, after)).map((after) => beginning + after),
    );
    expect(slow).toEqual([]);
  });

  test('the first look at a file, and all of it together', () => {
    const all = Object.values(BEGINNINGS).flat();
    const look = (text: string): void => void (MAY_HOLD_SECRET.test(text) && MAY_HOLD_ENCODED.test(text));
    const scan = (text: string): void => void scanFile(new SourceFile('x', text)).length;
    const slow = all.filter((piece) => !staysLinear(look, piece, 'a') || !staysLinear(scan, piece, ' '));
    expect(slow).toEqual([]);
  });
});
