import { describe, expect, it } from 'vitest';
import {
  type ClientActivity,
  type ClientState,
  nextState,
  statusWord,
  TRANSITIONS,
} from '../../../src/whatsapp/client-state.ts';

type Kind = ClientActivity['kind'];

const ACTIVITIES: { [K in Kind]: Extract<ClientActivity, { kind: K }> } = {
  idle: { kind: 'idle' },
  connecting: { kind: 'connecting' },
  pairing: { kind: 'pairing', qr: 'x', code: undefined, expiresAtMs: 0, index: 0 },
  open: { kind: 'open' },
  waiting: { kind: 'waiting', reason: { kind: 'replaced' }, untilMs: 0 },
  stopped: { kind: 'stopped', reason: { kind: 'asked' } },
};
const KINDS = Object.keys(ACTIVITIES) as Kind[];
const at = (kind: Kind, sinceMs: number): ClientState => ({ ...ACTIVITIES[kind], sinceMs });

describe('statusWord', () => {
  const WORDS: Record<Kind, ReturnType<typeof statusWord>> = {
    idle: undefined,
    connecting: 'connecting',
    pairing: undefined,
    open: 'open',
    waiting: 'close',
    stopped: 'close',
  };
  it.each(KINDS)('statusWord has the word that users know for the state %s', (kind) => {
    expect(statusWord(at(kind, 0))).toBe(WORDS[kind]);
  });
});

describe('nextState', () => {
  const pairs = KINDS.flatMap((from) =>
    KINDS.map((to) => [from, to, TRANSITIONS[from].includes(to)] as const),
  );

  it.each(pairs)('a change from %s to %s is allowed: %s', (from, to, isAllowed) => {
    const next = (): ClientState => nextState(at(from, 1_000), ACTIVITIES[to], 2_000);
    if (!isAllowed) return expect(next).toThrow(new RegExp(`${to} .*${from}`));
    expect(next()).toEqual({ ...ACTIVITIES[to], sinceMs: from === to ? 1_000 : 2_000 });
  });

  it('every state can be reached from the first one, and the last one has no successor', () => {
    const reached = new Set<Kind>(['idle']);
    for (const kind of reached) for (const next of TRANSITIONS[kind]) reached.add(next);
    expect([...reached].sort()).toEqual([...KINDS].sort());
    expect(TRANSITIONS.stopped).toEqual([]);
  });

  it('nextState keeps the time of the first QR code when another one follows', () => {
    const second = { ...ACTIVITIES.pairing, qr: 'y', index: 1 };
    expect(nextState(at('pairing', 1_000), second, 9_000)).toEqual({ ...second, sinceMs: 1_000 });
  });
});
