import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MessageIntake } from '../../../src/app/message-intake.ts';
import type { RunResult } from '../../../src/bot/run/run-result.ts';
import type { IncomingMessage } from '../../../src/core/messages/incoming-message.ts';
import type { ClientEvents } from '../../../src/whatsapp/client-events.ts';
import type { ClientState } from '../../../src/whatsapp/client-state.ts';
import { FakeLog, incoming, rest } from '../bot/fakes.ts';

/** A client whose inbox and connection are what a test says. */
class FakeClient extends EventEmitter<ClientEvents> {
  state: { kind: ClientState['kind'] } = { kind: 'connecting' };
  waiting: IncomingMessage[] = [];
  readonly finished: string[] = [];
  readonly inbox = {
    unfinished: () => [...this.waiting],
    finish: (key: string) => void this.finished.push(key),
  };

  open(): void {
    this.state = { kind: 'open' };
    this.emit('opened');
  }
  receive(message: IncomingMessage): void {
    this.waiting.push(message);
    this.emit('received', message);
  }
}

let client: FakeClient;
let log: FakeLog;
let intake: MessageIntake;
let given: string[];
let result: RunResult;
/** The async contexts in which the bot got its messages. */
let contexts: Array<string | undefined>;
const context = new AsyncLocalStorage<string>();
/** Ends the bot's work on everything that it was given. */
let endWork: () => Promise<void>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  client = new FakeClient();
  log = new FakeLog();
  given = [];
  contexts = [];
  let ends: Array<() => void> = [];
  endWork = async () => {
    for (const end of ends) end();
    ends = [];
    await rest();
  };
  const handle = ({ text }: IncomingMessage): Promise<RunResult> => {
    given.push(text);
    contexts.push(context.getStore());
    return new Promise((resolve) => ends.push(() => resolve(result)));
  };
  result = 'unfinished';
  intake = new MessageIntake({ client, bot: Promise.resolve({ handle }), log });
});

afterEach(() => {
  void intake.stop();
  vi.useRealTimers();
});

test('the intake hands over the messages of the last run when a connection is open, because the login tells the time', async () => {
  client.waiting = [incoming('one'), incoming('two')];
  intake.start();
  vi.advanceTimersByTime(600_000);
  await rest();
  expect(given).toEqual([]);
  expect(log.lines).toEqual([]);
  client.open();
  await rest();
  expect(given).toEqual(['one', 'two']);
  expect(log.lines).toMatchObject([{ facts: { messages: 2 } }]);
});

test('a message that comes before the connection is open is handed over after the older ones', async () => {
  client.waiting = [incoming('old')];
  intake.start();
  client.receive(incoming('early'));
  await rest();
  expect(given).toEqual([]);
  client.open();
  client.receive(incoming('late'));
  await rest();
  expect(given).toEqual(['old', 'early', 'late']);
});

test('a second opening does not report the last run again, and hands over no message that is in progress', async () => {
  intake.start();
  client.open();
  client.receive(incoming('one'));
  client.open();
  await rest();
  expect(given).toEqual(['one']);
  expect(log.lines).toEqual([]);
});

test('a message that the bot left unfinished is handed over again each minute while the connection is open', async () => {
  intake.start();
  client.open();
  client.receive(incoming('one'));
  vi.advanceTimersByTime(60_000);
  await rest();
  expect(given).toEqual(['one']);
  await endWork();
  vi.advanceTimersByTime(60_000);
  await rest();
  expect(given).toEqual(['one', 'one']);
  await endWork();
  client.state = { kind: 'waiting' };
  vi.advanceTimersByTime(60_000);
  await rest();
  expect(given).toEqual(['one', 'one']);
});

test('the intake hands over nothing after stop()', async () => {
  intake.start();
  client.open();
  client.receive(incoming('one'));
  await endWork();
  void intake.stop();
  vi.advanceTimersByTime(600_000);
  await rest();
  expect(given).toEqual(['one']);
});

test('the inbox finishes a message that the bot has handled, and keeps one that the bot left unfinished', async () => {
  const one = incoming('one');
  result = 'done';
  intake.start();
  client.open();
  client.receive(one);
  await rest();
  await endWork();
  result = 'unfinished';
  client.receive(incoming('two'));
  await rest();
  await endWork();
  expect(client.finished).toEqual([one.key]);
});

test('stop() resolves when the bot has settled each message that it was handed', async () => {
  intake.start();
  client.open();
  client.receive(incoming('one'));
  await rest();
  let isStopped = false;
  const stopping = intake.stop().then(() => {
    isStopped = true;
  });
  await rest();
  expect(isStopped).toBe(false);
  await endWork();
  await stopping;
});

test('the bot gets a message outside of the key transaction in which it arrived', async () => {
  intake.start();
  client.open();
  context.run('a key transaction', () => client.receive(incoming('one')));
  await rest();
  expect(contexts).toEqual([undefined]);
});
