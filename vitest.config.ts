import { defineConfig } from 'vitest/config';

/** Tests and their global setup read the sources; nothing has to be built first. */
const conditions = ['hangar-source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['hangar-source'] } },
  environments: { __vitest__: { resolve: { conditions } } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'apps/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    globalSetup: ['test/harness/setup.ts'],
    reporters: ['default', './test/harness/closing-line.ts'],
    // One test process for each core: by default one core is kept free, which on two halves the speed.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
