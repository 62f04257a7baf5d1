import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SimulatedWhatsApp } from '../../src/simulator/server/simulated-whatsapp.ts';
import { BotProcess } from '../bots.ts';
import type { Flood } from './flood.ts';
import { OrdinaryPerson } from './ordinary-person.ts';
import { Supervisor } from './supervisor.ts';
import { TrafficMeter } from './traffic-meter.ts';

const MIB = 1024 * 1024;
/** The memory of the bot and its children together. */
const MEMORY_BYTES = 512 * MIB;
const SLOWEST_MS = 5_000;
const WRITTEN_PER_RECEIVED = 3;
const TABLE_BYTES = 64 * MIB;

export interface FloodResult {
  readonly receivedBytes: number;
  /** What the bot wrote to files. Its log is not counted. */
  readonly writtenBytes: number;
  readonly residentPeakBytes: number;
  readonly largestTableBytes: number;
  readonly questions: number;
  readonly unanswered: number;
  readonly slowestMs: number;
  /** How often the bot was killed because of its memory, and how often it ended at all. */
  readonly memoryKills: number;
  readonly exits: number;
  readonly logins: number;
  /** What was missed, as sentences. Empty if the bot kept every figure. */
  readonly missed: readonly string[];
  /** The last lines of the bot's log. */
  readonly lines: readonly string[];
}

/** Pairs a bot, floods it for so long while an ordinary person writes to it, and counts. */
export async function runFlood(flood: Flood, seconds: number): Promise<FloodResult> {
  await flood.prepare?.();
  const simulator = new SimulatedWhatsApp();
  await simulator.start();
  const meter = new TrafficMeter(simulator.url);
  await meter.start();
  const folder = mkdtempSync(join(tmpdir(), 'flood-'));
  const httpPort = await freePort();
  // Without it the bot can fetch no picture.
  const certificate = join(folder, '..', `${basename(folder)}.pem`);
  writeFileSync(certificate, simulator.media.identity.cert);
  const env = { LOG_LEVEL: 'warn', HTTP_PORT: String(httpPort), NODE_EXTRA_CA_CERTS: certificate };
  const bot = new BotProcess('perennial', folder, { url: meter.url, rootKey: simulator.rootKey }, env);
  const supervisor = new Supervisor(bot, MEMORY_BYTES);
  try {
    bot.start();
    await bot.pair(simulator);
    const person = simulator.addPerson({ addressing: 'mixed' });
    const { id } = await person.send('!ping');
    await person.waitForMessage(({ quotedId }) => quotedId === id, 30_000);
    supervisor.start();
    const before = { received: meter.received, sent: meter.sent, written: supervisor.figures.written };
    const ordinary = new OrdinaryPerson(person);
    const over = new AbortController();
    let alsoReceived = 0;
    const world = {
      simulator,
      httpPort,
      alsoReceived: (bytes: number) => {
        alsoReceived += bytes;
      },
    };
    const work = [flood.run(world, over.signal), ordinary.askUntil(over.signal)];
    await Promise.race([sleep(seconds * 1_000), Promise.all(work)]);
    over.abort();
    await Promise.all(work);
    await ordinary.settle();
    supervisor.stop();
    const { written, residentBytes, ...figures } = supervisor.figures;
    const result = {
      ...figures,
      ...ordinary.figures,
      residentPeakBytes: residentBytes,
      receivedBytes: meter.received - before.received + alsoReceived,
      // Everything else that it writes goes to WhatsApp.
      writtenBytes: Math.max(0, written - meter.sent),
      logins: simulator.counters.logins,
      lines: bot.lines.slice(-20),
    };
    return { ...result, missed: missedBy(result, flood) };
  } finally {
    supervisor.stop();
    await bot.end('SIGKILL');
    await simulator.stop();
    meter.stop();
    rmSync(folder, { recursive: true, force: true });
    rmSync(certificate, { force: true });
  }
}

export function missedBy(result: Omit<FloodResult, 'missed'>, flood: Pick<Flood, 'isHeavy'>): string[] {
  const { receivedBytes, writtenBytes } = result;
  const rules: ReadonlyArray<readonly [isMissed: boolean, sentence: string]> = [
    [result.memoryKills > 0, `It was killed ${result.memoryKills} times because of its memory.`],
    [result.exits > result.memoryKills, `It ended by itself ${result.exits - result.memoryKills} times.`],
    [result.unanswered > 0, `${result.unanswered} questions of the ordinary person got no answer.`],
    [result.slowestMs > SLOWEST_MS, `The slowest answer took ${result.slowestMs} ms.`],
    [
      flood.isHeavy && writtenBytes > WRITTEN_PER_RECEIVED * receivedBytes,
      `It wrote ${writtenBytes} bytes for ${receivedBytes} bytes received.`,
    ],
    [result.largestTableBytes > TABLE_BYTES, `A table had ${result.largestTableBytes} bytes.`],
  ];
  return rules.filter(([isMissed]) => isMissed).map(([, sentence]) => sentence);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
