import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { seeded } from '../../bench/seeded.ts';
import { lockSession } from '../../src/session/lock/folder-lock.ts';
import './support/build-once.ts';

const PROGRAM = fileURLToPath(new URL('lock-racer.mjs', import.meta.url));
const LOCK = pathToFileURL(join(inject('builtOnce').packaged, 'session/lock/folder-lock.js')).href;
const RACERS = 20;
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

type Message =
  | { readonly kind: 'ready' }
  | { readonly kind: 'owner' | 'releasing'; readonly at: string }
  | { readonly kind: 'refused'; readonly tookMs: number; readonly code: string; readonly message: string };

/** A process that wants to own a folder. */
class Racer {
  readonly child: ChildProcessWithoutNullStreams;
  readonly messages: Message[] = [];
  readonly exited: Promise<unknown>;
  isStopped = false;
  isKilled = false;

  constructor(folder: string) {
    this.child = spawn(process.execPath, [PROGRAM, folder, LOCK], { stdio: 'pipe' });
    this.exited = once(this.child, 'exit');
    createInterface(this.child.stdout).on('line', (line) => this.messages.push(JSON.parse(line) as Message));
    this.child.stdin.on('error', () => {});
    onTestFinished(() => void this.child.kill('SIGKILL'));
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

  start(): void {
    this.child.stdin.write('go\n');
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

test(`if twenty processes race for the lock, and some are suspended or killed, there are never two owners (SEED=${seed})`, {
  timeout: 60_000,
}, async () => {
  const folder = folderOfOurOwn();
  const racers = Array.from({ length: RACERS }, () => new Racer(folder));
  await until('all are ready', () => racers.every((racer) => racer.has('ready')));
  for (const racer of racers) racer.start();
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
  const next = new Racer(folder);
  await until('the next one is ready', () => next.has('ready'));
  next.start();
  await until('the next one knows', () => next.has('owner', 'refused'));
  expect(next.isOwner, `SEED=${seed}`).toBe(owners.length === 0);
  await Promise.all([...racers, next].filter((racer) => racer.isAlive).map((racer) => racer.finish()));
  await (await lockSession(folder)).release();
});

test('if twenty processes want the lock at once, exactly one gets it', { timeout: 60_000 }, async () => {
  const folder = folderOfOurOwn();
  const racers = Array.from({ length: RACERS }, () => new Racer(folder));
  await until('all are ready', () => racers.every((racer) => racer.has('ready')));
  for (const racer of racers) racer.start();
  await until('everyone knows', () => racers.every((racer) => racer.has('owner', 'refused')));
  expect(racers.filter((racer) => racer.isOwner).length).toBe(1);
  await Promise.all(racers.map((racer) => racer.finish()));
});

test('the lock of a killed owner is taken at once; a suspended owner keeps it, and is named within two seconds', async () => {
  const folder = folderOfOurOwn();
  const first = new Racer(folder);
  await until('it is ready', () => first.has('ready'));
  first.start();
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
