import { afterEach, describe, expect, it } from 'vitest';
import type { SendOptions } from '../../src/simulator/phones/send-options.ts';
import { within } from './support/deadline.ts';
import { Rig } from './support/rig.ts';
import { holdBaileysWaits } from './support/short-waits.ts';

let rig: Rig;

afterEach(() => rig.destroy());

const PATIENCE_MS = 15_000;
/** Baileys waits this long before it asks the phone, and longer by the second one if it could not read a message. */
const [BEFORE_ASKING_MS, BEFORE_RETRY_ASKS_MS] = [2_000, 3_000];

interface Options {
  /** Whether the two waits last as long as in production. Default false. */
  readonly hasBaileysWaits?: boolean;
  /** Whether `!ping` is answered with `pong`. Default true. */
  readonly answers?: boolean;
}

async function paired({ hasBaileysWaits = false, ...options }: Options = {}): Promise<Rig> {
  if (!hasBaileysWaits) holdBaileysWaits(BEFORE_ASKING_MS, BEFORE_RETRY_ASKS_MS)();
  rig = new Rig(options);
  await rig.pair();
  return rig;
}

const ON_PHONE_ONLY: SendOptions = { isOnPhoneOnly: true };
const PING = { conversation: '!ping' };

const answerTo = (id: string) => (message: { quotedId: string | undefined }) => message.quotedId === id;

/** Resolves when the bot has acknowledged a stanza. */
function acknowledged(id: string): Promise<void> {
  return within(
    new Promise<void>((resolve) => {
      rig.wa.events.on('stanza-in', ({ tag, attrs }) => {
        if (tag === 'ack' && attrs.id === id) resolve();
      });
    }),
    `the acknowledgement of ${id}`,
  );
}

/** Resolves when the phone was asked `times` times. */
async function phoneAsked(times = 1): Promise<void> {
  const requests = () =>
    rig.wa.phone.inbox.filter(({ message }) => message.protocolMessage?.peerDataOperationRequestMessage);
  while (requests().length < times) {
    const seen = new Set(requests());
    await rig.wa.phone.waitForMessage(
      (received) => requests().includes(received) && !seen.has(received),
      PATIENCE_MS,
    );
  }
}

function receivedOnce(id: string): void {
  expect(rig.received.filter((message) => message.id === id)).toHaveLength(1);
}

describe('a message that only the phone has', () => {
  it.each(['pn', 'lid'] as const)(
    'the bot gets a message of a %s chat that only the phone had',
    async (addressing) => {
      await paired();
      const person = rig.wa.addPerson({ addressing, name: 'Anna' });
      const { id } = await person.sendMessage(PING, ON_PHONE_ONLY);
      const { attempt } = await person.waitForMessage(answerTo(id), PATIENCE_MS);
      expect(attempt).toBe(1);
      expect(rig.received).toMatchObject([
        { id, text: '!ping', chat: person.jid, sender: { id: person.number, name: 'Anna' } },
      ]);
    },
  );

  it('the bot gets a group message that only the phone had', async () => {
    await paired();
    const person = rig.wa.addPerson();
    const group = rig.wa.addGroup({ people: [person] });
    const { id } = await person.sendMessage(PING, { ...ON_PHONE_ONLY, to: group });
    await person.waitForMessage(answerTo(id), PATIENCE_MS);
    expect(rig.received).toMatchObject([{ id, chat: group.jid, sender: { id: person.number } }]);
  });

  it.each([
    ['the line is cut', false],
    ['the bot is stopped', true],
  ])(
    'the phone is asked again after the next connect where %s before Baileys has asked',
    async (_, isStopped) => {
      await paired({ hasBaileysWaits: true });
      const person = rig.wa.addPerson();
      rig.wa.faults.halfOpen(true);
      const { id } = await person.sendMessage(PING, ON_PHONE_ONLY);
      const ack = acknowledged(id);
      rig.wa.faults.halfOpen(false);
      await ack;
      if (isStopped) {
        await rig.stop();
        await rig.start();
      } else {
        rig.wa.faults.dropConnection();
        await rig.reconnect();
      }
      await person.waitForMessage(answerTo(id), PATIENCE_MS);
      receivedOnce(id);
    },
  );

  it('the bot gets a resent message after the next start if it stopped before it was handled', async () => {
    await paired({ answers: false });
    const person = rig.wa.addPerson({ addressing: 'lid' });
    const { id } = await person.sendMessage({ conversation: 'hello' }, ON_PHONE_ONLY);
    await within(
      new Promise<void>((resolve) => rig.client.once('received', () => resolve())),
      'the message',
      PATIENCE_MS,
    );
    await rig.stop();
    await rig.start();
    expect(rig.client.inbox.unfinished()).toEqual(rig.received);
    receivedOnce(id);
  });

  it('the bot answers once although the phone is asked before and after a restart', async () => {
    await paired();
    await rig.wa.phone.turnOff(true);
    const person = rig.wa.addPerson();
    const { id } = await person.sendMessage(PING, ON_PHONE_ONLY);
    await phoneAsked();
    await rig.stop();
    await rig.start();
    await phoneAsked(2);
    await rig.wa.phone.turnOff(false);
    await person.waitForMessage(answerTo(id), PATIENCE_MS);
    await rig.ping(person);
    receivedOnce(id);
    expect(person.inbox.filter(answerTo(id))).toHaveLength(1);
    expect(rig.wa.devices[0]?.mailbox.waiting.filter(({ tag }) => tag === 'message')).toEqual([]);
  });

  it('the bot answers once although the message comes from its sender and from the phone', async () => {
    await paired();
    await rig.wa.phone.turnOff(true);
    const person = rig.wa.addPerson();
    const { id } = await person.sendMessage(PING, ON_PHONE_ONLY);
    await phoneAsked();
    await person.sendMessage(PING, { id });
    await person.waitForMessage(answerTo(id));
    await rig.wa.phone.turnOff(false);
    await person.sendMessage(PING, { id });
    await rig.ping(person);
    receivedOnce(id);
    expect(person.inbox.filter(answerTo(id))).toHaveLength(1);
  });
});

it('the bot gets a message that could not be decrypted from the phone', async () => {
  await paired();
  const person = rig.wa.addPerson({ addressing: 'lid', name: 'Anna' });
  await rig.ping(person);
  const { id } = await person.sendMessage(PING, { isCorrupt: true, isSentOnce: true });
  await person.waitForMessage(answerTo(id), PATIENCE_MS);
  receivedOnce(id);
  expect(rig.received.at(-1)).toMatchObject({ sender: { id: person.number, name: 'Anna' } });
});
