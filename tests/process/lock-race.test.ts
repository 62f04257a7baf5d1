import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest';
import { seeded } from '../../bench/seeded.ts';
import { lockSession } from '../../src/session/lock/folder-lock.ts';
import './support/build-once.ts';

const PROGRAM = fileURLToPath(new URL('lock-racer.mjs', import.meta.url));
const LOCK = pathToFileURL(join(inject('builtOnce').packaged, 'session/lock/folder-lock.js')).href;
const RACERS = 20;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

type Message =
  | { readonly kind: 'ready' | 'owner' | 'releasing' }
  | { readonly kind: 'refused'; readonly code: string };

/** A process that wants to own a folder, and after that perhaps another one. */
class Racer {
  readonly child: ChildProcessWithoutNullStreams;
  /** Of the present race. */
  messages: Message[] = [];
  readonly exited: Promise<unknown>;
  isStopped = false;
  isKilled = false;

  constructor() {
    this.child = spawn(process.execPath, [PROGRAM, LOCK], { stdio: 'pipe' });
    this.exited = once(this.child, 'exit');
    createInterface(this.child.stdout).on('line', (line) => this.messages.push(JSON.parse(line) as Message));
    this.child.stdin.on('error', () => {});
  }

  has(...kinds: Array<Message['kind']>): boolean {
    return this.messages.some(({ kind }) => kinds.includes(kind));
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Owns the folder as far as anyone can tell from outside. */
  get isOwner(): boolean {
    return this.isAlive && !this.isKilled && this.has('owner') && !this.has('releasing');
  }

  start(...args: Parameters<typeof lockSession>): void {
    this.child.stdin.write(`${JSON.stringify(args)}\n`);
  }

  /** Gives back what it owns, and is ready for the next race. */
  async letGo(): Promise<void> {
    this.messages = [];
    this.child.stdin.write('\n');
    await until('it is ready again', () => this.has('ready'));
    this.messages = [];
  }

  stop(): void {
    this.isStopped = true;
    this.child.kill('SIGSTOP');
  }

  goOn(): void {
    this.isStopped = false;
    this.child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.isKilled = true;
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async finish(): Promise<void> {
    this.child.stdin.end();
    await this.exited;
  }
}

function folderOfOurOwn(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const until = (what: string, isSo: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(isSo(), `${what} (SEED=${seed})`).toBe(true), { timeout: 20_000, interval: 10 });

const random = seeded(seed);

/** They run in both races, because starting them costs more than the races. The second race kills some. */
let racers: Racer[] = [];

beforeAll(async () => {
  racers = Array.from({ length: RACERS }, () => new Racer());
  await until('all are ready', () => racers.every((racer) => racer.has('ready')));
});
afterAll(() => {
  for (const { child } of racers) child.kill('SIGKILL');
});

test('if twenty processes want the lock at once, exactly one gets it', { timeout: 60_000 }, async () => {
  const folder = folderOfOurOwn();
  // All of them answer, however busy the machine is.
  for (const racer of racers) racer.start(folder, 60_000);
  await until('everyone knows', () => racers.every((racer) => racer.has('owner', 'refused')));
  expect(racers.filter((racer) => racer.isOwner).length).toBe(1);
  await Promise.all(racers.map((racer) => racer.letGo()));
});

test(`if twenty processes race for the lock, and some are suspended or killed, there are never two owners (SEED=${seed})`, {
  timeout: 60_000,
}, async () => {
  const folder = folderOfOurOwn();
  for (const racer of racers) racer.start(folder);
  // Some stop in the middle of it, some die, at instants that the seed decides.
  const meddled = Promise.all(
    racers.map(async (racer) => {
      const lot = random();
      await wait(random() * 150);
      if (lot < 0.3) racer.stop();
      else if (lot < 0.5) await racer.kill();
      if (lot >= 0.3) return;
      await wait(random() * 1_500);
      racer.goOn();
    }),
  );
  let isMeddling = true;
  void meddled.then(() => {
    isMeddling = false;
  });
  while (isMeddling) {
    expect(racers.filter((racer) => racer.isOwner).length, `SEED=${seed}`).toBeLessThanOrEqual(1);
    await wait(5);
  }
  await until('everyone knows', () =>
    racers.every((racer) => !racer.isAlive || racer.isKilled || racer.has('owner', 'refused')),
  );
  const owners = racers.filter((racer) => racer.isOwner);
  expect(owners.length, `SEED=${seed}`).toBeLessThanOrEqual(1);
  for (const { messages } of racers) {
    const refused = messages.find((message) => message.kind === 'refused');
    if (refused) expect(refused.code).toBe('SESSION_LOCKED');
  }
  // Once it is calm: it is owned, or the next one who asks gets it.
  const next = new Racer();
  onTestFinished(() => void next.child.kill('SIGKILL'));
  next.start(folder);
  await until('the next one knows', () => next.has('owner', 'refused'));
  expect(next.isOwner, `SEED=${seed}`).toBe(owners.length === 0);
  await Promise.all([...racers, next].filter((racer) => racer.isAlive).map((racer) => racer.finish()));
  await (await lockSession(folder)).release();
});

test('the lock of a killed owner is taken at once; a suspended owner keeps it, and is named within two seconds', async () => {
  const folder = folderOfOurOwn();
  const first = new Racer();
  onTestFinished(() => void first.child.kill('SIGKILL'));
  first.start(folder);
  await until('it owns the folder', () => first.isOwner);
  for (const isStopped of [false, true]) {
    if (isStopped) first.stop();
    const startedAt = performance.now();
    const refused = await lockSession(folder).catch((error: unknown) => error);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(refused).toMatchObject({ code: 'SESSION_LOCKED', exitCode: 75 });
    expect(String(refused)).toMatch(
      new RegExp(`in use by process ${first.child.pid} on ${hostname()} since \\d{4}-\\d\\d-\\d\\dT`),
    );
  }
  await first.kill();
  const startedAt = performance.now();
  const lock = await lockSession(folder);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  await lock.release();
});
