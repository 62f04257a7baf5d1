import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SimulatedWhatsApp } from '../../../src/simulator/server/simulated-whatsapp.ts';

/** More than the people who write to one bot in any test. */
const LEFT = process.env.LONG ? 250 : 100;

/**
 * As if most of the 812 one-time keys had been used, by people who are not there. Each key is a file, and each test
 * gets a copy of the folder.
 */
export function useMostPreKeys({ devices }: SimulatedWhatsApp, folder: string): void {
  for (const device of devices) {
    while (device.preKeyIds().length > LEFT) device.takeBundle();
    for (const id of device.handedOutPreKeyIds.splice(0))
      rmSync(join(folder, `pre-key-${id}.json`), { force: true });
  }
}
