import { existsSync, mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LivenessFile } from '../../../src/app/liveness-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perennial-alive-'));
  path = join(folder, '.lock', 'alive');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

test('the liveness file is written at the start, for the owner only, and renewed every ten seconds', () => {
  const file = new LivenessFile(folder);
  file.start();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  utimesSync(path, 0, 0);
  vi.advanceTimersByTime(10_000);
  expect(statSync(path).mtimeMs).toBeGreaterThan(0);
  file.stop();
});

test('the liveness file is written again if somebody removes it', () => {
  const file = new LivenessFile(folder);
  file.start();
  rmSync(path);
  vi.advanceTimersByTime(10_000);
  expect(existsSync(path)).toBe(true);
  file.stop();
});

test('stop() removes the liveness file and ends the timer', () => {
  const file = new LivenessFile(folder);
  file.start();
  file.stop();
  vi.advanceTimersByTime(60_000);
  expect(existsSync(path)).toBe(false);
});

test('the liveness file does not bring a removed session folder back, and throws nothing', () => {
  const file = new LivenessFile(folder);
  file.start();
  rmSync(folder, { recursive: true });
  vi.advanceTimersByTime(20_000);
  file.stop();
  expect(existsSync(folder)).toBe(false);
});
