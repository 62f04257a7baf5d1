import { exec } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { startWhatsApp, type TestWhatsApp } from '../../../src/testing.ts';
import { BotProcess } from './bot.ts';
import { commandsOf } from './readme-commands.ts';

export interface Claims {
  /** What its bot answers to what. */
  readonly answers: ReadonlyArray<readonly [says: string, hears: string | RegExp]>;
  /** A file of a command and a change of it that `!ping` shows. */
  readonly ping?: string;
  /** Where the bot shows its QR code, if it is not in `sessions/qr-code.png`. */
  readonly showsQrText?: boolean;
}

/** Several projects run at the same time. */
const BUSY_MS = 90_000;

const pathOf = (node: string): string => `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`;

/** A project outside this repository. Runs the commands that its README names, and says whether each did what it claims. */
export class ReadmeProject {
  readonly folder: string;
  readonly commands: string[];
  readonly #claims: Claims;
  #env: Record<string, string> = {};
  #wa: TestWhatsApp | undefined;
  #lastId = '';

  constructor(folder: string, claims: Claims) {
    this.folder = folder;
    this.#claims = claims;
    this.commands = commandsOf(readFileSync(join(folder, 'README.md'), 'utf8'));
  }

  /** Runs `npm install` with the tarball in the place of the version that is not published yet. */
  async install(tarball: string): Promise<void> {
    const path = join(this.folder, 'package.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      text.replace(/("perennial-whatsapp": )"[^"]+"/, `$1${JSON.stringify(`file:${tarball}`)}`),
    );
    await this.run('npm install', { npm_config_prefer_offline: 'true', npm_config_audit: 'false' });
  }

  /** Rejects if it ends with another code than 0. */
  async run(command: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { PATH = '', HOME = '' } = process.env;
    const all = { PATH, HOME, ...this.#env, ...env };
    const { stdout, stderr } = await promisify(exec)(command, { cwd: this.folder, env: all });
    return stdout + stderr;
  }

  /** The Node.js that npm runs scripts with, if it is run with this one. */
  readonly version = (node: string): Promise<string> =>
    this.run('npm exec -c "node --version"', { PATH: pathOf(node) });

  /** Runs all commands of the README with that Node.js, from a bot that is not linked yet. */
  async play(node: string): Promise<void> {
    for (const name of ['sessions', 'auth_info', 'backup'])
      rmSync(join(this.folder, name), { recursive: true, force: true });
    this.#wa = await startWhatsApp({ deadlineMs: 30_000 });
    this.#env = {
      ...this.#wa.env(),
      PATH: pathOf(node),
      TYPING_DELAY_MS: '0',
      ...(this.#claims.showsQrText ? { SHOW_QR_TEXT: '1' } : {}),
    };
    try {
      for (const command of this.commands) await this.#playOne(command);
    } finally {
      await this.#wa.stop();
    }
  }

  /** A command that no case knows is one that a README names and no test runs. */
  async #playOne(command: string): Promise<void> {
    switch (command) {
      case 'npm install':
        return expect(existsSync(join(this.folder, 'node_modules/perennial-whatsapp/package.json'))).toBe(
          true,
        );
      case 'npm run build':
        await this.run(command);
        return;
      case 'npm test':
        return expect(await this.run(command)).toMatch(/pass [1-9][\s\S]*fail 0/);
      case 'npm start':
        return this.#playStart(command);
      case 'npm run dev':
        return this.#playDev(command);
      case 'npm run demo':
        return this.#playDemo(command);
      case 'npm run session -- status':
        return this.#playSession(command);
      default:
        // There is no Docker here: deploy.test.ts reads the Dockerfile.
        expect(command).toMatch(/^docker (build|run) /);
    }
  }

  /** It is linked once, answers, and a new start after a kill needs no QR code. */
  async #playStart(command: string): Promise<void> {
    const wa = this.#started();
    await this.#whileRunning(command, async (bot) => {
      if (!this.#claims.showsQrText) await wa.bot.pairFromPng(join(this.folder, 'sessions/qr-code.png'));
      else {
        await bot.said('QR ', 1, BUSY_MS);
        await wa.bot.pair(/^QR (.+)$/m.exec(bot.output)?.[1] ?? '');
      }
      await this.#answers();
      await bot.kill();
    });
    await this.#whileRunning(command, async (bot) => {
      await wa.bot.online();
      await this.#answers();
      await bot.stop('SIGINT');
      // As a word: in the keys that a plain bot prints, the two letters come by chance.
      expect(bot.output).not.toMatch(/\bQR\b/);
    });
  }

  async #playDev(command: string): Promise<void> {
    const path = join(this.folder, this.#claims.ping ?? '');
    const old = readFileSync(path, 'utf8');
    await this.#whileRunning(command, async (bot) => {
      await this.#answers();
      writeFileSync(path, old.replace("reply('pong')", "reply('saved')"));
      await bot.said('change=loaded', 1, BUSY_MS);
      const anna = this.#started().person('Anna');
      await anna.says('!ping');
      await anna.hears('saved');
      await bot.stop('SIGINT');
    }).finally(() => writeFileSync(path, old));
  }

  /** demo.test.ts hears the story to its end. */
  async #playDemo(command: string): Promise<void> {
    await this.#whileRunning(command, async (bot) => {
      await bot.said('bot → Anna: pong', 1, BUSY_MS);
      await bot.stop('SIGINT');
    });
  }

  async #playSession(command: string): Promise<void> {
    const run = (words: string): Promise<string> => this.run(command.replace('status', words));
    await this.#isLinked(run);
    // The other words are the same in each project, and each costs a second.
    if (!this.#claims.ping?.endsWith('.ts')) return;
    await run('doctor');
    expect(await run(`explain ${this.#lastId}`)).toContain(this.#lastId);
    await run('backup backup');
    rmSync(join(this.folder, 'sessions'), { recursive: true });
    await run('restore backup');
    await this.#isLinked(run);
  }

  async #isLinked(run: (words: string) => Promise<string>): Promise<void> {
    // npm writes lines of its own before it.
    const [status = ''] = /^\{.*\}$/m.exec(await run('status --json')) ?? [];
    expect(JSON.parse(status)).toMatchObject({ isLinked: true });
  }

  async #answers(): Promise<void> {
    const anna = this.#started().person('Anna');
    for (const [says, hears] of this.#claims.answers) {
      this.#lastId = (await anna.says(says)).id;
      await anna.hears(hears);
    }
  }

  async #whileRunning(command: string, work: (bot: BotProcess) => Promise<void>): Promise<void> {
    const bot = new BotProcess({
      command: ['/bin/sh', '-c', command],
      cwd: this.folder,
      env: this.#env,
      isGroup: true,
    });
    try {
      await work(bot);
    } finally {
      await bot.kill();
    }
  }

  #started(): TestWhatsApp {
    if (!this.#wa) throw new Error('there is no WhatsApp yet');
    return this.#wa;
  }
}
