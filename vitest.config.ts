import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['hangar-source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/harness/setup.ts'],
    reporters: ['default', './test/harness/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
