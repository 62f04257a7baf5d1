import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The program as people run it, in a process of its own. */
export class BotProcess {
  readonly lines: string[] = [];
  readonly exited: Promise<number | null>;
  readonly #process: ChildProcess;
  readonly #looking = new Set<() => void>();

  constructor(env: Readonly<Record<string, string>>) {
    const settings = { LOG_FORMAT: 'json', LOG_LEVEL: 'info', TYPING_DELAY_MS: '0', ...env };
    this.#process = spawn('node', ['--import', 'tsx', 'src/main.ts'], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.exited = new Promise((resolve) => this.#process.once('exit', resolve));
    if (!this.#process.stdout) throw new Error('no stdout');
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      this.lines.push(line);
      for (const look of this.#looking) look();
    });
  }

  /** The first match in what it has printed so far or prints next. */
  printed(pattern: RegExp, deadlineMs = 20_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = this.lines.map((line) => pattern.exec(line)).find((found) => found !== null);
        if (!match) return;
        clearTimeout(timer);
        this.#looking.delete(look);
        resolve(match);
      };
      const timer = setTimeout(() => {
        this.#looking.delete(look);
        reject(new Error(`not printed in ${deadlineMs} ms: ${pattern}\n${this.lines.join('\n')}`));
      }, deadlineMs);
      this.#looking.add(look);
      look();
    });
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.exited;
  }

  stop(): void {
    this.#process.kill('SIGTERM');
  }
}
