import { expect, test } from 'vitest';
import {
  beginRecord,
  endRecord,
  lastMessages,
  messageCounts,
  noteMessage,
  noteOutcome,
  noteTime,
} from '../../../../src/core/messages/message-records.ts';

const draft = { id: 'ABC', chatKind: 'direct', sender: '+1555•••123', atMs: 1_000 };
const countOf = (outcome: string): number =>
  messageCounts().find(([name]) => name === outcome)?.[1] ?? Number.NaN;

test('a record has the first outcome that was noted, and the sum of the times', () => {
  const before = countOf('cooldown');
  beginRecord('key', draft);
  noteTime('key', 'waitedMs', 5);
  noteTime('key', 'handlerMs', 7);
  noteTime('key', 'handlerMs', 8);
  noteOutcome('key', 'cooldown', 'ping');
  noteOutcome('key', 'ran', 'ping');
  expect(endRecord('key', 'ran', 1_100)).toEqual({
    ...draft,
    outcome: 'cooldown',
    detail: 'ping',
    waitedMs: 5,
    handlerMs: 15,
    tookMs: 100,
  });
  expect(countOf('cooldown')).toBe(before + 1);
  expect(endRecord('key', 'ran', 1_200)).toBeUndefined();
});

test('an outcome without a record is ignored', () => {
  noteOutcome('unknown', 'loop');
  noteTime('unknown', 'waitedMs', 5);
  expect(endRecord('unknown', 'ran', 0)).toBeUndefined();
});

test('a record without a noted outcome gets the outcome that is given at its end', () => {
  beginRecord('key', draft);
  expect(endRecord('key', 'put-off', 900)).toMatchObject({ outcome: 'put-off', tookMs: 0 });
});

test('the last fifty records of messages are kept, the newest first', () => {
  for (let index = 0; index < 60; index += 1)
    noteMessage({ ...draft, id: `m${index}`, outcome: 'undecryptable', detail: undefined });
  expect(lastMessages().map(({ id }) => id)).toEqual(
    Array.from({ length: 50 }, (_, index) => `m${59 - index}`),
  );
});
