import { afterEach, describe, expect, it } from 'vitest';
import { leaveOldFiles } from './support/old-folder.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

describe('a folder of Baileys 6.7', () => {
  it('after a folder of Baileys 6.7 is taken over, messages of every known person can be read at once, also under their LID', async () => {
    rig = new Rig();
    await rig.pair();
    rig.wa.faults.queries.hideLids(true);
    const people = [rig.wa.addPerson(), rig.wa.addPerson(), rig.wa.addPerson()];
    for (const person of people) await rig.ping(person);
    await rig.stop();
    expect(leaveOldFiles(rig.folder)).toBeGreaterThan(0);
    rig.wa.faults.queries.hideLids(false);
    await rig.start();
    await rig.state('open');
    const [companion] = rig.wa.devices;
    const before = companion?.counters.retryReceipts;
    for (const from of ['pn', 'lid'] as const) {
      for (const person of people) {
        const { id } = await person.sendMessage({ conversation: '!ping' }, { from });
        const { attempt } = await person.waitForMessage(({ quotedId }) => quotedId === id);
        expect(attempt).toBe(1);
      }
    }
    expect(companion?.counters.retryReceipts).toBe(before);
  });
});
