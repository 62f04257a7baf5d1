import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { copyProgram, type Program, ROOT } from './support/program.ts';

/** The demo as people run it, with a pipe in the place of the terminal. */
class Demo {
  readonly lines: string[] = [];
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #looks = new Set<() => void>();
  #seen = 0;

  constructor(
    command: readonly string[],
    cwd: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#child = spawn(process.execPath, [...command, ...args], {
      cwd,
      env: { PATH: process.env.PATH, TMPDIR: temporary, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (!stream) throw new Error('no pipe');
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        for (const look of this.#looks) look();
      });
    }
    this.exited = once(this.#child, 'close').then(([code]) => code);
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** The next line, after the last one that was awaited, that fits. */
  said(pattern: RegExp, deadlineMs = 90_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        done();
      };
      const look = (): void => {
        const index = this.lines.findIndex((line, at) => at >= this.#seen && pattern.test(line));
        if (index < 0) return;
        this.#seen = index + 1;
        settle(() => resolve(this.lines[index] ?? ''));
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error(`not said in ${deadlineMs} ms: ${pattern}\n${this.text}`))),
        deadlineMs,
      );
      this.#looks.add(look);
      look();
    });
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The process id of the bot that was started last. */
  get botPid(): number {
    const pids = [...this.text.matchAll(/The bot starts: process (\d+)/g)].map((match) => Number(match[1]));
    return pids.at(-1) ?? 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

let program: Program;
let temporary: string;
let demos: Demo[];

beforeAll(() => {
  program = copyProgram('packaged');
});

afterAll(() => program.remove());

/** What the demo writes goes here, so that what it leaves behind shows. */
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'demo-test-'));
  demos = [];
});

afterEach(async () => {
  for (const demo of demos) demo.signal('SIGKILL');
  await rm(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

function start(args: readonly string[], env?: Readonly<Record<string, string>>): Demo {
  const demo = new Demo(['dist/cli/demo.js'], program.folder, args, env);
  demos.push(demo);
  return demo;
}

/** As `npm run demo` does. */
function startFromSources(args: readonly string[]): Demo {
  const demo = new Demo(['--import', 'tsx', 'src/cli/demo.ts'], ROOT, args);
  demos.push(demo);
  return demo;
}

/** tsx keeps its cache there, too. */
async function leftBehind(): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('perennial-demo-'));
}

describe('the story', () => {
  test('the story of the demo happens as promised, and leaves no file and no process', async () => {
    // No option: without a terminal to type on it ends after the story by itself.
    const demo = start([]);
    expect(await demo.exited, demo.text).toBe(0);
    expect(demo.text.match(/█ ▄▄▄▄▄ █/g), 'one QR code').not.toBeNull();
    expect(demo.text.match(/The phone has scanned it/g)).toHaveLength(1);
    expect(demo.text.match(/→ Anna: pong/g)).toHaveLength(2);
    expect(demo.text).toMatch(/No QR code: it is still linked/);
    // `!pizza` is among them if the kill came before the bot had noted that its handler waits.
    const unbroken = demo.text.replace(/[\s│]+/g, ' ');
    expect(unbroken).toMatch(
      /Back as Owner \(\+1555•••000\) after [\d.]+ s\. ([34]) messages came in the meantime: \1 answered\./,
    );
    // The conversation that was killed in its middle.
    expect(demo.text.match(/→ Anna: \(a poll\) Which size\?/g)).toHaveLength(1);
    expect(demo.text.match(/→ Anna: Where to\?/g)).toHaveLength(1);
    expect(demo.text.match(/→ Anna: Order \d+: a large pizza to Elm Street 5\./g)).toHaveLength(1);
    expect(demo.text.match(/^ {2}✓ /gm)).toHaveLength(4);
    expect(demo.text).not.toMatch(/✗|!!!/);
    expect(demo.text).not.toContain('Your turn');
    expect(demo.text, 'no colors in a pipe').not.toContain('\u001b');
    expect(await leftBehind()).toEqual([]);
  }, 60_000);

  test('run from its sources, the demo takes Ctrl+C in its middle: it ends bot and simulator, removes the files, and is no failure', async () => {
    const demo = startFromSources(['--no-prompt']);
    await demo.said(/Linked to/);
    const pid = demo.botPid;
    demo.signal('SIGINT');
    expect(await demo.exited, demo.text).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(await leftBehind()).toEqual([]);
  }, 60_000);

  test('if the bot of the demo does not start, the demo prints what the bot said', async () => {
    const demo = start(['--no-prompt'], { HTTP_PORT: 'abc' });
    expect(await demo.exited, demo.text).toBe(1);
    expect(demo.text).toMatch(/ !!! [\s\S]*\b78\)[\s\S]*HTTP_PORT.*"abc/);
    expect(await leftBehind()).toEqual([]);
  }, 60_000);
});

describe('the prompt', () => {
  test('at the prompt people write and act with their phones, a listener gets each act, and the bot is killed, comes back, loses its network and its link', async () => {
    const project = join(temporary, 'project');
    await writeListeners(project);
    const demo = start(['--watch', '--prompt', '--project', project]);
    await demo.said(/Your turn/);
    await actWithPhones(demo);
    demo.type('/as Anna');
    await writeAndAsk(demo);
    await killAndUnlink(demo);

    demo.type('/quit');
    expect(await demo.exited, demo.text).toBe(0);
    expect(demo.text).not.toContain('!!!');
    expect(isAlive(demo.botPid)).toBe(false);
    expect(await leftBehind()).toEqual([]);
  }, 120_000);
});

/** Listeners that say what they got. */
async function writeListeners(project: string): Promise<void> {
  await mkdir(join(project, 'listeners'), { recursive: true });
  const bot = pathToFileURL(join(program.folder, 'dist/bot/')).href;
  const listens = (on: string, answer: string, more = ''): Promise<void> =>
    writeFile(
      join(project, 'listeners', `${on}.js`),
      `import { listener } from '${bot}listener.js';
export default listener({ on: '${on}', ${more} run: (ctx) => ctx.send(${answer}) });`,
    );
  await listens('vote', '"voted " + (ctx.event.options.join("+") || "nothing")');
  await listens('reaction', '"reacted " + (ctx.event.emoji || "nothing")');
  await listens('edited', '"changed to " + ctx.message.text');
  await listens('message', '"heard " + ctx.message.voice.seconds + " s"', "media: 'audio',");
  await listens('joined', '"welcome " + ctx.event.people.length');
  await listens('left', '"goodbye " + ctx.event.people.length');
}

/** They vote, react, edit, speak, leave and join. */
async function actWithPhones(demo: Demo): Promise<void> {
  demo.type('/vote pizza');
  await demo.said(/There is no poll of the bot here/);
  demo.type('!poll Lunch? | pizza | soup, hot | salad');
  await demo.said(/\(a poll\) Lunch\?/);
  demo.type('/vote SOUP, hot');
  await demo.said(/Anna: voted soup, hot$/);
  demo.type('/vote');
  await demo.said(/Anna: voted nothing/);
  demo.type('/vote fish');
  await demo.said(/The poll has the options: pizza, soup, hot, salad/);
  demo.type('/react 👍');
  await demo.said(/Anna: reacted 👍/);
  demo.type('/react');
  await demo.said(/Anna: reacted nothing/);
  demo.type('so');
  demo.type('/edit so what');
  await demo.said(/Anna: changed to so what/);
  demo.type('/voice 9');
  await demo.said(/Anna: heard 9 s/);
  demo.type('/leave Ben');
  await demo.said(/Family: goodbye 1/);
  demo.type('/as Ben Family');
  demo.type('!ping');
  await demo.said(/Ben is not in Family\. \/join Ben/);
  demo.type('/join');
  await demo.said(/Family: welcome 1/);
  demo.type('/join');
  await demo.said(/Ben is in Family already/);
  demo.type('/voteing');
  await demo.said(/There is no \/voteing/);
  demo.type('/leav');
  await demo.said(/There is no \/leav\. Did you mean \/leave\?/);
}

async function writeAndAsk(demo: Demo): Promise<void> {
  demo.type('!ping');
  await demo.said(/bot → Anna: pong {2}\(\d/);
  demo.type('/why');
  await demo.said(/\(direct, .*: ran/);
  demo.type('/as Ben');
  demo.type('!id');
  await demo.said(/bot → Ben: You: \+15550104050/);
  demo.type('/as Family');
  demo.type('!ping');
  await demo.said(/Ben → Family: !ping/);
  await demo.said(/bot → Family: pong/);
  demo.type('/as Owner');
  demo.type('!status');
  await demo.said(/bot → Owner: Connection: open/);
  demo.type('/as Nobody');
  await demo.said(/There are Anna, Ben, Owner/);
  demo.type('/as Anna');
  demo.type('/burst 30');
  await demo.said(/30 messages, 30 answers in .*: each once, in order/);
}

async function killAndUnlink(demo: Demo): Promise<void> {
  const pid = demo.botPid;
  demo.type('/kill');
  await demo.said(/is gone/);
  expect(isAlive(pid)).toBe(false);
  demo.type('!help ping');
  await demo.said(/WhatsApp keeps it/);
  demo.type('/restart');
  await demo.said(/No QR code: it is still linked/);
  await demo.said(/bot → Anna: Usage: !ping/);

  demo.type('/offline 1');
  await demo.said(/No network for a second/);
  await demo.said(/connected again/);

  demo.type('/logout');
  await demo.said(/Logged out\. Run: rm -rf \.\/sessions/);
  await demo.said(/exit code 77/);
  demo.type('/rm');
  demo.type('/restart');
  await demo.said(/linked and connected/);
  demo.type('!ping');
  await demo.said(/bot → Anna: pong/);
  demo.type('/log');
  await demo.said(/WhatsApp connection established/);
}

describe('its arguments', () => {
  test('the demo names an unknown argument and does not start', async () => {
    const demo = start(['--wacth']);
    expect(await demo.exited).toBe(78);
    expect(demo.text).toContain('--wacth');
    expect(demo.text).not.toMatch(/The bot starts/);
  });
});
