import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { Stage } from './bot.ts';
import { buildProgram, type Program } from './program.ts';

/** The built program of this file's tests. */
export let program: Program;
/** The stage of the test that runs: its own WhatsApp, its own folder. */
export let stage: Stage;

/** Builds the program once for a file, and sets a stage for each of its tests. */
export function useStage(): void {
  beforeAll(() => {
    program = buildProgram();
  });
  afterAll(() => program.remove());
  beforeEach(() => {
    stage = new Stage({ command: [process.execPath, 'dist/main.js'], cwd: program.folder });
  });
  afterEach(() => stage.clear());
}
