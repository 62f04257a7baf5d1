import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HandOver } from '../../../src/app/message-intake.ts';
import type { IncomingMessage } from '../../../src/core/messages.ts';
import type { ClientEvents } from '../../../src/whatsapp/client-events.ts';
import type { ClientState } from '../../../src/whatsapp/client-state.ts';
import { FakeLog, incoming, rest } from '../bot/fakes.ts';

/** A client whose inbox and connection are what a test says. */
class FakeClient extends EventEmitter<ClientEvents> {
  state: { kind: ClientState['kind'] } = { kind: 'connecting' };
  waiting: IncomingMessage[] = [];
  readonly inbox = { unfinished: () => [...this.waiting] };

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
let handOver: HandOver;
let given: string[];
/** Ends the bot's work on everything that it was given. */
let endWork: () => Promise<void>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  client = new FakeClient();
  log = new FakeLog();
  given = [];
  let ends: Array<() => void> = [];
  endWork = async () => {
    for (const end of ends) end();
    ends = [];
    await rest();
  };
  const handle = ({ text }: IncomingMessage): Promise<void> => {
    given.push(text);
    return new Promise((resolve) => ends.push(resolve));
  };
  handOver = new HandOver({ client, handle, log });
});

afterEach(() => {
  handOver.stop();
  vi.useRealTimers();
});

test('what the last run left is given once a connection is open, not before: its login tells the time', () => {
  client.waiting = [incoming('one'), incoming('two')];
  handOver.start();
  vi.advanceTimersByTime(600_000);
  expect(given).toEqual([]);
  expect(log.lines).toEqual([]);
  client.open();
  expect(given).toEqual(['one', 'two']);
  expect(log.lines).toMatchObject([
    { facts: { messages: 2 }, line: 'Going on with messages that the last run left unfinished' },
  ]);
});

test('what comes before the connection is open waits behind what is older', () => {
  client.waiting = [incoming('old')];
  handOver.start();
  client.receive(incoming('early'));
  expect(given).toEqual([]);
  client.open();
  client.receive(incoming('late'));
  expect(given).toEqual(['old', 'early', 'late']);
});

test('a connection that opens again says nothing of the last run, and gives nothing that is in work', () => {
  handOver.start();
  client.open();
  client.receive(incoming('one'));
  client.open();
  expect(given).toEqual(['one']);
  expect(log.lines).toEqual([]);
});

test('what the bot left unfinished is given again each minute while the connection is open', async () => {
  handOver.start();
  client.open();
  client.receive(incoming('one'));
  vi.advanceTimersByTime(60_000);
  expect(given).toEqual(['one']);
  await endWork();
  vi.advanceTimersByTime(60_000);
  expect(given).toEqual(['one', 'one']);
  await endWork();
  client.state = { kind: 'waiting' };
  vi.advanceTimersByTime(60_000);
  expect(given).toEqual(['one', 'one']);
});

test('after the stop nothing is given again', async () => {
  handOver.start();
  client.open();
  client.receive(incoming('one'));
  await endWork();
  handOver.stop();
  vi.advanceTimersByTime(600_000);
  expect(given).toEqual(['one']);
});
