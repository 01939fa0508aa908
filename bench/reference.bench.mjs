#!/usr/bin/env node
/**
 * The same token beside Fly.io's own library, superfly/macaroon, where Go is present.
 *
 *   node bench/reference.bench.mjs           (after npm run build)
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clear, createTokenCrypto, encodeToken, LIMITS, parseBundle, verify } from '@hangar/macaroon';
import * as bundle from './deploy-token.mjs';
import { range } from './measure.mjs';

const ROUNDS = 5;
const CALLS = 5000;
const folder = fileURLToPath(new URL('reference/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'hangar-bench-'));
const program = join(scratch, 'reference');
const crypto = createTokenCrypto();
const { access, header, key, location, now, sharedKey, trusted } = bundle;

const work = [
  [
    'header to access decision',
    () => {
      const { permission, discharges } = parseBundle(header, location, LIMITS, crypto).value;
      const verdict = verify(permission[0], { key, discharges, trusted, crypto });
      if (!clear(verdict.value, access).ok) throw new Error('refused');
    },
  ],
  ['mint five caveats, one of a third party, and write', () => encodeToken(bundle.mintFive(crypto))],
];

/** Microseconds of processor time, garbage collection included. */
function timed(run) {
  const before = process.cpuUsage();
  for (let call = 0; call < CALLS; call++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

function reference() {
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  const seconds = String(Math.floor(now.getTime() / 1000));
  const run = spawnSync(program, [header, hex(key), hex(sharedKey), seconds, String(CALLS)], {
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout.trim().split(' ').map(Number);
}

console.log("## Beside Fly.io's own library");
console.log();
const build = spawnSync('go', ['build', '-o', program, '.'], { cwd: folder, encoding: 'utf8' });
if (build.status === 0) {
  for (const [, run] of work) for (let call = 0; call < 20_000; call++) run();
  const ratios = work.map(() => []);
  const micros = work.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    const theirs = reference();
    for (const [index, [, run]] of work.entries()) {
      const ours = timed(run);
      ratios[index].push(ours / theirs[index]);
      micros[index].push([ours, theirs[index]]);
    }
  }
  const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const spread = (values) => ({
    median: middle(values),
    least: Math.min(...values),
    most: Math.max(...values),
  });
  const version = spawnSync('go', ['env', 'GOVERSION'], { cwd: folder, encoding: 'utf8' }).stdout.trim();
  console.log(
    `superfly/macaroon 0.3.0 on ${version}, the same bundle; processor time of the whole process. Median of ${ROUNDS} rounds, taken in turn.`,
  );
  console.log();
  console.log('| What | @hangar/macaroon, µs | superfly/macaroon, µs | ratio |');
  console.log('| --- | ---: | ---: | ---: |');
  for (const [index, [name]] of work.entries()) {
    const [ours, theirs] = [0, 1].map((side) => middle(micros[index].map((pair) => pair[side])).toFixed(1));
    console.log(`| ${name} | ${ours} | ${theirs} | ${range(spread(ratios[index]))} |`);
  }
} else console.log('Not measured: Go is not present, or its modules could not be fetched.');
rmSync(scratch, { recursive: true });
