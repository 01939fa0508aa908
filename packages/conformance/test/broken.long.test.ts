import { beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../../apps/hangar/src/processes/keep-running.ts';
import { FAULTS, type Fault } from './providers/plain/faults.ts';
import { startPlain } from './providers/plain/plain.ts';
import { aimAt } from './world.ts';

/** What a run needs beside the case that must fail, so that there is something to find. */
const BESIDE: Partial<Record<string, readonly string[]>> = { 'GEN-04': ['CRE-09'] };
/** Waiting is for providers that are slow; these are wrong. */
const HASTE = 20;

let flyPort = 0;
beforeAll(async () => {
  flyPort = await freePorts(4);
});

test.each(Object.entries(FAULTS))('%s: found by %s', async (fault, id) => {
  const provider = await startPlain(flyPort, fault as Fault);
  try {
    const report = await aimAt(provider, flyPort, {
      only: [...(BESIDE[id] ?? []), id],
      elapsed: () => performance.now() * HASTE,
    });
    const found = report.results.find((one) => one.case.id === id);
    expect(found?.outcome.tag, JSON.stringify(found?.outcome)).toBe('failed');
  } finally {
    await provider.close();
  }
});
