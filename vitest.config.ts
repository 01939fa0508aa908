import { defineConfig } from 'vitest/config';

/** Tests and their global setup read the sources; nothing has to be built first. */
const conditions = ['hangar-source', 'node'];
const resolve = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['hangar-source'] } },
  environments: { __vitest__: { resolve: { conditions } } },
};
/** Suites that start whole processes, and end them with SIGKILL. */
const PROCESSES = ['**/test/**/*.processes.test.ts'];
/**
 * Suites of the packages that need a process or a data folder of their own, measure memory, or make and delete environments again
 * and again: half of the packages' time in a tenth of their files. `npm test` runs them, `npm run test:quick` leaves them out.
 */
const LONG = ['packages/*/test/**/*.long.test.ts'];
/** Suites that drive a Chromium. */
const BROWSER = ['apps/*/test/**/*.browser.test.ts'];
const limits = { testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  ...resolve,
  test: {
    globalSetup: ['test/harness/setup.ts'],
    reporters: ['default', './test/harness/closing-line.ts'],
    // One test process for each core: by default one core is kept free, which on two halves the speed.
    maxWorkers: '100%',
    projects: [
      {
        ...resolve,
        test: {
          ...limits,
          name: 'packages',
          include: ['packages/*/test/**/*.test.ts'],
          exclude: [...PROCESSES, ...LONG],
          // Libraries keep no module state, so their test files share one set of modules: loading those costs more than the tests.
          isolate: false,
        },
      },
      { ...resolve, test: { ...limits, testTimeout: 120_000, name: 'long', include: LONG, isolate: false } },
      {
        ...resolve,
        test: {
          ...limits,
          name: 'app',
          include: ['apps/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...PROCESSES, ...BROWSER],
        },
      },
      { ...resolve, test: { ...limits, name: 'processes', include: PROCESSES } },
      { ...resolve, test: { ...limits, name: 'browser', include: BROWSER } },
    ],
  },
});
