import { afterEach, expect, it } from 'vitest';
import type { Inbox } from '../../src/whatsapp/receive/inbox.ts';
import { within } from './support/deadline.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

/** Resolves when the client has seen so many messages. */
function seen(inbox: Inbox, count: number): Promise<void> {
  let left = count;
  const original = inbox.sawStanza.bind(inbox);
  return within(
    new Promise((resolve) => {
      inbox.sawStanza = (node) => {
        original(node);
        if (--left === 0) resolve();
      };
    }),
    `${count} messages`,
  );
}

it('the log reports a connection that decrypts no message, and another connection answers the messages that had arrived', async () => {
  rig = new Rig();
  const client = await rig.pair();
  const person = rig.wa.addPerson();
  await rig.ping(person);
  const { inbox } = client;
  // The first message holds the key queue for ever.
  inbox.decrypted = () => new Promise<undefined>(() => {}) as never;
  const arrived = seen(inbox, 3);
  const questions = [await person.send('!ping'), await person.send('!ping'), await person.send('!ping')];
  await arrived;
  const deaf = within(
    new Promise<void>((resolve) => {
      client.on('changed', () => client.deafness && resolve());
    }),
    'the deafness',
  );
  rig.aheadMs += 46_000;
  await deaf;
  expect(rig.facts).toContainEqual(expect.objectContaining({ level: 'warn', undecrypted: 3 }));
  Reflect.deleteProperty(inbox, 'decrypted');
  await rig.reconnect();
  for (const { id } of questions) await person.waitForMessage(({ quotedId }) => quotedId === id);
  expect(client.state.kind).toBe('open');
});
