import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BotProcess } from './support/bot.ts';
import { ROOT } from './support/program.ts';
import { program, stage, useLinkedStage, useNewStages, useProgram } from './support/stage.ts';

useProgram();

const preload = (name: string): string => new URL(`./support/${name}`, import.meta.url).href;

const QR = 'QR Code received';
const OPEN = 'WhatsApp connection established';

/** Whether a process is there and no zombie: in a container nobody may have asked how it ended. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'));
}

const ownerPid = (): number => JSON.parse(readFileSync(join(stage.sessions, 'owner.json'), 'utf8')).pid;

describe('from the first start', () => {
  useNewStages();

  it('after one scan, five times Ctrl+C and a start show no QR code again', async () => {
    let bot = await stage.pair();
    expect(bot.output).toContain('=== SCAN THIS QR CODE WITH WHATSAPP ===');
    const person = stage.wa.addPerson();
    await stage.ping(person);
    const stops: number[] = [];
    for (let start = 1; start <= 5; start++) {
      const { code, stopMs } = await bot.stop('SIGINT');
      expect(code).toBe(0);
      stops.push(stopMs);
      bot = await stage.open();
      await stage.ping(person);
      expect(bot.output).not.toContain(QR);
      expect(bot.output).not.toMatch(/\[(WARN|ERROR|FATAL)\]/);
      const lines = bot.lines.filter((line) => /Initializing|Connection status: open|established/.test(line));
      expect(lines.map((line) => line.replace(/ {2}\S+=.*/, ''))).toEqual([
        '[INFO] Initializing Baileys WhatsApp client...',
        '[INFO] Connection status: open',
        '[INFO] ✅ WhatsApp connection established',
      ]);
    }
    expect(stage.wa.counters).toMatchObject({ pairings: 1, refusedLogins: 0 });
    // The rest of the machine may be busy; one of five is not.
    expect(Math.min(...stops)).toBeLessThan(1_500);
    expect(person.unreadable).toEqual([]);
  }, 60_000);

  it('a signal at any moment of a start ends the bot, and the next start works', async () => {
    const moments: ReadonlyArray<(bot: BotProcess) => Promise<unknown>> = [
      () => new Promise((resolve) => setTimeout(resolve, 100)),
      () => new Promise((resolve) => setTimeout(resolve, 400)),
      (bot) => bot.said('Initializing'),
      (bot) => bot.said('Connection status: connecting'),
    ];
    for (const moment of moments) {
      const bot = await stage.start();
      await moment(bot);
      bot.signal('SIGINT');
      const { code, signal } = await bot.exit(5_000);
      expect(code === 0 || signal === 'SIGINT', bot.output).toBe(true);
    }
    const next = await stage.start();
    await next.said(QR);
  });
});

/** Each test goes on where the one before has left the session. */
describe('a linked bot', () => {
  useLinkedStage();

  it('after kill -9 the next start takes over at once, shows no QR code, and answers what came meanwhile', async () => {
    const bot = await stage.open();
    const person = stage.wa.addPerson();
    await stage.ping(person);
    await bot.kill();
    const { id } = await person.send('!ping');
    const next = await stage.open();
    await person.waitForMessage(({ quotedId }) => quotedId === id);
    expect(next.output).not.toContain(QR);
    expect(next.output).not.toContain('in use');
    expect(person.inbox.filter(({ quotedId }) => quotedId === id)).toHaveLength(1);
  });

  it('the bot runs from its sources, as npm run dev starts it', async () => {
    const bot = await stage.open(
      {},
      { command: [process.execPath, '--import', 'tsx', 'src/main.ts'], cwd: ROOT },
    );
    await stage.ping(stage.wa.addPerson());
    expect(bot.output).not.toContain(QR);
    expect(await bot.stop('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('two Ctrl+C at once stop the bot once', async () => {
    const bot = await stage.open();
    const closes = () => bot.lines.filter((line) => line.includes('Connection status: close')).length;
    const before = closes();
    bot.signal('SIGINT');
    bot.signal('SIGINT');
    bot.signal('SIGTERM');
    expect(await bot.exit()).toMatchObject({ code: 0, signal: null });
    expect(bot.output.match(/ signal=SIG/g)).toHaveLength(1);
    expect([before, closes()]).toEqual([0, 1]);
  });

  it('a second Ctrl+C after more than a second ends the bot at once, and no message is lost', async () => {
    const bot = await stage.open({ NODE_OPTIONS: `--import=${preload('slow-disk.mjs')}` });
    await stage.ping(stage.wa.addPerson());
    bot.signal('SIGINT');
    await bot.said('signal=SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const { code, stopMs } = await bot.stop('SIGINT');
    expect(code).toBe(0);
    expect(stopMs).toBeLessThan(1_000);
    const next = await stage.open();
    expect(next.output).not.toContain(QR);
    await stage.ping(stage.wa.addPerson());
  });

  it('SIGTERM to npm start stops the bot as well', async () => {
    const bot = await stage.open({}, { command: ['npm', 'start', '--ignore-scripts'], cwd: program.folder });
    const pid = ownerPid();
    // It resolves when no process holds the pipes any more.
    await bot.stop('SIGTERM');
    expect(isRunning(pid)).toBe(false);
    expect(bot.output).toContain('signal=SIGTERM');
    const next = await stage.open();
    expect(next.output).not.toContain(QR);
  });

  it('a second process on the same folder ends with 75 at once and says which process has it; the first one goes on', async () => {
    const bot = await stage.open();
    const pid = ownerPid();
    const { logins } = stage.wa.counters;
    const second = await stage.start();
    const { code, afterMs } = await second.exit();
    expect(code).toBe(75);
    expect(second.output).toContain(`is in use by process ${pid} on ${hostname()} since 20`);
    expect(second.output).toContain('SESSION_PATH');
    // Two seconds for the answer, and the start of a process on a busy machine.
    expect(afterMs).toBeLessThan(4_000);
    await stage.ping(stage.wa.addPerson());
    expect(stage.wa.counters.logins).toBe(logins);
    expect(bot.output).not.toContain('Connection status: close\n[WARN]');
  });

  it('a bot whose session another client takes over twice ends with 75', async () => {
    const bot = await stage.open({ NODE_OPTIONS: `--import=${preload('short-minutes.mjs')}` });
    stage.wa.faults.replace();
    await bot.said('Reconnecting in 60 seconds...');
    await bot.said(OPEN, 2);
    stage.wa.faults.replace();
    expect(await bot.exit()).toMatchObject({ code: 75 });
    expect(bot.output).toMatch(/\[ERROR\] .* close=replaced$/m);
  });

  it('a logout ends the bot with 77 and says what to run; the next start does the same at once, without a connection', async () => {
    const bot = await stage.open();
    await stage.ping(stage.wa.addPerson());
    stage.wa.phone.unlink();
    expect(await bot.exit()).toMatchObject({ code: 77 });
    const line = `[ERROR] Logged out. Run: rm -rf ${stage.sessions}`;
    expect(bot.lines).toContain(line);
    expect(bot.output).toMatch(/\[ERROR\] Then start the bot again and scan the new QR code/);
    const { connections } = stage.wa.counters;
    const next = await stage.start();
    expect(await next.exit()).toMatchObject({ code: 77 });
    expect(next.lines).toContain(line);
    expect(next.output).not.toContain('connecting');
    expect(stage.wa.counters.connections).toBe(connections);
  });
});
