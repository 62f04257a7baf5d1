import { expect, it } from 'vitest';
import type { Stanza } from '../../src/simulator/wire/stanza.ts';
import { within } from '../integration/support/deadline.ts';
import { stage, useLinkedStage, useProgram } from './support/stage.ts';

useProgram();
useLinkedStage();

/** Resolves with the first stanza of this direction that `match` accepts. */
function stanza(direction: 'stanza-in' | 'stanza-out', match: (node: Stanza) => boolean): Promise<void> {
  return within(
    new Promise<void>((resolve) => {
      stage.wa.events.on(direction, (node) => {
        if (match(node)) resolve();
      });
    }),
    `a ${direction}`,
    20_000,
  );
}

it.each([
  ['on its way', 'stanza-out', (node: Stanza) => node.tag === 'message' && node.attrs.category === 'peer'],
  ['stored', 'stanza-in', (node: Stanza) => node.tag === 'receipt' && node.attrs.type === 'peer_msg'],
] as const)(
  'a bot that is killed while a message that only the phone has is %s answers every message once after the next start',
  async (_, direction, match) => {
    const bot = await stage.open();
    const person = stage.wa.addPerson({ addressing: 'lid' });
    await stage.ping(person);
    const { phone } = stage.wa;
    await phone.turnOff(true);
    const messages = 4;
    const ids = await Promise.all(
      Array.from({ length: messages }, async () => {
        const { id } = await person.sendMessage({ conversation: '!ping' }, { isOnPhoneOnly: true });
        return id;
      }),
    );
    const isRequest = ({ tag, attrs }: Stanza): boolean => tag === 'message' && attrs.category === 'peer';
    let asked = 0;
    await stanza('stanza-in', (node) => isRequest(node) && ++asked === messages);
    const moment = stanza(direction, match);
    const handingOn = phone.turnOff(false);
    await moment;
    await bot.kill();
    await handingOn;

    await stage.open();
    for (const id of ids) await person.waitForMessage(({ quotedId }) => quotedId === id, 20_000);
    await stage.ping(person);
    const quoted = person.inbox.map(({ quotedId }) => quotedId);
    expect(new Set(quoted).size).toBe(quoted.length);
    expect(person.unreadable).toEqual([]);
  },
  60_000,
);
