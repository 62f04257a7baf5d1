import type { BinaryNode } from '@whiskeysockets/baileys';
import { describe, expect, it } from 'vitest';
import { limitsReached } from '../../../../src/core/limits/limit-counts.ts';
import { LIMITS } from '../../../../src/core/limits/limits.ts';
import {
  DEAFNESS,
  type Deafness,
  reachedLimit,
  renewalPauseMs,
  type WorkFacts,
  WorkWatch,
} from '../../../../src/whatsapp/connection/work-watch.ts';

const NOW = 10_000_000;
const none = { count: 0, sinceMs: 0 };
const idle: WorkFacts = { undecrypted: none, unreadable: { ...none, senders: 0 }, unanswered: none };
const ago = (count: number, seconds: number) => ({ count, sinceMs: NOW - seconds * 1000 });

describe('reachedLimit', () => {
  it.each<[title: string, facts: Partial<WorkFacts>, result: Deafness | undefined]>([
    ['an idle connection', {}, undefined],
    ['two messages that are not decrypted for an hour', { undecrypted: ago(2, 3600) }, undefined],
    ['three messages that are not decrypted for 44 seconds', { undecrypted: ago(3, 44) }, undefined],
    [
      'three messages that are not decrypted for 45 seconds',
      { undecrypted: ago(3, 45) },
      'nothing-decrypted',
    ],
    [
      'a hundred messages that one person wrote and nobody can decrypt',
      { unreadable: { ...ago(100, 3600), senders: 1 } },
      undefined,
    ],
    [
      'ten messages of two people that cannot be decrypted for a minute',
      { unreadable: { ...ago(10, 60), senders: 2 } },
      'nothing-decrypted',
    ],
    [
      'nine messages of two people that cannot be decrypted for a minute',
      { unreadable: { ...ago(9, 60), senders: 2 } },
      undefined,
    ],
    ['three messages that are in progress for 179 seconds', { unanswered: ago(3, 179) }, undefined],
    ['two messages that are in progress for an hour', { unanswered: ago(2, 3600) }, undefined],
    [
      'three messages that are in progress for three minutes',
      { unanswered: ago(3, 180) },
      'nothing-answered',
    ],
  ])('reachedLimit of %s means $2', (_, facts, result) => {
    const limit = reachedLimit({ ...idle, ...facts }, NOW);
    expect(limit && DEAFNESS[limit]).toBe(result);
  });
});

it('the pauses between new connections double from two minutes to an hour', () => {
  const minutes = [1, 2, 3, 5, 6, 100].map((renewals) => renewalPauseMs(renewals) / 60_000);
  expect(minutes).toEqual([2, 4, 8, 32, 60, 60]);
});

describe('WorkWatch', () => {
  function start() {
    const calls = { renewed: [] as string[], warned: [] as string[], changes: 0 };
    let nowMs = 1_000;
    const watch = new WorkWatch({
      log: { warn: (_: unknown, line: string) => calls.warned.push(line), info: () => {} } as never,
      clock: { upMs: () => nowMs },
      isOpen: () => true,
      renew: (message) => calls.renewed.push(message),
      onChange: () => calls.changes++,
    });
    const after = (seconds: number): void => {
      nowMs += seconds * 1000;
      watch.check();
    };
    return { watch, calls, after };
  }
  const message = (from: string, type = 'msg'): BinaryNode => ({
    tag: 'message',
    attrs: { from, id: 'x' },
    content: [{ tag: 'enc', attrs: { type }, content: new Uint8Array(1) }],
  });
  const success: BinaryNode = { tag: 'success', attrs: {} };
  const person = '15550101@s.whatsapp.net';

  it('the watch logs once that no message is decrypted, and asks for new connections with growing pauses until one is', () => {
    const { watch, calls, after } = start();
    watch.saw(success);
    for (let i = 0; i < 3; i++) watch.saw(message(person));
    after(44);
    expect(watch.deafness).toBeUndefined();
    after(1);
    expect(watch.deafness).toBe('nothing-decrypted');
    expect(calls).toMatchObject({ changes: 1, renewed: [expect.any(String)] });
    after(60);
    expect(calls.renewed).toHaveLength(1);
    after(60);
    expect(calls.renewed).toHaveLength(2);
    after(239);
    expect(calls.renewed).toHaveLength(2);
    after(1);
    expect(calls.renewed).toHaveLength(3);
    expect(calls.warned).toHaveLength(1);
    watch.decrypted();
    after(5);
    expect(watch.deafness).toBeUndefined();
  });

  it('the watch counts the limit that is reached when messages of two people cannot be decrypted', () => {
    const reached = () => new Map<string, number>(limitsReached());
    const before = reached();
    const { watch, after } = start();
    const { count, timeMs } = LIMITS['work:unreadable'];
    for (let i = 0; i < count; i++) {
      watch.saw(message(i % 2 === 0 ? person : '15550102@s.whatsapp.net'));
      watch.couldNotDecrypt();
    }
    after(timeMs / 1000);
    expect(watch.deafness).toBe('nothing-decrypted');
    expect(reached().get('work:unreadable')).toBe((before.get('work:unreadable') ?? 0) + 1);
    expect(reached().get('work:undecrypted')).toBe(before.get('work:undecrypted'));
  });

  it('the watch counts no message that is ignored or that has nothing to decrypt', () => {
    const { watch, after } = start();
    for (let i = 0; i < 5; i++) {
      watch.saw(message('status@broadcast'));
      watch.saw(message(person, 'msmsg'));
      watch.saw({ tag: 'message', attrs: { from: person }, content: [] });
      watch.saw({ tag: 'receipt', attrs: { from: person } });
    }
    after(3600);
    expect(watch.deafness).toBeUndefined();
  });

  it('the watch gives a new connection the whole time', () => {
    const { watch, after } = start();
    for (let i = 0; i < 3; i++) watch.saw(message(person));
    after(40);
    watch.saw(success);
    after(40);
    expect(watch.deafness).toBeUndefined();
  });

  it('the watch reports no work while the bot finishes no message and sends none, and ends the report when it does', () => {
    const { watch, calls, after } = start();
    watch.received('a');
    watch.received('b');
    watch.received('c');
    after(100);
    watch.sent();
    after(100);
    expect(watch.deafness).toBeUndefined();
    after(100);
    expect(watch.deafness).toBe('nothing-answered');
    watch.finished('a');
    after(5);
    expect(watch.deafness).toBeUndefined();
    watch.finished('b');
    watch.finished('c');
    after(3600);
    expect(watch.deafness).toBeUndefined();
    expect(calls.renewed).toHaveLength(1);
  });
});
