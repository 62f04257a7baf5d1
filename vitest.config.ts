import { defineConfig } from 'vitest/config';

/** Tests of pure code and of single classes share one module graph: most of their time was loading Baileys again. */
const unit = {
  name: 'unit',
  include: ['tests/unit/**/*.test.ts', 'tests/contract/**/*.test.ts'],
  isolate: false,
};
const integration = {
  name: 'integration',
  include: ['tests/integration/**/*.test.ts'],
  setupFiles: 'tests/integration/support/fast-curves.ts',
};
/** These start the built program, which is built once for all of them. */
const process = {
  name: 'process',
  include: ['tests/process/**/*.test.ts', 'tests/browser/**/*.test.ts'],
  globalSetup: 'tests/process/support/build-once.ts',
};

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    maxConcurrency: 2,
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [unit, integration, process].map((test) => ({ extends: true, test })),
  },
});
