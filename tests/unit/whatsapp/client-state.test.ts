import { describe, expect, it } from 'vitest';
import { type ClientState, statusWord } from '../../../src/whatsapp/client-state.ts';

const WORDS: {
  [K in ClientState['kind']]: readonly [Extract<ClientState, { kind: K }>, ReturnType<typeof statusWord>];
} = {
  idle: [{ kind: 'idle' }, undefined],
  connecting: [{ kind: 'connecting', sinceMs: 0 }, 'connecting'],
  pairing: [{ kind: 'pairing', qr: 'x', code: undefined, expiresAtMs: 0, index: 0 }, undefined],
  open: [{ kind: 'open', sinceMs: 0 }, 'open'],
  waiting: [{ kind: 'waiting', reason: { kind: 'replaced' }, untilMs: 0 }, 'close'],
  stopped: [{ kind: 'stopped', reason: { kind: 'asked' } }, 'close'],
};

describe('statusWord', () => {
  it.each(Object.values(WORDS))('%o is called %s', (state, word) => {
    expect(statusWord(state)).toBe(word);
  });
});
