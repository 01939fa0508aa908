import { afterEach, expect, test } from 'vitest';
import { exitCodeOf } from '@hangar/conformance';
import { freePorts } from '../../../apps/hangar/src/processes/keep-running.ts';
import { startKit } from './providers/kit.ts';
import { startPlain } from './providers/plain/plain.ts';
import type { Running } from './providers/running.ts';
import { aimAt, missed } from './world.ts';

const LONG = { timeout: 480_000 };
/** Cases that need what neither provider is: slow at making things, or served over https. */
const NEVER_HERE = ['ASY-03', 'ASY-04', 'GEN-03'];

let provider: Running | undefined;
afterEach(async () => {
  await provider?.close();
  provider = undefined;
});

test(
  'a provider that was written without the kit passes every case, HOS-01 to HOS-36 among them',
  LONG,
  async () => {
    const flyPort = await freePorts(4);
    provider = await startPlain(flyPort);
    const report = await aimAt(provider, flyPort);
    expect(missed(report)).toEqual([]);
    const skipped = report.results
      .filter(({ outcome }) => outcome.tag === 'skipped')
      .map((one) => one.case.id);
    expect(skipped).toEqual(NEVER_HERE);
    expect(report.sums.passed).toBeGreaterThanOrEqual(200);
    expect([report.left, exitCodeOf(report.sums)]).toEqual([[], 0]);
  },
);

test('a provider that is made with the kit passes every case', LONG, async () => {
  const flyPort = await freePorts(4);
  provider = await startKit(flyPort);
  const report = await aimAt(provider, flyPort);
  expect(missed(report)).toEqual([]);
  const skipped = report.results.filter(({ outcome }) => outcome.tag === 'skipped').map((one) => one.case.id);
  expect(skipped).toEqual(['CRE-23', ...NEVER_HERE]);
  expect(report.sums.passed).toBeGreaterThanOrEqual(200);
  expect([report.left, exitCodeOf(report.sums)]).toEqual([[], 0]);
});
