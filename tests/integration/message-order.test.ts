import { afterEach, beforeEach, expect, test } from 'vitest';
import { Rig } from './support/rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig({ hasRealWaits: true });
});

afterEach(() => rig.destroy());

test.each(['pn', 'lid', 'mixed'] as const)(
  'the first messages of a person after a start keep their order (%s)',
  async (addressing) => {
    await rig.pair();
    const anna = rig.wa.addPerson({ addressing });
    await rig.ping(anna);
    await rig.stop();
    await rig.start();
    await rig.state('open');
    const words = ['one', 'two', 'three', 'four'];
    for (const word of words) await anna.send(word);
    const heard = () => rig.received.map(({ text }) => text).filter((text) => words.includes(text));
    await expect.poll(heard, { timeout: 10_000 }).toHaveLength(words.length);
    expect(heard()).toEqual(words);
  },
);

test('the first messages of somebody who has never written keep their order', async () => {
  await rig.pair();
  const ben = rig.wa.addPerson({ addressing: 'lid' });
  const words = ['one', 'two', 'three', 'four'];
  for (const word of words) await ben.send(word);
  const heard = () => rig.received.map(({ text }) => text);
  await expect.poll(heard, { timeout: 10_000 }).toEqual(words);
});
