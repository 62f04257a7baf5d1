import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession } from '../src/session/session-store.ts';
import { SimulatedWhatsApp } from '../src/simulator/server/simulated-whatsapp.ts';
import { BotProcess, nextOpened } from './bots.ts';

export interface PairingResult {
  /** Kills between the scan and the first login. */
  readonly pairingKills: number;
  /** Kills after the first login and before WhatsApp had any pre-key. */
  readonly uploadKills: number;
  /** How often the bot asked for a QR code after WhatsApp had confirmed the pairing. */
  readonly lost: number;
  readonly missingPreKeys: number;
}

/** A little longer than the time from the scan to the first login, and from there to the end of the upload. */
const PAIRING_MS = 120;
const UPLOAD_MS = 300;
/** Every second kill in a pairing comes much earlier, so that it hits the phase on a fast machine too. */
const WELL_INSIDE = 0.3;
const LIMIT_MS = 30_000;

/** Pairs `count` bots one after the other, and adds up the results. */
export async function torturePairings(count: number, random: () => number): Promise<PairingResult> {
  const sum = { pairingKills: 0, uploadKills: 0, lost: 0, missingPreKeys: 0 };
  for (let n = 0; n < count; n += 1) {
    const result = await torturePairing(random, n % 2 === 0);
    for (const name of Object.keys(sum) as Array<keyof PairingResult>) sum[name] += result[name];
  }
  return sum;
}

/**
 * Pairs a new bot, with a kill in the pairing and one in the first upload of pre-keys. It must survive both.
 * `isSure`: WhatsApp leaves the upload without an answer until the kill, so that it cannot end before.
 */
async function torturePairing(random: () => number, isSure: boolean): Promise<PairingResult> {
  const simulator = new SimulatedWhatsApp();
  await simulator.start();
  const folder = mkdtempSync(join(tmpdir(), 'torture-'));
  const bot = new BotProcess('perennial', folder, simulator, { LOG_LEVEL: 'warn' });
  let lost = 0;
  simulator.events.on('qr-requested', () => {
    if (simulator.devices.length > 0) lost += 1;
  });
  try {
    bot.start();
    // The kill cuts off the pairing or its confirmation. The phone's scan then fails, and it scans again.
    simulator.phone.scan(await bot.shownQr(AbortSignal.timeout(LIMIT_MS))).catch(() => {});
    await sleep(random() * PAIRING_MS * (isSure ? WELL_INSIDE : 1));
    await bot.end('SIGKILL');
    const pairingKills = simulator.counters.logins === 0 ? 1 : 0;
    rmSync(join(folder, 'qr-code.png'), { force: true });
    if (isSure) simulator.faults.queries.ignore('encrypt');
    const scanning = new AbortController();
    const opened = nextOpened(simulator, LIMIT_MS);
    bot.start();
    bot
      .shownQr(scanning.signal)
      .then((qr) => simulator.phone.scan(qr))
      .catch(() => {});
    await opened.finally(() => scanning.abort());
    await sleep(random() * UPLOAD_MS);
    await bot.end('SIGKILL');
    const uploadKills = uploaded(simulator).length === 0 ? 1 : 0;
    simulator.faults.queries.ignore();
    bot.start();
    await untilUploaded(simulator);
    await bot.end('SIGTERM');
    return { pairingKills, uploadKills, lost, missingPreKeys: await missingPreKeys(folder, simulator) };
  } finally {
    await bot.end('SIGKILL');
    await simulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The ids of the pre-keys that WhatsApp hands out. */
const uploaded = (simulator: SimulatedWhatsApp): string[] =>
  simulator.devices.flatMap((device) => device.preKeyIds()).map(String);

async function untilUploaded(simulator: SimulatedWhatsApp): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (uploaded(simulator).length === 0) {
    if (Date.now() > deadline) throw new Error('no pre-keys were uploaded within 30 s');
    await sleep(20);
  }
}

/** Pre-keys that WhatsApp hands out and the folder does not have. */
export async function missingPreKeys(folder: string, simulator: SimulatedWhatsApp): Promise<number> {
  const ids = uploaded(simulator);
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const session = await openSession(folder, { log });
  const found = session.get('pre-key', ids);
  await session.close();
  return ids.filter((id) => !(id in found)).length;
}
