import { describe, expect, test } from 'vitest';
import { judge, Ledger, type StoryResult } from '../../../src/demo/answer-ledger.ts';
import { STORY } from '../../../src/demo/story.ts';

const question = (id: string, askedAtMs = 0) => ({
  id,
  who: 'Anna',
  text: '!ping',
  askedAtMs,
  isQuiet: false,
});

const answer = (id: string, quotedId: string | undefined, atMs = 10, place = 'Anna', text = 'pong') => ({
  id,
  place,
  text,
  quotedId,
  atMs,
});

describe('the ledger', () => {
  test('the ledger knows an answer by the message that it quotes, and measures its time', () => {
    const ledger = new Ledger();
    ledger.asked(question('q1', 100));
    expect(ledger.received(answer('a1', 'q1', 141))).toMatchObject({ kind: 'answer', afterMs: 41 });
    expect(ledger.tally()).toMatchObject({ asked: 1, answered: 1, doubles: 0, isInOrder: true, tookMs: 41 });
  });

  test('the same text again as an answer to the same message counts as doubled', () => {
    const ledger = new Ledger();
    ledger.asked(question('q1'));
    ledger.received(answer('a1', 'q1'));
    expect(ledger.received(answer('a2', 'q1')).kind).toBe('double');
    expect(ledger.tally()).toMatchObject({ answered: 1, doubles: 1 });
  });

  test('two different answers to one message do not count as doubled', () => {
    const ledger = new Ledger();
    ledger.asked(question('q1'));
    ledger.received(answer('a1', 'q1'));
    expect(ledger.received(answer('a2', 'q1', 20, 'Anna', 'and more')).kind).toBe('answer');
    expect(ledger.tally().doubles).toBe(0);
  });

  test('the ledger recognises the same message on a second phone of a group', () => {
    const ledger = new Ledger();
    ledger.asked(question('q1'));
    ledger.received(answer('a1', 'q1', 10, 'group'));
    expect(ledger.received(answer('a1', 'q1', 11, 'group')).kind).toBe('known');
  });

  test('a message that quotes no question counts as a message of its own', () => {
    const ledger = new Ledger();
    expect(ledger.received(answer('a1', undefined)).kind).toBe('message');
    expect(ledger.received(answer('a2', 'stranger')).kind).toBe('message');
  });

  test('the ledger notices answers in another order, and only among the questions that count', () => {
    const ledger = new Ledger();
    for (const id of ['q1', 'q2', 'q3']) ledger.asked(question(id));
    ledger.received(answer('a2', 'q2'));
    ledger.received(answer('a1', 'q1'));
    ledger.received(answer('a3', 'q3'));
    expect(ledger.tally().isInOrder).toBe(false);
    expect(ledger.tally(['q1', 'q3'])).toMatchObject({ asked: 2, answered: 2, isInOrder: true });
  });

  test('if there was no question, no answer is missing', () => {
    expect(new Ledger().tally()).toEqual({ asked: 0, answered: 0, doubles: 0, isInOrder: true, tookMs: 0 });
  });
});

describe('the promises', () => {
  const kept: StoryResult = {
    pairings: 1,
    qrRequests: 1,
    asked: 3,
    answered: 3,
    doubles: 0,
    isInOrder: true,
    conversation: [1, 1, 1],
    unreadable: 0,
  };

  test('the story of the demo reports that all promises are kept', () => {
    expect(judge(kept).map(({ isKept }) => isKept)).toEqual([true, true, true, true]);
  });

  test.each<[string, Partial<StoryResult>, number]>([
    ['a second QR code', { qrRequests: 2 }, 0],
    ['a second pairing', { pairings: 2, qrRequests: 2 }, 0],
    ['a message without an answer', { answered: 2 }, 1],
    ['a double answer', { doubles: 1 }, 1],
    ['another order', { isInOrder: false }, 1],
    ['a question of the conversation that comes twice', { conversation: [2, 1, 1] }, 2],
    ['a conversation that does not go on', { conversation: [1, 0, 0] }, 2],
    ['an unreadable answer', { unreadable: 1 }, 3],
  ])('%s breaks exactly one promise, and its line says what happened', (_, change, broken) => {
    const verdicts = judge({ ...kept, ...change });
    expect(
      verdicts.map(({ isKept }, index) => (isKept ? undefined : index)).filter((x) => x !== undefined),
    ).toEqual([broken]);
    expect(verdicts[broken]?.text).toContain('in fact');
  });
});

test('the ledger counts the messages in a chat by their text', () => {
  const ledger = new Ledger();
  ledger.received(answer('a1', undefined, 10, 'Anna', 'Which size?'));
  ledger.received(answer('a1', undefined, 11, 'Anna', 'Which size?'));
  ledger.received(answer('a2', 'stranger', 12, 'Anna', '(a poll) Which size?: small'));
  expect(ledger.count('Anna', 'Which size?')).toBe(2);
  expect(ledger.count('Ben', 'Which size?')).toBe(0);
});

test('the story kills the bot in the middle of a conversation, while more is asked', () => {
  const order = STORY.map((step) => step.do).filter((what) => what !== 'title' && what !== 'tell');
  expect(order).toEqual(
    'start link ask hear say await kill vote ask ask start return await hear listen say await listen'.split(
      ' ',
    ),
  );
});
