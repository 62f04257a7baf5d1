import { writeSync } from 'node:fs';
import { systemCode } from '../core/errors.ts';
import { noteLimitReached } from '../core/limits/limit-counts.ts';
import { LIMITS } from '../core/limits/limits.ts';

/** Writes lines to the output. They are written when `write` returns, unless the reader is slow. */
export interface Sink {
  write(text: string): void;
  /** Gives a slow reader up to `limitMs` (default 250) for what is still waiting. Called at exit by itself. */
  flushSync(limitMs?: number): void;
  /** How often something was written. It tells a caller whether others wrote after its own text. */
  readonly writes: number;
}

const { bytes: MAX_WAITING_BYTES } = LIMITS['log:waiting'];
const RETRY_MS = 50;

/** The reader has closed the pipe: `npm start | head`, a closed terminal. The bot runs on without a log. */
const GONE = new Set(['EPIPE', 'EIO', 'EBADF', 'ENXIO', 'ECONNRESET', 'EDESTROYED']);

type WriteSync = (fd: number, bytes: Uint8Array) => number;

class FileSink implements Sink {
  readonly #fd: number;
  readonly #writeSync: WriteSync;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #retry: NodeJS.Timeout | undefined;
  #watchesExit = false;
  #isGone = false;
  #writes = 0;

  constructor(fd: number, write: WriteSync) {
    this.#fd = fd;
    this.#writeSync = write;
  }

  get writes(): number {
    return this.#writes;
  }

  write(text: string): void {
    this.#writes += 1;
    if (this.#isGone) return;
    const bytes = Buffer.from(text);
    // A reader that does not read must not fill the memory: further lines are dropped and counted.
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      noteLimitReached('log:waiting');
      return;
    }
    this.#enqueue(bytes);
    if (this.#retry === undefined) this.#drain();
  }

  flushSync(limitMs = 250): void {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let waitedMs = 0; !this.#drain() && waitedMs < limitMs; waitedMs += 5) Atomics.wait(pause, 0, 0, 5);
  }

  #enqueue(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** Returns whether everything is written. */
  #drain(): boolean {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) {
        if (this.#dropped === 0) return true;
        this.#enqueue(
          Buffer.from(`\n(dropped ${this.#dropped} lines: the reader of the log was too slow)\n`),
        );
        this.#dropped = 0;
        continue;
      }
      const done = this.#writeSome(first);
      if (done === undefined) return false;
      this.#waitingBytes -= done;
      if (done === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(done);
    }
  }

  /** How many bytes were written or given up; undefined if the reader must catch up first. */
  #writeSome(bytes: Buffer): number | undefined {
    try {
      return this.#writeSync(this.#fd, bytes);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EAGAIN' || code === 'EBUSY') {
        this.#retryLater();
        return undefined;
      }
      if (code === undefined) throw error;
      this.#isGone = GONE.has(code);
      // A full disk behind a redirect may have room again later; this text is lost.
      return bytes.length;
    }
  }

  #retryLater(): void {
    if (!this.#watchesExit) process.once('exit', () => this.flushSync());
    this.#watchesExit = true;
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#drain();
    }, RETRY_MS).unref();
  }
}

/**
 * Writes to a file descriptor (1 is stdout) at once, so that nothing is lost at exit, and throws nothing: if
 * the reader is gone, texts are dropped; if it is slow, they wait in the background.
 */
export function createSink(fd: number, write: WriteSync = writeSync): Sink {
  return new FileSink(fd, write);
}
