import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { silenceConsole } from '../../integration/support/console.ts';
import { Stage } from './bot.ts';
import { copyProgram, type Program } from './program.ts';

/** The built program of this file's tests. */
export let program: Program;
/** The stage of the test that runs: its own WhatsApp, its own folder. */
export let stage: Stage;

const newStage = (): Stage => new Stage({ command: [process.execPath, 'dist/main.js'], cwd: program.folder });

/** Copies the built program for a file. */
export function useProgram(): void {
  beforeAll(() => {
    program = copyProgram();
  });
  afterAll(() => program.remove());
}

/** Sets a new stage for each test. */
export function useNewStages(): void {
  beforeEach(() => {
    stage = newStage();
  });
  afterEach(() => stage.clear());
}

/** Sets one stage for all tests. */
export function useOneStage(): void {
  beforeAll(() => {
    stage = newStage();
  });
  afterAll(() => stage.clear());
}

/** Sets one stage for all tests, with a session that is linked. After each test no bot runs. */
export function useLinkedStage(): void {
  useOneStage();
  beforeAll(async () => {
    const bot = await stage.pair();
    await bot.stop();
  });
  afterEach(() => stage.killAll());
}

/** Copies the built program for a file, and sets a new stage for each of its tests. */
export function useStage(): void {
  useProgram();
  useNewStages();
}

/** Copies the built program for a file, as the bot that the bench starts. */
export function useBenchProgram(): void {
  beforeAll(() => {
    program = copyProgram();
    vi.stubEnv('BENCH_MAIN', join(program.folder, 'dist/main.js'));
    silenceConsole();
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    program.remove();
  });
}
