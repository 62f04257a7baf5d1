import { closeSync, mkdirSync, openSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

const TOUCH_EVERY_MS = 10_000;

/**
 * Shows supervisors that the event loop goes on: the file `.lock/alive` in the session folder gets a new time every
 * ten seconds. Traffic cannot block this check, as it can block `/healthz`. deploy/healthcheck.mjs looks at it.
 * If the folder cannot be written at the moment, only the sign of life is missing.
 */
export class LivenessFile {
  readonly #path: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(sessionPath: string) {
    this.#path = join(sessionPath, '.lock', 'alive');
  }

  start(): void {
    this.#touch();
    this.#timer = setInterval(() => this.#touch(), TOUCH_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // A folder that has gone, or that cannot be written, has no sign of life to remove.
    }
  }

  #touch(): void {
    const now = new Date();
    try {
      utimesSync(this.#path, now, now);
    } catch {
      this.#make();
    }
  }

  /** Only if the folder exists: a folder that somebody has removed must not be made again. */
  #make(): void {
    try {
      mkdirSync(join(this.#path, '..'), { mode: 0o700 });
    } catch {
      // The file exists already, or cannot be made; the next line shows which.
    }
    try {
      closeSync(openSync(this.#path, 'w', 0o600));
    } catch {
      // The next touch tries again.
    }
  }
}
