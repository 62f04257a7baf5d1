import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { silenceConsole } from '../../integration/support/console.ts';
import { Stage } from './bot.ts';
import { copyProgram, type Program } from './program.ts';

/** The built program of this file's tests. */
export let program: Program;
/** The stage of the test that runs: its own WhatsApp, its own folder. */
export let stage: Stage;

/** Copies the built program for a file, and sets a stage for each of its tests. */
export function useStage(): void {
  beforeAll(() => {
    program = copyProgram();
  });
  afterAll(() => program.remove());
  beforeEach(() => {
    stage = new Stage({ command: [process.execPath, 'dist/main.js'], cwd: program.folder });
  });
  afterEach(() => stage.clear());
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
