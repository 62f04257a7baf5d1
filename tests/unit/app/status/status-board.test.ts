import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { AnswerTimes } from '../../../../src/app/status/answer-times.ts';
import { CLOSE_KINDS, closeSentence } from '../../../../src/app/status/close-sentences.ts';
import { StatusBoard, type StatusBoardParts } from '../../../../src/app/status/status-board.ts';
import type { Messenger } from '../../../../src/core/messages/messenger.ts';
import type { OutgoingMessage } from '../../../../src/core/messages/outgoing-message.ts';
import type { Timing } from '../../../../src/http/status/status-source.ts';
import type { ClientEvents } from '../../../../src/whatsapp/client-events.ts';
import type { ClientActivity, ClientState } from '../../../../src/whatsapp/client-state.ts';
import type { CloseReason } from '../../../../src/whatsapp/connection/close-reason.ts';

const REASONS: Readonly<Record<CloseReason['kind'], CloseReason>> = {
  'logged-out': { kind: 'logged-out', detail: 'Stream Errored (conflict)' },
  'auth-failed': { kind: 'auth-failed', statusCode: 401 },
  'restart-required': { kind: 'restart-required' },
  replaced: { kind: 'replaced' },
  'version-refused': { kind: 'version-refused' },
  'account-refused': { kind: 'account-refused', statusCode: 406 },
  banned: { kind: 'banned', forMs: 60_000 },
  'qr-ended': { kind: 'qr-ended' },
  'storage-failed': { kind: 'storage-failed', message: 'No space is left for ./sessions.' },
  'closed-by-send': {
    kind: 'closed-by-send',
    statusCode: 500,
    message: 'Stream Errored (500)',
    hasWorked: true,
  },
  network: { kind: 'network', statusCode: 408, message: 'Connection was lost' },
};

test('every kind of close is counted and has a sentence', () => {
  expect([...CLOSE_KINDS].sort()).toEqual(Object.keys(REASONS).sort());
  for (const kind of CLOSE_KINDS) expect(closeSentence(REASONS[kind])).toMatch(/^[A-Z].*\.$/);
});

test('the status masks what a library says of a close', () => {
  const message = 'proxy http://user:secret@host refused 4915123456789';
  const sentence = closeSentence({ kind: 'network', statusCode: undefined, message });
  expect(sentence).not.toMatch(/secret|4915123456789/);
});

/** A client that does what the test says. */
class FakeClient extends EventEmitter<ClientEvents> implements Messenger {
  state: ClientState = { kind: 'idle', sinceMs: 0 };
  lastAckAtMs: number | undefined;
  send: Messenger['send'] = async () => {};
  showTyping = async (): Promise<void> => {};
  whenOpen = async (): Promise<void> => {};
  download = (): Promise<Uint8Array> => Promise.reject(new Error('not asked for'));
  group = (): Promise<never> => Promise.reject(new Error('not asked for'));

  become(activity: ClientActivity, sinceMs = 0): void {
    this.state = { ...activity, sinceMs };
    this.emit('changed', this.state);
  }

  closeFor(reason: CloseReason): void {
    this.emit('closed', reason);
    this.become({ kind: 'waiting', reason, untilMs: 0 });
    this.become({ kind: 'connecting' });
  }
}

describe('the status board', () => {
  let client: FakeClient;
  let board: StatusBoard;
  let isLinked: boolean;

  beforeEach(() => {
    client = new FakeClient();
    isLinked = false;
    const session = {
      creds: { me: { id: '15550100000:3@s.whatsapp.net', name: 'Owner' } },
      get isLinked() {
        return isLinked;
      },
      facts: () => ({ journalBytes: 7, unsavedKeys: 0 }),
    } as unknown as StatusBoardParts['session'];
    const stats = () => undefined;
    board = new StatusBoard({
      client,
      session,
      sessionPath: './s',
      commandPrefix: '!',
      startedAtMs: 1,
      stats,
    });
  });

  test('the status board shows no account after half a pairing, and a masked one after a whole pairing', () => {
    expect(board.snapshot().account).toBeUndefined();
    isLinked = true;
    expect(board.snapshot().account).toEqual({ number: '+1555•••000', name: 'Owner' });
  });

  test('the status board knows the situation before the first change, and after each change', () => {
    expect(board.snapshot().situation).toEqual({ kind: 'starting' });
    const heard = vi.fn();
    const unsubscribe = board.onChange(heard);
    client.become({ kind: 'pairing', qr: 'qr', code: undefined, expiresAtMs: 5, index: 0 });
    expect(board.snapshot().situation).toEqual({
      kind: 'pairing',
      qr: 'qr',
      code: undefined,
      expiresAtMs: 5,
    });
    client.become({ kind: 'stopped', reason: { kind: 'logged-out' } });
    expect(board.snapshot().situation).toEqual({ kind: 'stopped', why: 'logged-out' });
    unsubscribe();
    client.become({ kind: 'open' });
    expect(heard).toHaveBeenCalledTimes(2);
  });

  test('the status board takes the time of the situation from the state', () => {
    client.become({ kind: 'pairing', qr: 'one', code: undefined, expiresAtMs: 5, index: 0 }, 1_000);
    expect(board.snapshot().sinceMs).toBe(1_000);
    client.become({ kind: 'open' }, 2_000);
    expect(board.snapshot().sinceMs).toBe(2_000);
  });

  test('the status board counts reconnects by reason, and refused logins in a row', () => {
    client.closeFor(REASONS.network);
    for (let times = 0; times < 3; times += 1) client.closeFor(REASONS['auth-failed']);
    expect(board.snapshot()).toMatchObject({
      reconnects: { network: 1, 'auth-failed': 3, banned: 0 },
      refusedLogins: 3,
      lastClose: { kind: 'auth-failed' },
    });
    client.become({ kind: 'open' });
    expect(board.snapshot().refusedLogins).toBe(0);
  });

  test('the status board says when the client last had an acknowledgement', () => {
    expect(board.snapshot().lastSentAtMs).toBeUndefined();
    client.lastAckAtMs = 1_700_000_000_000;
    expect(board.snapshot().lastSentAtMs).toBe(1_700_000_000_000);
  });
});

describe('the timings', () => {
  const signal = new AbortController().signal;
  const message = (quoted?: string): OutgoingMessage =>
    ({
      id: 'i',
      chat: 'c',
      content: { kind: 'text', text: 't' },
      ...(quoted && { quote: { key: quoted } }),
    }) as never;

  function rig() {
    let now = 0;
    const told: Timing[] = [];
    const client = new FakeClient();
    const timings = new AnswerTimes((timing) => told.push(timing), { upMs: () => now });
    const pass = (ms: number): void => void (now += ms);
    return { client, messenger: timings.measured(client), timings, told, pass };
  }

  test('the timings measure a reply once, from its message on, and a send from its start on', async () => {
    const { client, messenger, timings, told, pass } = rig();
    client.send = async () => pass(30);
    timings.received({ key: 'k' });
    pass(100);
    timings.received({ key: 'k' });
    await messenger.send(message('k'), signal);
    await messenger.send(message('k'), signal);
    await messenger.send(message(), signal);
    expect(told).toEqual([
      { kind: 'send', ms: 30 },
      { kind: 'reply', ms: 130 },
      { kind: 'send', ms: 30 },
      { kind: 'send', ms: 30 },
    ]);
  });

  test('the timings do not measure a send that fails, and pass its error on', async () => {
    const { client, messenger, timings, told } = rig();
    client.send = () => Promise.reject(new Error('refused'));
    timings.received({ key: 'k' });
    await expect(messenger.send(message('k'), signal)).rejects.toThrow('refused');
    expect(told).toEqual([]);
  });

  test('the timings forget messages without an answer', async () => {
    const { messenger, timings, told } = rig();
    for (let index = 0; index <= 1_000; index += 1) timings.received({ key: `k${index}` });
    await messenger.send(message('k0'), signal);
    await messenger.send(message('k1'), signal);
    expect(told.filter(({ kind }) => kind === 'reply')).toHaveLength(1);
  });
});
