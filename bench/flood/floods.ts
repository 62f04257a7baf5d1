import { setTimeout as sleep } from 'node:timers/promises';
import type { proto } from '@whiskeysockets/baileys';
import type { Person } from '../../src/simulator/phones/person.ts';
import type { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';
import { stanza } from '../../src/simulator/wire/stanza.ts';
import type { Flood, FloodWorld } from './flood.ts';
import { HTTP_FLOODS } from './http-floods.ts';
import { LARGEST, makePictureBomb } from './picture-bomb.ts';
import { repeat } from './repeat.ts';

const KIB = 1024;
/** 1.8 MiB a second. */
const HEAVY_EVERY_MS = 33;
const HEAVY_BYTES = 60 * KIB;
const PICTURES_WITHIN_MS = 10_000;

/** By the name for `--only`. */
export const FLOODS: Readonly<Record<string, Flood>> = {
  location: {
    what: 'messages without text or media, 60 KiB each',
    isHeavy: true,
    async run({ simulator }, signal) {
      const person = simulator.addPerson({ addressing: 'lid' });
      const thumbnail = Buffer.alloc(HEAVY_BYTES, 'x');
      await repeat(HEAVY_EVERY_MS, signal, () =>
        person.sendMessage({
          locationMessage: { degreesLatitude: 1, degreesLongitude: 2, jpegThumbnail: thumbnail },
        }),
      );
    },
  },
  'ping-one': {
    what: '`!ping` and 60 KiB of text from one person',
    isHeavy: true,
    run: ({ simulator }, signal) => sendLongPings([simulator.addPerson()], signal),
  },
  'ping-many': {
    what: '`!ping` and 60 KiB of text from 200 people',
    isHeavy: true,
    run: ({ simulator }, signal) =>
      sendLongPings(
        Array.from({ length: 200 }, (_, index) =>
          simulator.addPerson({ addressing: index % 2 === 0 ? 'pn' : 'lid' }),
        ),
        signal,
      ),
  },
  pictures: {
    what: '`!sticker` with PNGs of 50 megapixels, four at once',
    isHeavy: true,
    run: (world, signal) => sendPictures(world, signal, makePictureBomb()),
  },
  'pictures-decoded': {
    what: '`!sticker` with interlaced PNGs of the largest size that is decoded, four at once',
    isHeavy: false,
    run: (world, signal) => sendPictures(world, signal, makePictureBomb(LARGEST)),
  },
  'gone-group': {
    what: 'reminders for a group that is gone',
    isHeavy: false,
    async run({ simulator }, signal) {
      const person = simulator.addPerson();
      const group = simulator.addGroup({ people: [person], subject: 'Gone' });
      for (let count = 0; count < 50; count += 1) await person.send('!remind 3s tea', group);
      await person.waitForMessage(({ text }) => text?.startsWith('I will remind you') === true, 30_000);
      group.goneCode = 403;
      await repeat(1_000, signal, () => person.send('!ping', group));
    },
  },
  'closing-sends': {
    what: 'messages whose answers close the stream',
    isHeavy: false,
    async run({ simulator }, signal) {
      const person = simulator.addPerson();
      simulator.faults.sends.closeAt(500, { to: person, times: Number.POSITIVE_INFINITY });
      await repeat(10_000, signal, () => person.send('!ping'));
      simulator.faults.sends.accept();
    },
  },
  'silent-app-state': {
    what: 'app-state requests that get no answer',
    isHeavy: false,
    async run({ simulator }, signal) {
      simulator.faults.queries.ignore('w:sync:app:state');
      await repeat(2_000, signal, () => announceAppState(simulator));
      simulator.faults.queries.ignore();
    },
  },
  'empty-app-state': {
    what: 'app-state answers that are empty',
    isHeavy: false,
    async run({ simulator }, signal) {
      simulator.faults.queries.breakAppState('empty');
      await repeat(2_000, signal, () => announceAppState(simulator));
      simulator.faults.queries.breakAppState(undefined);
    },
  },
  'endless-app-state': {
    what: 'app-state answers that always say that there is more',
    isHeavy: false,
    async run({ simulator }, signal) {
      simulator.faults.queries.breakAppState('endless');
      await repeat(2_000, signal, () => announceAppState(simulator));
      simulator.faults.queries.breakAppState(undefined);
    },
  },
  groups: {
    what: 'texts of 60 KiB, some of them commands, in 20 groups of 20 people',
    isHeavy: true,
    async run({ simulator }, signal) {
      const people = Array.from({ length: 20 }, () => simulator.addPerson({ addressing: 'lid' }));
      const groups = people.map((_, index) => simulator.addGroup({ people, subject: `Group ${index}` }));
      const long = 'x'.repeat(HEAVY_BYTES);
      let turn = 0;
      await repeat(HEAVY_EVERY_MS, signal, async () => {
        const text = turn % 20 === 0 ? `!ping ${long}` : long;
        await people[turn % people.length]?.send(text, groups[turn % groups.length]);
        turn += 1;
      });
    },
  },
  unreadable: {
    what: 'messages of 60 KiB that cannot be decrypted',
    isHeavy: true,
    run({ simulator }, signal) {
      const person = simulator.addPerson({ addressing: 'lid' });
      const content = { conversation: 'x'.repeat(HEAVY_BYTES) };
      return repeat(HEAVY_EVERY_MS, signal, () => person.sendMessage(content, { isCorrupt: true }));
    },
  },
  'long-ids': {
    what: 'messages with ids of 60 KiB',
    isHeavy: true,
    run({ simulator }, signal) {
      const person = simulator.addPerson();
      let turn = 0;
      return repeat(HEAVY_EVERY_MS, signal, () => {
        turn += 1;
        const id = `${'A'.repeat(HEAVY_BYTES)}${turn}`;
        return person.sendMessage({ conversation: turn % 2 === 0 ? '!ping' : 'hello' }, { id });
      });
    },
  },
  ...HTTP_FLOODS,
};

/**
 * Throws if the bot does not fetch the pictures: they would be no flood. Waits for the answers to all pictures, at
 * most `PICTURES_WITHIN_MS`, because the decoding is the flood.
 */
async function sendPictures(
  { simulator, alsoReceived }: FloodWorld,
  signal: AbortSignal,
  data: Buffer,
): Promise<void> {
  const people = Array.from({ length: 4 }, () => simulator.addPerson());
  let rounds = 0;
  const answers = () => people.flatMap(({ inbox }) => inbox);
  await repeat(2_000, signal, async () => {
    rounds += 1;
    alsoReceived(people.length * data.length);
    const caption = '!sticker';
    await Promise.all(
      people.map((person) => person.sendMedia({ type: 'image', data, mimetype: 'image/png', caption })),
    );
    if (answers().some(({ text }) => text?.includes('could not fetch')))
      throw new Error('the bot could not fetch the pictures');
  });
  const deadline = Date.now() + PICTURES_WITHIN_MS;
  while (answers().length < rounds * people.length && Date.now() < deadline) await sleep(100);
}

function sendLongPings(people: readonly Person[], signal: AbortSignal): Promise<void> {
  const text: proto.IMessage = { conversation: `!ping ${'x'.repeat(HEAVY_BYTES)}` };
  let turn = 0;
  return repeat(HEAVY_EVERY_MS, signal, async () => {
    await people[turn % people.length]?.sendMessage(text);
    turn += 1;
  });
}

/** Tells the bot that another device has changed the account's settings. */
async function announceAppState(simulator: SimulatedWhatsApp): Promise<void> {
  const attrs = { from: 's.whatsapp.net', type: 'server_sync', id: String(Date.now()), t: '0' };
  for (const companion of simulator.devices) {
    companion.mailbox.post(
      stanza('notification', attrs, [stanza('collection', { name: 'regular_high', version: '2' })]),
    );
  }
}
