import { defineConfig } from 'vitest/config';

const fastCurve = 'tests/integration/support/fast-curve.ts';
const scratchFolder = 'tests/integration/support/scratch-folder.ts';
/** Test files of one project share their modules in each worker: loading Baileys takes longer than most tests. */
const isolate = false;

/** Pure code and single classes. */
const unit = {
  name: 'unit',
  include: ['tests/unit/**/*.test.ts', 'tests/contract/**/*.test.ts'],
  setupFiles: fastCurve,
  globalSetup: scratchFolder,
  isolate,
};
/** These run Baileys without the repairs of the bot, which hold for a whole process. */
const plainLibrary = ['tests/integration/simulator-*.test.ts', 'tests/integration/plain-library.test.ts'];
const simulator = {
  name: 'integration-simulator',
  include: plainLibrary,
  setupFiles: 'tests/integration/support/plain-library.ts',
  globalSetup: scratchFolder,
  isolate,
};
const client = {
  name: 'integration-client',
  include: ['tests/integration/**/*.test.ts'],
  exclude: plainLibrary,
  setupFiles: 'tests/integration/support/repaired-library.ts',
  globalSetup: scratchFolder,
  isolate,
};
/** These start the built program, which is built once for all of them. */
const process = {
  name: 'process',
  include: ['tests/process/**/*.test.ts', 'tests/browser/**/*.test.ts'],
  setupFiles: fastCurve,
  globalSetup: [scratchFolder, 'tests/process/support/build-once.ts'],
  isolate,
};

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // More than two processors: many tests wait for a process, a disk or a clock.
    maxWorkers: 3,
    maxConcurrency: 2,
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [unit, simulator, client, process].map((test) => ({ extends: true, test })),
  },
});
